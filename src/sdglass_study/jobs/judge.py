"""Judge one model on all labelled configurations: its torque and energy errors, one by one, in a small file.

A network's training samples are predicted by a network that was trained on them, what was held out by one
that held it out, everything else by all of its networks and by their mean, the committee.
"""

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.descriptor_file import load_feature_maps
from sdglass.forcefields.behler_parrinello.folds import fold_splits, reduced_samples
from sdglass.forcefields.registry import load_model
from sdglass.progress import tracked
from sdglass.provenance import provenance
from sdglass.random_streams import generator
from sdglass.spins import torque
from sdglass_study.analysis import plain
from sdglass_study.model_errors import HISTOGRAM_EDGES, ModelErrors, SetErrors

TRAINING = "training"
PARITY_POINTS = 2000
DRIFT_CONFIGURATIONS = 20  # of each set, for the difference between single and double precision


def judged(study, model):
    """Return {set: entry of ``labels``} of what a model is judged on: ``training``, and what it was not fitted to.

    Labels of several entries are of several sizes, of which there is no error per site: they are no training set.
    """
    own = study.models[model].labels
    torque_errors = study.analysis.get("torque_errors")
    others = study.labels if torque_errors is None else torque_errors.labels
    return ({TRAINING: own[0]} if len(own) == 1 else {}) | {name: name for name in others if name not in own}


def inputs(study, model):
    """Return the fits of the model, the labels, and the cached descriptors of their structures."""
    sets = judged(study, model).values()
    caches = [
        path
        for name in sets
        for path in study.descriptors_of(model, study.labels[name].structures, range(study.labelled(name)))
    ]
    return {"models": study.fit_files(model), "labels": study.label_files(*sets), "descriptors": caches}


def settings(study, model):
    """Return which set each file of labels belongs to, and what the fits were told."""
    sets, entry = judged(study, model), study.models[model]
    shown = getattr(study.analysis.get("torque_errors"), "drawn", ())
    return {
        "name": model,
        "sets": [name for name, labels in sets.items() for _ in range(study.labelled(labels))],
        # Paper Fig. 3, of the models that it shows.
        "drawn": [TRAINING, *(name for name in sets if name != TRAINING)][:2] if model in shown else [],
        "fit": plain(entry.settings),
        "folds": list(entry.settings.folds),
        "dtype": entry.dtype,
        "device": study.device_of(model),
        "seed": study.seed,
    }


def modules(study, model):
    """Return the module of the kind of model."""
    return study.model_modules(model)


def run(inputs, outputs, settings):
    """Write the errors of a model.

    Parameters
    ----------
    inputs : dict
        ``models``: its fits, one per fold; ``labels``: files of labelled configurations; ``descriptors``: cached
        ones of their structures, or none.
    outputs : dict
        ``errors``: .h5
    settings : dict
        ``name`` of the model; ``sets``, the set of each file of labels; ``drawn``, sets whose torques are kept one
        by one and as a histogram; ``fit``, what the fit was told, and its ``folds``; ``dtype`` and ``device``, of
        networks; ``seed``.
    """
    models = [load_model(path) for path in inputs["models"]]
    is_network = "layers" in settings["fit"]
    options = {"dtype": settings["dtype"], "device": settings["device"]} if is_network else {}
    parts, drifts = {}, {}
    caches = inputs["descriptors"] or [None] * len(inputs["labels"])
    files = list(zip(inputs["labels"], caches, settings["sets"], strict=True))
    for path, cache, label in tracked(files, f"errors of {settings['name']}", "file"):
        data = LabelledConfigurations.load(path)
        maps = cache and load_feature_maps(cache, data.structure, models[0].descriptor)
        predictions = predict([model.on(data.structure, descriptor=maps, **options) for model in models], data)
        parts.setdefault(label, []).append(Judged(data, len(parts.get(label, [])), *predictions))
        if is_network and settings["dtype"] == "float32":
            count = -(-DRIFT_CONFIGURATIONS // settings["sets"].count(label))
            double = models[0].on(data.structure, descriptor=maps, device=settings["device"])
            drifts.setdefault(label, []).append(single_precision(data, predictions, double, count))
    lengths = [len(part.data) for part in parts.get(TRAINING, [])]
    info, samples = describe(models, inputs["models"], settings, lengths)
    sets = {}
    for label, whole in parts.items():
        if samples and label == TRAINING:
            for name, used in zip((TRAINING, "validation"), samples, strict=True):
                sets[name] = collect(name, [part.by_turns(used) for part in whole], settings)
        else:
            sets[label] = collect(label, whole, settings)
    record = provenance([*inputs["models"], *inputs["labels"]], dtype=settings["dtype"], seed=settings["seed"])
    drift = {label: summarize(some) for label, some in drifts.items()}
    ModelErrors(settings["name"], info, sets, drift, {"provenance": record}).save(outputs["errors"])


def predict(force_fields, data):
    """Return energies (M, C) [t0] and torques (M, C, N, 3) [t0] of M force fields on labelled configurations."""
    results = [force_field.evaluate(data.spins) for force_field in force_fields]
    energies = np.array([result.energy for result in results])
    return energies, np.array([torque(data.spins, result.field) for result in results])


class Judged:
    """Predictions of M networks, or of another model, for the realization `number` of a set.

    Energies (M, C') and torques (M, C', N, 3) are those of the configurations `chosen` (C',) of the data alone.
    """

    def __init__(self, data, number, energy, torque, chosen=None):
        self.data, self.number, self.energy, self.torque = data, number, energy, torque
        self.chosen = np.arange(len(data)) if chosen is None else chosen

    def by_turns(self, samples):
        """Return the configurations in one of `samples`, each predicted by one of the networks that it is for.

        Parameters
        ----------
        samples : list of numpy.ndarray, each (S, 2)
            For each network, (realization, configuration) of the samples it may be judged on. Where several
            may, they take turns.
        """
        allowed = np.zeros(self.energy.shape, bool)
        for member, some in enumerate(samples):
            allowed[member, some[some[:, 0] == self.number, 1]] = True
        counts = allowed.sum(0)
        chosen = np.flatnonzero(counts)
        first_allowed = np.argsort(~allowed, axis=0, kind="stable")
        member = first_allowed[chosen % counts[chosen], chosen]
        energy, torque = (values[member, chosen][None] for values in (self.energy, self.torque))
        return Judged(self.data, self.number, energy, torque, chosen)

    @property
    def torque_error(self):
        """Predicted minus exact torques (M, C', N, 3) [t0]."""
        return self.torque - self.data.torque[self.chosen]

    @property
    def energy_error(self):
        """Predicted minus exact energies (M, C') [t0]."""
        return self.energy - self.data.energy[self.chosen]


def describe(models, paths, settings, lengths):
    """Return what the model is, and the samples of (training, validation) of each network, None for other models.

    Networks that were trained on other samples than the settings say are refused.
    """
    fit, seed = settings["fit"], settings["seed"]
    names = ("protocol", "layers", "activation", "linear_term")
    info = {"folds": [], **{name: fit.get(name) for name in names}, "parameters": models[0].n_parameters}
    info["chirality"] = bool((fit.get("descriptor") or {}).get("chirality"))
    if info["layers"] is None:
        configurations = sum(lengths) or models[0].info.get("configurations")
        return info | {"realizations": len(lengths) or None, "configurations": configurations}, None
    splits = fold_splits(fit["protocol"], lengths, fit["n_folds"], seed)
    training, validation = [], []
    for path, model, fold in zip(paths, models, settings["folds"], strict=True):
        train, held_out = splits[fold]
        train = reduced_samples(train, fit["realizations"], fit["configurations"], seed)
        made = [model.info.get(name) for name in ("fold", "configurations", "validation")]
        if made != [fold, len(train), held_out.tolist()]:
            raise InputError(
                f"{path}: fold {made[0]}, trained on {made[1]} configurations that are not the {len(train)} of "
                f"fold {fold} of these labels, seed and settings; train it again"
            )
        training.append(train)
        validation.append(held_out)
    info["folds"] = list(settings["folds"])
    # Folds differ by one realization at most; the first one stands for them.
    info |= {"realizations": len(np.unique(training[0][:, 0])), "configurations": len(training[0])}
    return info, (training, validation)


def collect(label, parts, settings):
    """Return the `SetErrors` of a set from its realizations, a list of `Judged`."""
    times = [part.data.time for part in parts]
    latest = max((np.nanmax(time) for time in times if not np.isnan(time).all()), default=0.0)
    columns = {
        "realization": [np.full(len(part.chosen), part.number) for part in parts],
        "configuration": [part.chosen for part in parts],
        "time": [part.data.time[part.chosen] for part in parts],
        "signal": [np.square(part.data.torque[part.chosen]).mean((1, 2)) for part in parts],
        "torque_error": [np.square(part.torque_error).mean((2, 3)) for part in parts],
        "energy_error": [part.energy_error for part in parts],
    }
    if len(parts[0].energy) > 1:
        columns["committee_torque_error"] = [np.square(part.torque_error.mean(0)).mean((1, 2)) for part in parts]
        columns["committee_energy_error"] = [part.energy_error.mean(0) for part in parts]
        columns["spread"] = [part.torque.var(0, ddof=1).mean((1, 2)) for part in parts]
    arrays = {name: np.concatenate(values, axis=-1) for name, values in columns.items()}
    if label in settings["drawn"]:
        arrays |= _drawn(label, parts, settings["seed"])
    return SetErrors(parts[0].data.structure.n_sites, len(parts), float(latest), **arrays)


def _drawn(label, parts, seed):
    """Return the parity points and the histogram of the error, every network on its own."""
    outside = np.array([-np.inf, *HISTOGRAM_EDGES, np.inf])
    errors = [part.torque_error for part in parts]
    histogram = sum(np.histogram(error, outside)[0] for error in errors)
    points = []
    for part in parts:
        # All sets that the model was not fitted to have one key, on structures of their own.
        stream = generator(seed, f"parity {TRAINING if label == TRAINING else 'unseen'}", part.number)
        exact = part.data.torque[part.chosen].ravel()
        predicted = part.torque[part.number % len(part.torque)].ravel()  # the networks take turns
        some = stream.choice(exact.size, min(-(-PARITY_POINTS // len(parts)), exact.size), replace=False)
        points.append(np.stack([exact[some], predicted[some]], axis=1))
    mean = sum(error.sum() for error in errors) / sum(error.size for error in errors)
    return {"parity": np.concatenate(points), "histogram": histogram, "mean_error": float(mean)}


def single_precision(data, predictions, double, count):
    """Return squared and largest differences between the first network in single and in double precision.

    `predictions` are as from `predict`, in single precision; `count` configurations are compared, evenly chosen.
    """
    some = np.unique(np.linspace(0, len(data) - 1, count).astype(int))
    result = double.evaluate(data.spins[some])
    energy, torques = (values[0, some] for values in predictions)
    difference = torques - torque(data.spins[some], result.field)
    return {
        "squares": np.square(difference).sum(),
        "signal": np.square(data.torque[some]).sum(),
        "components": difference.size,
        "largest": np.abs(difference).max(),
        "energy": np.abs((energy - result.energy) / data.structure.n_sites).max(),
    }


def summarize(parts):
    """Return the numbers of float32.csv from the realizations of a set."""
    total = {name: sum(part[name] for part in parts) for name in ("squares", "signal", "components")}
    return {
        "torque_rms_difference": float(np.sqrt(total["squares"] / total["components"])),
        "torque_max_difference": float(max(part["largest"] for part in parts)),
        "torque_rms_difference_relative": float(np.sqrt(total["squares"] / total["signal"])),
        "energy_per_site_max_difference": float(max(part["energy"] for part in parts)),
    }
