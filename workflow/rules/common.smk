"""Shared by all stages: this checkout's library, the checked configuration, the code that a step runs."""

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
SOURCE = ROOT / "src"

# The library of this checkout, installed or not, here and in the jobs: the files that `code` lists as inputs
# are then those that run. So is the python of this snakemake, unless a conda environment is activated on top.
# Snakemake itself sets OMP_NUM_THREADS and its kin to the threads of each job.
sys.path.insert(0, str(SOURCE))
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))
shell.prefix(f'set -euo pipefail; export PYTHONPATH="{SOURCE}${{{{PYTHONPATH:+:$PYTHONPATH}}}}"; ')

from sdglass.codemap import library_modules
from sdglass.config import remove_nulls, validate_config
from sdglass.errors import InputError

try:
    remove_nulls(config)
    validate_config(config, ROOT / "workflow" / "schemas" / "config.schema.yaml")
except InputError as error:
    raise WorkflowError(str(error)) from None

RESULTS = f"results/{config['study']}"


def code(name):
    """Return the source files, relative to the working directory, that a step or a module of sdglass runs.

    `name` is that of a step ("dataset") or a dotted one ("sdglass.plotting.fig2").
    """
    dotted = name if name.startswith("sdglass.") else f"sdglass.steps.{name}"
    try:
        return [os.path.relpath(path) for path in library_modules(dotted)]
    except InputError as error:
        raise WorkflowError(str(error)) from None
