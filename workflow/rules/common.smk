"""This checkout's packages, here and in the jobs; the checked configuration; what every rule is made of."""

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

ROOT = Path(workflow.basedir)

# The packages of this checkout, installed or not, and the python of this snakemake. Snakemake itself sets
# OMP_NUM_THREADS and its kin to the threads of each job. What a shell would read in a path cannot reach one: jobs are
# told by the environment.
sys.path.insert(0, str(ROOT / "src"))
for where, signs, reader in [(ROOT, ":\n", "Python's search path"), (Path.cwd(), "{", "Snakemake")]:
    if any(sign in str(where) for sign in signs):
        raise WorkflowError(
            f"{str(where)!r}: {reader} takes no folder with any of {signs!r} in its path; rename it"
        )
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    PYTHONPATH=os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]),
    PYTHONSAFEPATH="1",  # a package of the same name in the working directory is none of this checkout's
)

from sdglass.errors import InputError
from sdglass_study.archive import adopt
from sdglass_study.config import load_study
from sdglass.yaml_file import load_yaml
from sdglass_study.rules import Rules

try:
    # Snakemake has read them, and says nothing of a key that stands twice.
    for path in dict.fromkeys(map(str, workflow.configfiles)):
        load_yaml(path)
    if config.get("about"):  # a study of its own, without what config.yaml says of the paper's
        config.clear()
        update_config(config, workflow.config_settings.overwrite_config)
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
SNAKEFILE, *OVERLAYS = map(os.path.relpath, [ROOT / "Snakefile", *workflow.overwrite_configfiles])
OPTIONS = STUDY.options(OVERLAYS, GIVEN, SNAKEFILE)


def run(job):
    """The command of a rule that runs a module of sdglass_study.jobs."""
    return f"python -m sdglass_study.jobs {job} {{params.job:q}} {{params.files:q}} > {{log:q}} 2>&1"


wildcard_constraints:
    index=r"\d{3}",
    fold=r"\d+",
    name="[^/]+",
    model="[^/]+",
    quench="[^/]+",
    figure="[^/]+",


onstart:
    if not workflow.local_exec and set("\"'`$\\") & set(f"{ROOT}{Path.cwd()}"):
        raise WorkflowError(
            f"{str(ROOT)!r}, {os.getcwd()!r}: on a cluster a path has no quote, dollar or backslash"
        )
    if STUDY.device != "cpu":
        # Imported here alone: it imports torch, for seconds.
        from sdglass_study.devices import require_device

        try:
            require_device(STUDY.device, on_cluster=not workflow.local_exec)
        except InputError as error:
            raise WorkflowError(str(error)) from None
