"""The configuration of a study: typed, checked, with the paths of its files."""

from sdglass.registry import load_plugin
from sdglass_study.config.build import make_study
from sdglass_study.config.shortcuts import effective
from sdglass_study.config.study import Study

__all__ = ["Study", "load_study"]


def load_study(config, given=None):
    """Return the `Study` of a merged configuration; `given` is what the command line said of it.

    Raises
    ------
    InputError
        With one line per problem.
    """
    for plugin in config.get("plugins") or ():
        load_plugin(plugin)
    return make_study(effective(config, given))
