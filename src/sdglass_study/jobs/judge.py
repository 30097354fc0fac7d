"""Judge one model on all labelled configurations: its torque and energy errors, one by one, in a small file.

    python -m sdglass_study.jobs.model_errors --name bond --models fold-0.safetensors fold-1.safetensors ...

A network's training samples are predicted by a network that was trained on them, what was held out by one
that held it out, everything else by all of its networks and by their mean, the committee.
"""

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.descriptor_file import load_feature_maps
from sdglass.forcefields.behler_parrinello.training_set import fold_splits, reduced_samples
from sdglass.forcefields.loading import DTYPES, load_force_field
from sdglass.forcefields.model_file import TrainedModel
from sdglass.progress import tracked
from sdglass.provenance import provenance
from sdglass.random_streams import generator
from sdglass.spins import torque
from sdglass_study.jobs.arguments import run, step_parser, threads_from_environment, use_threads
from sdglass_study.model_errors import HISTOGRAM_EDGES, ModelErrors, SetErrors

PARITY_POINTS = 2000
# Sets whose torques are drawn one by one and as a histogram (paper Fig. 3).
DRAWN = ("training", "unseen")
DRIFT_CONFIGURATIONS = 20  # of each set, for the difference between single and double precision


def main():
    """Write the errors."""
    parser = step_parser(__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--models", nargs="+", required=True, help="a linear model, or the networks of all folds")
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--features", nargs="+", required=True)
    parser.add_argument("--sets", nargs="+", required=True, help="set of each dataset: training, unseen, ...")
    parser.add_argument("--realizations", type=int, help="training realizations that it used; all if not given")
    parser.add_argument("--configurations", type=int, help="configurations used of each; all if not given")
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help="arithmetic of networks")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", default="", help="digest of what the result depends on, kept with it")
    parser.add_argument("--out", required=True, help="errors .h5")
    args = parser.parse_args()
    use_threads(threads_from_environment())
    models = [TrainedModel.load(path) for path in args.models]
    parts, drifts, lengths, place = {}, {}, [], {}
    judged_files = list(zip(args.data, args.features, args.sets, strict=True))
    for data_path, features, label in tracked(judged_files, f"errors of {args.name}", "dataset"):
        data = LabelledConfigurations.load(data_path)
        maps = load_feature_maps(features, data.structure, models[0].functions)
        engines = [
            load_force_field(path, data.structure, data.model, maps=maps, dtype=args.dtype, device=args.device)
            for path in args.models
        ]
        judged = predict(engines, data)
        number = place[label] = place.get(label, -1) + 1
        parts.setdefault(label, []).append(Judged(data, number, *judged))
        if label == "training":
            lengths.append(len(data))
        if models[0].networks and args.dtype == "float32":
            count = -(-DRIFT_CONFIGURATIONS // args.sets.count(label))
            double = load_force_field(args.models[0], data.structure, data.model, maps=maps, device=args.device)
            drifts.setdefault(label, []).append(single_precision(data, judged, double, count))
    info, samples = describe(args, models, lengths)
    sets = {}
    for label, whole in parts.items():
        if samples and label == "training":
            for name, used in zip(("training", "validation"), samples, strict=True):
                sets[name] = collect(name, [one.by_turns(used) for one in whole], args.seed)
        else:
            sets[label] = collect(label, whole, args.seed)
    record = provenance([*args.models, *args.data, *args.features], dtype=args.dtype, seed=args.seed)
    drift = {label: summarize(some) for label, some in drifts.items()}
    ModelErrors(args.name, info, sets, drift, {"recipe": args.recipe, "provenance": record}).save(args.out)


def predict(engines, data):
    """Return energies (M, C) [t0] and torques (M, C, N, 3) [t0] of M engines on a dataset."""
    results = [engine.evaluate(data.spins) for engine in engines]
    return np.array([one.energy for one in results]), np.array([torque(data.spins, one.field) for one in results])


class Judged:
    """Predictions of M networks, or of a linear model, for configurations of one realization.

    Attributes
    ----------
    data : LabelledConfigurations
    number : int
        Of the realization in its set.
    energy, torque : numpy.ndarray, shapes (M, C), (M, C, N, 3)
    chosen : numpy.ndarray, shape (C',)
        Configurations of the dataset that belong to the set; the predictions are those of them alone.
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
        return Judged(
            self.data, self.number, self.energy[member, chosen][None], self.torque[member, chosen][None], chosen
        )

    @property
    def torque_error(self):
        """Predicted minus exact torques (M, C', N, 3) [t0]."""
        return self.torque - self.data.torque[self.chosen]

    @property
    def energy_error(self):
        """Predicted minus exact energies (M, C') [t0]."""
        return self.energy - self.data.energy[self.chosen]


def describe(args, models, lengths):
    """Return what the model is, and the samples of (training, validation) of each network, None for linear models.

    Raises
    ------
    InputError
        If the networks are not folds of one training, or were trained on other samples than the options say.
    """
    first = models[0]
    info = {"folds": [], "protocol": None, "layers": None, "activation": None, "linear_term": None}
    info["chirality"] = first.functions.chirality
    if not first.networks:
        info |= {"parameters": len(first.coefficients), "realizations": len(lengths)}
        return info | {"configurations": sum(lengths)}, None
    training, validation = [], []
    for path, model in zip(args.models, models, strict=True):
        own = model.info
        if len(model.networks) != 1 or "fold" not in own:
            raise InputError(f"{path}: a committee; expected the network of a single fold")
        if model.functions != first.functions or model.networks[0].settings != first.networks[0].settings:
            raise InputError(f"{path}: another network than {args.models[0]}")
        train, held_out = fold_splits(own["protocol"], lengths, own["folds"], args.seed)[own["fold"]]
        train = reduced_samples(train, args.realizations, args.configurations, args.seed)
        if len(train) != own["configurations"] or held_out.tolist() != own["validation"]:
            raise InputError(
                f"{path}: trained on {own['configurations']} configurations that are not the {len(train)} of "
                "these datasets, seed and options; train it again, or give those that it was trained with"
            )
        training.append(train)
        validation.append(held_out)
    settings = first.networks[0].settings
    info |= {name: settings[name] for name in ("layers", "activation", "linear_term")}
    info |= {"folds": [model.info["fold"] for model in models], "protocol": first.info["protocol"]}
    info["parameters"] = first.info["parameters"]
    # Folds differ by one realization at most; the first one stands for them.
    info |= {"realizations": len(np.unique(training[0][:, 0])), "configurations": len(training[0])}
    return info, (training, validation)


def collect(label, judged, seed):
    """Return the `SetErrors` of a set from its realizations, a list of `Judged`."""
    times = [one.data.time for one in judged]
    latest = max((np.nanmax(time) for time in times if not np.isnan(time).all()), default=0.0)
    columns = {
        "realization": [np.full(len(one.chosen), one.number) for one in judged],
        "configuration": [one.chosen for one in judged],
        "time": [one.data.time[one.chosen] for one in judged],
        "signal": [np.square(one.data.torque[one.chosen]).mean((1, 2)) for one in judged],
        "torque_error": [np.square(one.torque_error).mean((2, 3)) for one in judged],
        "energy_error": [one.energy_error for one in judged],
    }
    if len(judged[0].energy) > 1:
        columns["committee_torque_error"] = [np.square(one.torque_error.mean(0)).mean((1, 2)) for one in judged]
        columns["committee_energy_error"] = [one.energy_error.mean(0) for one in judged]
        columns["spread"] = [one.torque.var(0, ddof=1).mean((1, 2)) for one in judged]
    arrays = {name: np.concatenate(parts, axis=-1) for name, parts in columns.items()}
    drawn = _drawn(label, judged, seed) if label in DRAWN else {}
    return SetErrors(judged[0].data.structure.n_sites, len(judged), float(latest), **arrays, **drawn)


def _drawn(label, judged, seed):
    """Return the parity points and the histogram of the error, every network on its own."""
    outside = np.array([-np.inf, *HISTOGRAM_EDGES, np.inf])
    errors = [one.torque_error for one in judged]
    histogram = sum(np.histogram(error, outside)[0] for error in errors)
    points = []
    for one in judged:
        rng = generator(seed, f"parity {label}", one.number)
        exact = one.data.torque[one.chosen].ravel()
        predicted = one.torque[one.number % len(one.torque)].ravel()  # the networks take turns
        some = rng.choice(exact.size, min(-(-PARITY_POINTS // len(judged)), exact.size), replace=False)
        points.append(np.stack([exact[some], predicted[some]], axis=1))
    mean = sum(error.sum() for error in errors) / sum(error.size for error in errors)
    return {"parity": np.concatenate(points), "histogram": histogram, "mean_error": float(mean)}


def single_precision(data, judged, double, count):
    """Return squared and largest differences between the first network in single and in double precision.

    Parameters
    ----------
    data : LabelledConfigurations
    judged : tuple
        Energies and torques that `predict` returns, in single precision.
    double : ForceField
    count : int
        Configurations to compare, evenly chosen.
    """
    some = np.unique(np.linspace(0, len(data) - 1, count).astype(int))
    result = double.evaluate(data.spins[some])
    difference = judged[1][0, some] - torque(data.spins[some], result.field)
    energy = (judged[0][0, some] - result.energy) / data.structure.n_sites
    return {
        "squares": np.square(difference).sum(),
        "signal": np.square(data.torque[some]).sum(),
        "components": difference.size,
        "largest": np.abs(difference).max(),
        "energy": np.abs(energy).max(),
    }


def summarize(parts):
    """Return the numbers of tables/float32.csv from the realizations of a set."""
    total = {name: sum(part[name] for part in parts) for name in ("squares", "signal", "components")}
    return {
        "torque_rms_difference": float(np.sqrt(total["squares"] / total["components"])),
        "torque_max_difference": float(max(part["largest"] for part in parts)),
        "torque_rms_difference_relative": float(np.sqrt(total["squares"] / total["signal"])),
        "energy_per_site_max_difference": float(max(part["energy"] for part in parts)),
    }


if __name__ == "__main__":
    run(main)
