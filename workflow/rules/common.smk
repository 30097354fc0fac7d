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
from sdglass.errors import InputError
from sdglass.overrides import study_config, sweep_members

# Read again, file by file: `--config filling=0.25` stands for several keys and for another name of the study.
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
GIVEN = dict(workflow.config_settings.config)
CONFIG_FILES = [os.path.relpath(path) for path in workflow.overwrite_configfiles]
if not workflow.config_settings.replace_workflow_config:
    CONFIG_FILES.insert(0, "config.yaml")
try:
    found = study_config(CONFIG_FILES, GIVEN, SCHEMA)
    SWEEP, SWEEP_MEMBERS = sweep_members(CONFIG_FILES, GIVEN, SCHEMA)
except InputError as error:
    raise WorkflowError(str(error)) from None
config.clear()
config.update(found)
config.pop("sweep", None)

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
