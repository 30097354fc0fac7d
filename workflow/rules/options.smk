# Config sections as the command-line options that several steps take.

import json
import re
import shlex

from sdglass.plotting.registry import FIGURES

THREADS = config["resources"]["threads"]
STRUCTURE = "--n-sites {n_sites} --box-length {box_length} --r-min {r_min}".format(**config["structure"])
DESCRIPTOR = json.dumps(config["descriptor"])
ELECTRONS = (
    f"--coupling {config['electrons']['coupling']} --filling {config['electrons']['filling']}"
    f" --electron-temperature {config['electrons']['temperature']}"
    f" --hopping {shlex.quote(json.dumps(config['electrons']['hopping']))}"
)
RELAXATION = (
    "--duration {duration} --damping {damping} --temperature {temperature} --time-step {time_step}".format(
        **config["dataset"]
    )
    + f" --integrator {config['integrator']}"
)

# Amorphous realizations. Their numbers key every random stream, so groups do not share any.
GROUPS = {
    "train": {"first": 0, "count": config["dataset"]["training_realizations"], "box": config["structure"]},
    "unseen": {"first": 1000, "count": config["dataset"]["unseen_realizations"], "box": config["structure"]},
    "large": {
        "first": 2000,
        "count": max(config["quench_large"]["realizations"], config["dataset"]["large_realizations"]),
        "box": config["quench_large"],
    },
}
SMALL, LARGE, FORCE_FIELD = config["quench_small"], config["quench_large"], config["force_field"]


def members(group, count=None):
    """Names of a group's realizations, for expand: ["train-000", "train-001", ...]."""
    count = GROUPS[group]["count"] if count is None else count
    return [f"{group}-{index:03d}" for index in range(count)]


def realization(wildcards):
    """Number of a realization in the whole study."""
    return GROUPS[wildcards.group]["first"] + int(wildcards.index)


def model_of(engine):
    """Model file of an engine name."""
    return f"{RESULTS}/models/{FORCE_FIELD['variant'] if engine == 'network' else engine}.safetensors"


def model_options(engine):
    """Command-line options that only networks need."""
    if engine != "network":
        return ""
    chosen = " ".join(map(str, FORCE_FIELD["members"]))
    return f"--members {chosen} --dtype {FORCE_FIELD['dtype']} --device {config['device']}"


def llg_options(ensemble, run):
    """Options of one run of an ensemble, as the quench steps take them."""
    chosen = ensemble["runs"][run]
    return (
        f"--replicas {ensemble['replicas']} --temperature {ensemble['temperature']}"
        f" --duration {chosen['duration']} --damping {chosen['damping']} --time-step {chosen['time_step']}"
        f" --integrator {config['integrator']}"
    )


def figure_files(name):
    """Raster and vector image of a figure."""
    return expand(f"{RESULTS}/figures/{name}.{{kind}}", kind=["png", "pdf"])


def made_by(rules):
    """Return outputs and command of all steps, for the report."""
    made = []
    for one in rules:
        outputs = [re.sub(r"\{(\w+),?[^}]*\}", r"{\1}", str(path)) for path in one.output]
        if outputs and one.shellcmd:
            outputs = [path.removeprefix(f"{RESULTS}/") for path in outputs]
            made.append(
                {
                    "rule": one.name,
                    "output": ", ".join(outputs),
                    "command": f"snakemake --cores N --until {one.name}",
                }
            )
    return made
