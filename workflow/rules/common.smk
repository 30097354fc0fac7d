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

from sdglass_study.code_digest import library_modules
from sdglass.errors import InputError
from sdglass_study.handover import decode_study, encode_study
from sdglass_study.overrides import study_config, sweep_members

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
HANDED_ON = "SDGLASS_STUDY"


def gpus_given():
    """Whether jobs may use GPUs of this machine: what the profile for GPUs says.

    With a resource: a `config` in a profile would give way to any --config on the command line.
    """
    gpus = workflow.global_resources.get("gpu").value
    if gpus is None and "gpu" in workflow.resource_settings.overwrite_resource_scopes:
        raise InputError(
            "--resources on the command line replaces that of workflow/profiles/gpu; expected gpu=1 among it (the jobs"
            " that may use a GPU at a time), or gpu=0 for none"
        )
    return bool(gpus)


def read_study():
    """Return the configuration, what the command line said, and the sweep that is asked for.

    Read again, file by file: `--config filling=0.25` stands for several keys and for another name of the study.
    """
    files = [os.path.relpath(path) for path in workflow.overwrite_configfiles]
    if not workflow.config_settings.replace_workflow_config:
        files.insert(0, "config.yaml")
    given = dict(workflow.config_settings.config)
    if gpus_given():
        given.setdefault("device", "cuda")
    found = study_config(files, given, SCHEMA)
    found.pop("sweep", None)
    chosen, studies = sweep_members(files, given, SCHEMA)
    return {"config": found, "given": given, "sweep": chosen, "sweep_members": studies}


# Jobs take over what the snakemake that submits them has read: the files may have been edited since. (The job of a
# sweep starts studies with jobs of their own.)
try:
    if workflow.is_main_process:
        STUDY = read_study()
        os.environ.update({HANDED_ON: encode_study(STUDY)})
    else:
        STUDY = decode_study(os.environ.get(HANDED_ON), HANDED_ON)
except InputError as error:
    raise WorkflowError(str(error)) from None


envvars:
    HANDED_ON,


config.clear()
config.update(STUDY["config"])
GIVEN, SWEEP, SWEEP_MEMBERS = STUDY["given"], STUDY["sweep"], STUDY["sweep_members"]
RESULTS = f"results/{config['study']}"


def code(name):
    """Return the source files, relative to the working directory, that a step or a module of sdglass runs.

    `name` is that of a step ("dataset") or a dotted one ("sdglass_study.figures.fig2").
    """
    dotted = name if "." in name else f"sdglass_study.jobs.{name}"
    try:
        return [os.path.relpath(path) for path in library_modules(dotted)]
    except InputError as error:
        raise WorkflowError(str(error)) from None
