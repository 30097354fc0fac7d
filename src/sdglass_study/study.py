"""What a configuration asks for: realizations, models, ensembles, and the recipe of each expensive file.

A recipe is a digest of everything in the configuration that a file depends on, its inputs' recipes included.
It says whether a result that was computed earlier, elsewhere, is still the one that is asked for, without
the intermediate files it was made from. The code is not part of it: that a result was made by an older
commit, which its provenance names, does not make it wrong.
"""

import hashlib
import json

from sdglass_study.config import trained_folds, variant_settings

LINEAR_MODELS = ("pair", "linear")
LOCATOR = "locator"
# First numbers of the realizations, which key every random stream, so that groups share none.
FIRST = {"train": 0, "unseen": 1000, "large": 2000, "transfer": 3000, "descent": 50000, "sized": 70000}

# Tables on the locator force field; they need its labelled sets.
LOCATOR_TABLES = ("locator_errors", "locator_ablation", "locator_learning", "locator_precision")

# Tables on its quenches, made from kept observables.
LOCATOR_QUENCH = ("locator_quench", "locator_quench_difference", "locator_quench_correlation")

# Tables that need the intermediate files, or minutes; the others are made from kept results in seconds.
SLOW_TABLES = (
    "fig2_density_of_states",
    "electrons",
    "two_site",
    "rkky",
    "fig1_neighbourhood",
    "couplings",
    "time_step",
    "learning_curves",
    "training",
    "spins3d",
)

# Tables that are made from kept errors and observables in seconds.
FAST_TABLES = (
    *("models", "torque_errors", "committee", "error_along_quench", "fig3_parity", "fig3_histogram", "float32"),
    *("paired", "fig4_correlation", "fig4_difference", "fig4_events", "fig5_length", "fig5_fits"),
    *("fig5_correlation", "large_difference", "large_paired", "psi_multiverse", "psi_units", "freezing"),
    *("disconnected", "descriptor"),
)


def realization_groups(config):
    """Return {group: {"first", "count", "box"}} of the atomic realizations.

    ``box`` holds ``n_sites`` and ``box_length``; ``first`` is the number of realization 0 in the whole study.
    """
    dataset, large = config["dataset"], config["quench_large"]
    small_box = _box(config["structure"])
    groups = {
        "train": {"first": FIRST["train"], "count": dataset["training_realizations"], "box": small_box},
        "unseen": {"first": FIRST["unseen"], "count": dataset["unseen_realizations"], "box": small_box},
        "large": {
            "first": FIRST["large"],
            "count": max(large["realizations"], dataset["large_realizations"]),
            "box": _box(large),
        },
    }
    for number, (name, one) in enumerate(sorted(dataset["transfer"].items())):
        groups[name] = {"first": FIRST["transfer"] + 1000 * number, "count": one["realizations"], "box": _box(one)}
    sized = {run: one for run, one in locator_quenches(config).items() if "n_sites" in one}
    for number, (run, one) in enumerate(sorted(sized.items())):
        count = ensemble_run(config, "large", run)["realizations"]
        first = FIRST["sized"] + 1000 * number
        groups[large_group(config, run)] = {"first": first, "count": count, "box": _box(one)}
    for number, (name, one) in enumerate(sorted(descent_sets(config).items())):
        groups[name] = {"first": FIRST["descent"] + 1000 * number, "count": one["realizations"], "box": _box(one)}
    return groups


def has_locator(config):
    """Return whether the study has the locator force field: its section, and electrons at half filling."""
    return "locator" in config and config["electrons"]["filling"] == 0.5


def descent_sets(config, trained=None):
    """Return {group: settings} of the random and descended states, all or by whether they are trained on."""
    if not has_locator(config):
        return {}
    sets = {f"descent-{name}": one for name, one in config["locator"]["sets"].items()}
    return {name: one for name, one in sets.items() if trained is None or one["trained"] == trained}


def transfer_sets(config):
    """Return {group: {"realizations", "random", "relaxed"}} of the labelled sets of other sizes."""
    dataset = config["dataset"]
    large = {key: dataset[f"large_{key}"] for key in ("realizations", "random", "relaxed")}
    others = {name: {key: one[key] for key in large} for name, one in sorted(dataset["transfer"].items())}
    return {"large": large, **others}


def locator_rivals(config):
    """Return the models that are judged beside the locator force field, which is the last of them.

    The networks are the one that drives the quenches and the first of the variants, the paper's.
    """
    networks = [config["force_field"]["variant"], next(iter(config["network"]["variants"]))]
    return [*LINEAR_MODELS, *dict.fromkeys(networks), LOCATOR]


def single_model(config, name):
    """Return the path below results/<study> of a model, or of the first network of a variant's committee."""
    if name in (*LINEAR_MODELS, LOCATOR):
        return f"models/{name}.safetensors"
    return f"training/{name}/fold-{trained_folds(config['network'], name)[0]}.safetensors"


def quench_sets(config):
    """Return {group: number of realizations} of the unseen labelled sets that hold states of quenches."""
    sets = {"unseen": config["dataset"]["unseen_realizations"]}
    return sets | {group: one["realizations"] for group, one in transfer_sets(config).items()}


def model_names(config):
    """Return the names of all models of the study."""
    return [*LINEAR_MODELS, *config["network"]["variants"]]


def engine_model(config, engine):
    """Return the model that an engine's name stands for, or None for exact diagonalization."""
    if engine == "exact":
        return None
    return config["force_field"]["variant"] if engine == "network" else engine


def engine_members(config, engine):
    """Return the members of a committee that an engine uses: those of force_field, or else the first."""
    return config["force_field"]["members"] if engine == "network" else [0]


def film_engine(config):
    """Return the engine of the quench that is shown: the cheapest accurate one of the study."""
    return LOCATOR if has_locator(config) else "network"


def ensemble_run(config, ensemble, run):
    """Return the settings of a run of ``"small"`` or ``"large"``, with replicas, realizations, temperature."""
    section = config[f"quench_{ensemble}"]
    count = config["dataset"]["unseen_realizations"] if ensemble == "small" else section["realizations"]
    common = {"replicas": section["replicas"], "temperature": section["temperature"], "realizations": count}
    return common | (section["runs"] if ensemble == "small" else large_runs(config))[run]


def large_group(config, run):
    """Return the group of realizations that a large run is on: ``large``, or its own if it is of another size."""
    return f"large-{run}" if "n_sites" in large_runs(config)[run] else "large"


def locator_quenches(config):
    """Return {run: settings} of the large quenches with the locator force field; none without it."""
    quenches = config["locator"]["quenches"] if has_locator(config) else {}
    return {run: {"engine": LOCATOR} | one for run, one in quenches.items()}


def large_runs(config):
    """Return {run: settings} of all large quenches.

    The study of the paper rests on those of ``quench_large``; what a better force field changes is compared apart.
    """
    return config["quench_large"]["runs"] | locator_quenches(config)


class Recipes:
    """The recipes of a configuration's files, each a short hexadecimal digest.

    Parameters
    ----------
    config : dict
        A valid configuration.
    """

    def __init__(self, config):
        self.config = config
        self.groups = realization_groups(config)

    def structure(self, group, index):
        """Return the recipe of an atomic realization."""
        return _digest(
            "structure",
            seed=self.config["seed"],
            box=self.groups[group]["box"],
            r_min=self.config["structure"]["r_min"],
            realization=self.groups[group]["first"] + int(index),
        )

    def dataset(self, group, index):
        """Return the recipe of a realization's labels."""
        dataset = self.config["dataset"]
        keys = ["duration", "damping", "temperature", "time_step"]
        parts = {"structure": self.structure(group, index), "seed": self.config["seed"], **self._physics()}
        if group in descent_sets(self.config):
            keys = []
            del parts["integrator"]  # a descent is no dynamics
            parts["descent"] = self.config["locator"]["descent"]
            parts["configurations"] = descent_sets(self.config)[group]["configurations"]
        elif group in ("train", "unseen"):
            keys += ["random", "relaxations", "snapshots"]
        else:
            parts["set"] = transfer_sets(self.config)[group]
            parts["driver"] = self.linear_model("pair")
        return _digest("dataset", **parts, **{key: dataset[key] for key in keys})

    def training_data(self):
        """Return the recipe of the training set as a whole."""
        count = self.groups["train"]["count"]
        return _digest("training data", parts=[self.dataset("train", index) for index in range(count)])

    def linear_model(self, kind):
        """Return the recipe of a least-squares model."""
        return _digest(
            "linear model",
            kind=kind,
            data=self.training_data(),
            descriptor=self.config["descriptor"],
            ridge=self.config["linear_model"]["ridge"],
        )

    def locator(self):
        """Return the recipe of the locator force field."""
        settings = {
            key: value
            for key, value in self.config["locator"].items()
            if key not in ("descent", "sets", "quenches")
        }
        return _digest("locator", settings=settings, data=self._descents(trained=True))

    def training(self, variant, fold):
        """Return the recipe of the network of one fold."""
        network = self.config["network"]
        settings = {k: v for k, v in variant_settings(network, variant).items() if k != "trained"}
        return _digest(
            "training",
            data=self.training_data(),
            descriptor=self.config["descriptor"],
            ridge=self.config["linear_model"]["ridge"],
            settings=settings,
            folds=network["folds"],
            fold=int(fold),
            seed=self.config["seed"],
        )

    def model(self, name):
        """Return the recipe of a model file: a least-squares model, or the committee of a variant."""
        if name in LINEAR_MODELS:
            return self.linear_model(name)
        if name == LOCATOR:
            return self.locator()
        folds = trained_folds(self.config["network"], name)
        return _digest("committee", members=[self.training(name, fold) for fold in folds])

    def errors(self, model):
        """Return the recipe of a model's errors on all labelled sets."""
        judged = [("train", self.groups["train"]["count"]), ("unseen", self.groups["unseen"]["count"])]
        judged += [(name, one["realizations"]) for name, one in transfer_sets(self.config).items()]
        return _digest(
            "errors",
            model=self.model(model),
            data=[[self.dataset(group, index) for index in range(count)] for group, count in judged],
        )

    def quench(self, ensemble, run, engine, index):
        """Return the recipe of what is observed on the quenches of one realization."""
        group = "unseen" if ensemble == "small" else large_group(self.config, run)
        settings = ensemble_run(self.config, ensemble, run)
        model = engine_model(self.config, engine)
        parts = {key: settings[key] for key in ("damping", "duration", "time_step", "replicas", "temperature")}
        if model is not None:
            parts["model"] = self._engine_recipe(engine)
        return _digest(
            "quench",
            engine=engine,
            structure=self.structure(group, index),
            bin_width=self.config["analysis"]["bin_width"],
            seed=self.config["seed"],
            **parts,
            **self._physics(),
        )

    def table(self, name):
        """Return the recipe of one of `SLOW_TABLES`."""
        config, seed = self.config, self.config["seed"]
        packing = {"box": _box(config["structure"]), "r_min": config["structure"]["r_min"], "seed": seed}
        count = self.groups["unseen"]["count"]
        trainings = [
            self.training(variant, fold)
            for variant in config["network"]["variants"]
            for fold in trained_folds(config["network"], variant)
        ]
        parts = {
            "learning_curves": lambda: {"trainings": trainings},
            "training": lambda: {"trainings": trainings},
            "fig2_density_of_states": lambda: packing | {"dos": config["density_of_states"]},
            "electrons": lambda: packing | {"dos": config["density_of_states"]},
            "two_site": dict,
            "rkky": lambda: packing | {"rkky": config["rkky"]},
            "fig1_neighbourhood": lambda: {
                "data": self.dataset("unseen", 0),
                "cutoff": config["descriptor"]["cutoff"],
            },
            "couplings": lambda: {
                "data": [self.dataset("unseen", index) for index in range(count)],
                "models": [self.model(name) for name in (*LINEAR_MODELS, config["force_field"]["variant"])],
                "bin_width": config["analysis"]["bin_width"],
            },
            "time_step": lambda: {
                "structure": self.structure("unseen", 0),
                "model": self.linear_model("pair"),
                "test": config["time_step_test"],
                "seed": seed,
            },
            "spins3d": lambda: {
                "structure": self.structure("unseen", 0),
                "model": self._engine_recipe(film_engine(config)),
                "film": config["film"],
                "integrator": config["integrator"],
                "seed": seed,
            },
        }
        return _digest("table", name=name, electrons=config["electrons"], **parts[name]())

    def locator_table(self, name):
        """Return the recipe of one of `LOCATOR_TABLES`."""
        if name == "locator_precision":
            sites = [self.structure(group, 0) for group in descent_sets(self.config, trained=False)]
            run = {key: self.config["dataset"][key] for key in ("duration", "time_step")}
            seed = self.config["seed"]
            return _digest("locator table", name=name, locator=self.locator(), sites=sites, run=run, seed=seed)
        if name != "locator_errors":
            settings = {key: self.config[key] for key in ("descriptor", "linear_model")}
            data = [self._descents(trained=True), self._descents(trained=False)]
            return _digest("locator table", name=name, locator=self.locator(), data=data, settings=settings)
        return _digest(
            "locator table",
            name=name,
            data=self._descents(trained=False),
            quenches=[
                self.dataset(group, index)
                for group, count in quench_sets(self.config).items()
                for index in range(count)
            ],
            models=[self.kept()[single_model(self.config, name)] for name in locator_rivals(self.config)],
        )

    def _descents(self, trained):
        """Return the recipes of the labels that the locator force field is fitted to, or judged on."""
        return [
            self.dataset(group, index)
            for group, one in sorted(descent_sets(self.config, trained).items())
            for index in range(one["realizations"])
        ]

    def tables(self):
        """Return {path below results/<study>: recipe} of the slow tables, those on the locator included."""
        tables = {f"tables/{name}.csv": self.table(name) for name in SLOW_TABLES}
        if has_locator(self.config):
            tables |= {f"tables/{name}.csv": self.locator_table(name) for name in LOCATOR_TABLES}
        return tables

    def study(self):
        """Return the recipe of the study as a whole: the configuration, but for how it is computed."""
        return _digest(
            "study",
            **{key: value for key, value in self.config.items() if key not in ("resources", "device", "sweep")},
        )

    def kept(self):
        """Return {path below results/<study>: recipe} of everything that is kept and expensive to make again.

        Tables and what is drawn from them are not among them: their names are the workflow's.
        """
        network = self.config["network"]
        paths = {f"models/{kind}.safetensors": self.linear_model(kind) for kind in LINEAR_MODELS}
        if has_locator(self.config):
            paths[f"models/{LOCATOR}.safetensors"] = self.locator()
        for variant in network["variants"]:
            paths[f"models/{variant}.safetensors"] = self.model(variant)
            for fold in trained_folds(network, variant):
                recipe = self.training(variant, fold)
                paths |= {f"training/{variant}/fold-{fold}.{kind}": recipe for kind in ("safetensors", "csv")}
        paths |= {f"errors/{model}.h5": self.errors(model) for model in model_names(self.config)}
        for run in self.config["quench_small"]["runs"]:
            for engine in self.config["quench_small"]["engines"]:
                for index in range(ensemble_run(self.config, "small", run)["realizations"]):
                    path = f"observables/small-{run}/{engine}/{index:03d}.h5"
                    paths[path] = self.quench("small", run, engine, index)
        for run, settings in large_runs(self.config).items():
            for index in range(ensemble_run(self.config, "large", run)["realizations"]):
                path = f"observables/large-{run}/{index:03d}.h5"
                paths[path] = self.quench("large", run, settings["engine"], index)
        return paths

    def _engine_recipe(self, engine):
        """Return what a trained engine's fields are made of: a model, or the members of a committee."""
        model = engine_model(self.config, engine)
        return self.model(model) if model in LINEAR_MODELS else self._members(engine, model)

    def _members(self, engine, variant):
        if variant == LOCATOR:
            return [self.config["force_field"]["dtype"], self.locator()]
        folds = trained_folds(self.config["network"], variant)
        chosen = [folds[member] for member in engine_members(self.config, engine)]
        return [self.config["force_field"]["dtype"], [self.training(variant, fold) for fold in chosen]]

    def _physics(self):
        return {"electrons": self.config["electrons"], "integrator": self.config["integrator"]}


def _box(section):
    return {"n_sites": section["n_sites"], "box_length": section["box_length"]}


def _digest(product, /, **parts):
    text = json.dumps([product, parts], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
