"""``python -m sdglass_study.jobs NAME JSON OUTPUTS [PLUGINS]``: run a job; bad input: one line, exit status 2."""

import json
import sys
from importlib import import_module
from inspect import signature

from sdglass.cli.streams import reader_may_leave
from sdglass.errors import InputError
from sdglass.registry import load_plugin


def main(name, job, outputs="{}", *plugins):
    """Run the job of a module of this package.

    Parameters
    ----------
    name : str
    job : str
        JSON of ``inputs``, ``settings`` and ``code``, as `sdglass_study.rules.Rules` makes it.
    outputs : str
        JSON of {name: path}.
    *plugins : str
        A user's own Python files, which register what the job uses.
    """
    try:
        with reader_may_leave():
            told = json.loads(job)
            for plugin in plugins:
                load_plugin(plugin)
            module = import_module(f"sdglass_study.jobs.{name}")
            parts = told.get("inputs", {}), json.loads(outputs), told.get("settings", {})
            # The digest of the code is part of what a checkpoint belongs to.
            module.run(
                *parts, **({"code": told.get("code", "")} if "code" in signature(module.run).parameters else {})
            )
    except (InputError, OSError) as error:  # the system's own name a file: a full disk, no permission
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
