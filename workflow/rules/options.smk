# Config sections as the command-line options that several steps take.

import json
import re
import shlex

from sdglass_study.comparisons import comparisons
from sdglass_study.config import trained_folds, variant_settings
from sdglass_study.overrides import assignments
from sdglass_study.figures.registry import study_figures
from sdglass_study.study import (
    LINEAR_MODELS,
    LOCATOR,
    LOCATOR_QUENCH,
    LOCATOR_TABLES,
    SLOW_TABLES,
    Recipes,
    descent_sets,
    engine_members,
    engine_model,
    ensemble_run,
    film_engine,
    has_locator,
    large_group,
    large_runs,
    locator_quenches,
    locator_rivals,
    model_names,
    quench_sets,
    realization_groups,
    single_model,
    transfer_sets,
)

THREADS = config["resources"]["threads"]
CORES = workflow.resource_settings.cores
if CORES and CORES < THREADS:
    # Snakemake would give a job fewer threads than it asks for, and sums of other threads round differently.
    raise WorkflowError(
        f"--cores {CORES} is less than resources.threads = {THREADS} of the configuration, on which results may "
        f"depend in their last digits; give at least --cores {THREADS}"
    )
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

GROUPS = realization_groups(config)
TRANSFER = transfer_sets(config)
RECIPES = Recipes(config)
NETWORK, DATASET, FORCE_FIELD = config["network"], config["dataset"], config["force_field"]
SMALL, LARGE = config["quench_small"], config["quench_large"]
VARIANTS = {name: variant_settings(NETWORK, name) for name in NETWORK["variants"]}
FOLDS = {name: trained_folds(NETWORK, name) for name in VARIANTS}
MODELS = model_names(config)
COMPARISONS = comparisons(config)
FIGURES = study_figures([*COMPARISONS, *([LOCATOR] if has_locator(config) else [])])


def members(group, count=None):
    """Names of a group's realizations, for expand: ["train-000", "train-001", ...]."""
    count = GROUPS[group]["count"] if count is None else count
    return [f"{group}-{index:03d}" for index in range(count)]


def realization(wildcards):
    """Number of a realization in the whole study."""
    return GROUPS[wildcards.group]["first"] + int(wildcards.index)


def model_of(engine):
    """Model file of an engine name: of a network that acts alone, that of its fold."""
    name, chosen = engine_model(config, engine), engine_members(config, engine)
    if name in VARIANTS and len(chosen) == 1:
        return f"{RESULTS}/training/{name}/fold-{FOLDS[name][chosen[0]]}.safetensors"
    return f"{RESULTS}/models/{name}.safetensors"


def features_of(engine, name):
    """Cached descriptor of a structure, for an engine that has one."""
    return [] if engine_model(config, engine) == LOCATOR else f"{RESULTS}/features/{name}.h5"


def model_options(engine, dtype=FORCE_FIELD["dtype"]):
    """Command-line options that networks and the locator force field need."""
    if engine_model(config, engine) == LOCATOR:
        return f"--dtype {dtype}"
    if engine_model(config, engine) not in VARIANTS:
        return ""
    chosen = engine_members(config, engine)
    chosen = " ".join(map(str, chosen if len(chosen) > 1 else [0]))
    return f"--members {chosen} --dtype {dtype} --device {config['device']}"


def llg_options(ensemble, run):
    """Options of a run of the ensemble "small" or "large", as the quench steps take them."""
    chosen = ensemble_run(config, ensemble, run)
    return (
        f"--replicas {chosen['replicas']} --temperature {chosen['temperature']}"
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


NETWORK_KEYS = ("layers", "activation", "linear_term")
TRAINING_KEYS = (
    "torque_weight",
    "energy_weight",
    "learning_rate",
    "schedule",
    "batch",
    "epochs",
    "patience",
)
# Every model is judged on the same files, in this order.
JUDGED = members("train") + members("unseen")
SETS = ["training"] * len(members("train")) + ["unseen"] * len(members("unseen"))
for group, one in TRANSFER.items():
    JUDGED += members(group, one["realizations"])
    SETS += [group] * one["realizations"]


def chosen_settings(variant, keys):
    """Some of a variant's settings, as JSON."""
    return json.dumps({key: VARIANTS[variant][key] for key in keys})


def model_parts(model):
    """The networks of a variant's folds, which need no committee to be judged, or the file of a linear model."""
    if model not in VARIANTS:
        return [f"{RESULTS}/models/{model}.safetensors"]
    return [f"{RESULTS}/training/{model}/fold-{fold}.safetensors" for fold in FOLDS[model]]


def data_options(variant):
    """What part of the training set a variant uses."""
    used = [(key, VARIANTS[variant].get(key)) for key in ("realizations", "configurations")]
    return " ".join(f"--{key} {value}" for key, value in used if value is not None)


def large_member(w):
    """The realization of a large run, as in the names of structures and features."""
    return f"{large_group(config, w.run)}-{w.index}"


def large_observables(runs):
    """What is observed on the quenches of some large runs."""
    return [
        f"{RESULTS}/observables/large-{run}/{index:03d}.h5"
        for run in runs
        for index in range(ensemble_run(config, "large", run)["realizations"])
    ]


def film_inputs(name):
    """An input of what shows the quench: the trajectory, and what its local energies need."""
    return {
        "trajectory": f"{RESULTS}/trajectories/film.h5",
        "structure": f"{RESULTS}/structures/{FILM_SITES}.npz",
        "model": model_of(FILM_ENGINE),
        "features": features_of(FILM_ENGINE, FILM_SITES),
    }[name]


def shown(w, input):
    """Options of the steps that show the quench."""
    features = f" --features {input.features}" if input.features else ""
    return f"--trajectory {input.trajectory} --structure {input.structure} --model {input.model}{features}"


def study_options(overlays):
    """The options of snakemake that make this configuration of overlays and of what the command line said."""
    said = assignments({name: value for name, value in GIVEN.items() if name != "sweep"})
    options = [("--configfile", overlays), ("--config", said)]
    return shlex.join(word for option, words in options if words for word in (option, *words))


def shown_options():
    """The same for the commands in the report: overlays outside the folder by file name."""
    paths = [Path(path).resolve() for path in workflow.overwrite_configfiles]
    return study_options(
        [str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name for path in paths]
    )
