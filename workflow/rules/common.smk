"""This checkout's packages, here and in the jobs; the checked configuration; what every rule is made of."""

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)

# The packages of this checkout, installed or not, and the python of this snakemake. Snakemake itself sets
# OMP_NUM_THREADS and its kin to the threads of each job.
sys.path.insert(0, str(ROOT / "src"))
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))
shell.prefix(f'set -euo pipefail; export PYTHONPATH="{ROOT}/src${{{{PYTHONPATH:+:$PYTHONPATH}}}}"; ')

from sdglass.errors import InputError
from sdglass_study.archive import adopt
from sdglass_study.config import load_study
from sdglass_study.config.yaml_file import load_yaml
from sdglass_study.rules import Rules

try:
    # Snakemake has read them, and says nothing of a key that stands twice.
    for path in dict.fromkeys(map(str, workflow.configfiles)):
        load_yaml(path)
    # The profile for GPUs says so with a resource: a `config` in a profile would give way to any --config.
    GPU = {"device": "cuda"} if workflow.global_resources.get("gpu").value else {}
    SWEEP = config.pop("sweep", None)
    GIVEN = workflow.config_settings.config
    STUDY = load_study({**config, **GPU, **{key: GIVEN[key] for key in GPU if key in GIVEN}}, GIVEN)
    if workflow.is_main_process:
        adopt(STUDY.folder, STUDY.config)
except InputError as error:
    raise WorkflowError(str(error)) from None

RULES, CORES = Rules(STUDY), workflow.resource_settings.cores or 1
FOLDER, LOGS, TIMES = STUDY.folder, f"{STUDY.folder}/logs", f"{STUDY.folder}/benchmarks"
OPTIONS = STUDY.options([os.path.relpath(path) for path in workflow.overwrite_configfiles], GIVEN)


def run(job):
    """The command of a rule that runs a module of sdglass_study.jobs."""
    return f"python -m sdglass_study.jobs {job} {{params.job:q}} {{params.files:q}} > {{log}} 2>&1"


wildcard_constraints:
    index=r"\d{3}",
    fold=r"\d+",
    name="[^/]+",
    model="[^/]+",
    quench="[^/]+",
    figure="[^/]+",


onstart:
    if STUDY.device != "cpu":
        # Imported here alone: it imports torch, for seconds.
        from sdglass_study.devices import require_device

        try:
            require_device(STUDY.device, on_cluster=not workflow.local_exec)
        except InputError as error:
            raise WorkflowError(str(error)) from None
