"""Torque errors of all models on training, held-out, unseen and large realizations (paper Fig. 3)."""

import numpy as np
import pandas as pd
from scipy import stats

from sdglass.dataset import LabelledConfigurations
from sdglass.files import open_hdf5, write_csv
from sdglass.model_file import TrainedModel
from sdglass.seeding import generator
from sdglass.steps.arguments import run, step_parser

PARITY_POINTS = 2000
HISTOGRAM_RANGE = 4e-3  # [t0], four times the error that the paper quotes
HISTOGRAM_BINS = 80
# A relaxation counts as frozen in the last two thirds of its time.
FROZEN = 1.0 / 3.0
STAGES = ("random", "relaxed", "frozen", "all")
# Models compared on the same realizations, numerator first.
PAIRED = (("bond", "pair"), ("linear", "pair"), ("bond", "linear"), ("chirality", "bond"))


def main():
    """Write the tables of errors."""
    parser = step_parser(__doc__)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--sets", nargs="+", required=True, help="set of each dataset: training, unseen or large")
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--names", nargs="+", required=True)
    parser.add_argument("--predictions", nargs="+", required=True, help="of each model")
    parser.add_argument("--double", required=True, help="float64 predictions of one model")
    parser.add_argument("--double-name", required=True, help="which model that is")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    for name in ("errors", "committee", "quench", "parity", "histogram", "single", "paired"):
        parser.add_argument(f"--out-{name}", required=True)
    args = parser.parse_args()
    data = [LabelledConfigurations.load(path) for path in args.data]
    tables = {name: [] for name in ("errors", "committee", "quench", "parity", "histogram")}
    squares = {}
    for name, model_path, prediction_path in zip(args.names, args.models, args.predictions, strict=True):
        trained = TrainedModel.load(model_path)
        predictions = load_predictions(prediction_path, len(data))
        for label, kind, chosen in judged_sets(trained, data, args.sets, predictions):
            tables["errors"] += _error_rows(name, label, kind, chosen, args.confidence)
            if kind in ("committee", "-"):
                squares[name, label] = kind, {stage: _mean_squares(chosen, stage)[0] for stage in STAGES}
            if kind == "committee":
                tables["committee"] += _committee_rows(name, label, chosen)
            if label == "unseen" and kind in ("committee", "-"):
                tables["quench"] += _quench_rows(name, chosen)
            if name in ("bond", "chirality") and label in ("training", "unseen") and kind == "single":
                error, parity = _figure_three(name, label, chosen, generator(args.seed, "parity"))
                tables["histogram"].append(error)
                tables["parity"].append(parity)
    write_csv(args.out_errors, pd.DataFrame(tables["errors"]))
    write_csv(args.out_committee, pd.DataFrame(tables["committee"]))
    write_csv(args.out_quench, pd.DataFrame(tables["quench"]))
    write_csv(args.out_parity, pd.concat(tables["parity"], ignore_index=True))
    write_csv(args.out_histogram, pd.concat(tables["histogram"], ignore_index=True))
    write_csv(args.out_single, _single_precision(args, data))
    columns = "numerator denominator set stage member ratio low high realizations".split()
    write_csv(args.out_paired, pd.DataFrame(_paired_rows(squares, args.confidence), columns=columns))


def load_predictions(path, count):
    """Return [(energy (M, C), torque (M, C, N, 3))] for every dataset."""
    with open_hdf5(path, [f"{number:03d}" for number in range(count)]) as handle:
        return [
            tuple(np.asarray(handle[f"{number:03d}"][name], dtype=float) for name in ("energy", "torque"))
            for number in range(count)
        ]


class Judged:
    """Configurations of one realization with a prediction: exact and predicted torques and energies.

    Attributes
    ----------
    data : LabelledConfigurations
    energy, torque : numpy.ndarray, shapes (C,), (C, N, 3)
        Prediction.
    members : numpy.ndarray or None, shape (M, C, N, 3)
        Torques of the committee's members.
    chosen : numpy.ndarray of bool, shape (C,)
        Configurations that belong to the set.
    """

    def __init__(self, data, energy, torque, chosen=None, members=None):
        self.data, self.energy, self.torque, self.members = data, energy, torque, members
        self.chosen = np.ones(len(data), bool) if chosen is None else chosen

    def stage(self, name):
        """Return the mask (C,) of a stage: random, relaxed, frozen or all."""
        time = np.nan_to_num(self.data.time, nan=-1.0)
        return (
            self.chosen
            & {
                "all": np.ones(len(time), bool),
                "random": self.data.random,
                "relaxed": ~self.data.random,
                "frozen": time >= FROZEN * max(time.max(), 0.0) if time.max() > 0 else np.zeros(len(time), bool),
            }[name]
        )


def judged_sets(trained, data, sets, predictions):
    """Yield (set, kind, [Judged]) for a model.

    A network's "training" sample is predicted by one member that trained on it, a "validation" sample by
    the member that held it out. On unseen realizations there is the committee's mean, and "single": each
    realization judged by one member in turn.
    """
    indices = {label: [i for i, s in enumerate(sets) if s == label] for label in dict.fromkeys(sets)}
    if not trained.networks:
        for label, chosen in indices.items():
            yield label, "-", [Judged(data[i], predictions[i][0][0], predictions[i][1][0]) for i in chosen]
        return
    folds = len(trained.networks)
    held_out = [np.zeros(len(data[i]), int) for i in indices["training"]]
    for fold, info in enumerate(trained.info["members"]):
        for realization, configuration in info["validation"]:
            held_out[realization][configuration] = fold
    for label, shift in (("training", 1), ("validation", 0)):
        judged = []
        for owner, i in zip(held_out, indices["training"], strict=True):
            member = (owner + shift) % folds
            every = np.arange(len(owner))
            judged.append(Judged(data[i], predictions[i][0][member, every], predictions[i][1][member, every]))
        yield label, "single", judged
    for label, chosen in indices.items():
        if label == "training":
            continue
        yield (
            label,
            "committee",
            [
                Judged(data[i], predictions[i][0].mean(0), predictions[i][1].mean(0), members=predictions[i][1])
                for i in chosen
            ],
        )
        yield (
            label,
            "single",
            [
                Judged(data[i], predictions[i][0][k % folds], predictions[i][1][k % folds])
                for k, i in enumerate(chosen)
            ],
        )


def _mean_squares(judged, stage):
    """Return the mean squared torque error and the number of configurations of each realization in a stage.

    Both are of shape (n,); the error [t0^2] is nan where the stage is empty.
    """
    masks = [one.stage(stage) for one in judged]
    errors = [
        np.square(one.torque[m] - one.data.torque[m]).mean() if m.any() else np.nan
        for one, m in zip(judged, masks, strict=True)
    ]
    return np.array(errors), np.array([m.sum() for m in masks])


def _student(values, confidence, weights=None):
    """Return the (weighted) mean of independent values and Student's interval of it; nan for a single one.

    The weighted mean is a ratio of two sums; its error is that of the values' deviations times their weights.
    """
    values = np.asarray(values, dtype=float)
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    mean, n = np.average(values, weights=weights), len(values)
    if n < 2:
        return mean, np.nan, np.nan
    error = np.sqrt(np.sum((weights / weights.mean() * (values - mean)) ** 2) / (n * (n - 1)))
    half = stats.t.ppf(0.5 * (1.0 + confidence), n - 1) * error
    return mean, mean - half, mean + half


def _paired_rows(squares, confidence):
    """Return ratios of the errors of two models on the same realizations, as geometric means over them.

    Parameters
    ----------
    squares : dict
        (model, set) -> (kind, {stage: mean squared errors (n,) of the realizations}).
    confidence : float
        Of Student's interval of the mean logarithm.
    """
    rows = []
    for label in ("unseen", "large"):
        for numerator, denominator in PAIRED:
            if (numerator, label) not in squares or (denominator, label) not in squares:
                continue
            kind, over = squares[numerator, label]
            under = squares[denominator, label][1]
            for stage in STAGES:
                there = ~np.isnan(over[stage])
                if not there.any():
                    continue
                logs = 0.5 * np.log(over[stage][there] / under[stage][there])
                ratio, low, high = np.exp(_student(logs, confidence))
                names = {"numerator": numerator, "denominator": denominator, "set": label, "stage": stage}
                interval = {"ratio": ratio, "low": low, "high": high}
                rows.append({**names, "member": kind, **interval, "realizations": int(there.sum())})
    return rows


def _error_rows(name, label, kind, judged, confidence):
    rows = []
    for stage in STAGES:
        errors, counts = _mean_squares(judged, stage)
        used = [(one, one.stage(stage)) for one, count in zip(judged, counts, strict=True) if count]
        if not used:
            continue
        signal = [np.square(one.data.torque[m]).mean((1, 2)) for one, m in used]
        mean_square, low, high = _student(errors[counts > 0], confidence, counts[counts > 0])
        rmse = np.sqrt(mean_square)
        rms = np.sqrt(np.concatenate(signal).mean())
        sites = used[0][0].data.structure.n_sites
        offsets = [one.energy[m] - one.data.energy[m] for one, m in used]
        rows.append(
            {
                "model": name,
                "member": kind,
                "set": label,
                "stage": stage,
                "n_sites": sites,
                "rmse": rmse,
                "low": np.sqrt(np.maximum(low, 0.0)),
                "high": np.sqrt(high),
                "rms": rms,
                "relative": rmse / rms,
                "energy_rmse_per_site": np.sqrt(np.mean(np.concatenate(offsets) ** 2)) / sites,
                "energy_rmse_within": np.sqrt(np.mean(np.concatenate([o - o.mean() for o in offsets]) ** 2))
                / sites,
                "realizations": len(used),
                "configurations": int(counts.sum()),
            }
        )
    return rows


def _committee_rows(name, label, judged):
    rows = []
    for stage in STAGES:
        pairs = [(one, one.stage(stage)) for one in judged]
        pairs = [(one, mask) for one, mask in pairs if mask.any()]
        if not pairs:
            continue
        spread = np.sqrt(np.mean(np.concatenate([one.members[:, m].var(0, ddof=1).ravel() for one, m in pairs])))
        error = np.sqrt(
            np.mean(np.concatenate([np.square(one.torque[m] - one.data.torque[m]).ravel() for one, m in pairs]))
        )
        rows.append(
            {"model": name, "set": label, "stage": stage, "spread": spread, "rmse": error, "ratio": spread / error}
        )
    return rows


def _quench_rows(name, judged):
    """Return errors at each snapshot time of the relaxations; random spins stand at time 0."""
    time = np.concatenate([np.nan_to_num(one.data.time, nan=0.0) for one in judged])
    error = np.concatenate([np.square(one.torque - one.data.torque).mean((1, 2)) for one in judged])
    signal = np.concatenate([np.square(one.data.torque).mean((1, 2)) for one in judged])
    rows = []
    for t in np.unique(time):
        rmse, rms = np.sqrt(error[time == t].mean()), np.sqrt(signal[time == t].mean())
        rows.append({"model": name, "time": t, "rmse": rmse, "rms": rms, "relative": rmse / rms})
    return rows


def _figure_three(name, label, judged, rng):
    exact = np.concatenate([one.data.torque.ravel() for one in judged])
    predicted = np.concatenate([one.torque.ravel() for one in judged])
    error = predicted - exact
    edges = np.linspace(-HISTOGRAM_RANGE, HISTOGRAM_RANGE, HISTOGRAM_BINS + 1)
    counts, _ = np.histogram(error, edges)
    histogram = pd.DataFrame(
        {
            "model": name,
            "set": label,
            "error": 0.5 * (edges[1:] + edges[:-1]),
            "density": counts / (len(error) * np.diff(edges)),
            "sigma": error.std(),
        }
    )
    chosen = rng.choice(len(exact), min(PARITY_POINTS, len(exact)), replace=False)
    parity = pd.DataFrame({"model": name, "set": label, "exact": exact[chosen], "predicted": predicted[chosen]})
    return histogram, parity


def _single_precision(args, data):
    """Return what float32 arithmetic costs: the difference of the torques from float64."""
    rows = []
    double = load_predictions(args.double, len(data))
    single = load_predictions(args.predictions[args.names.index(args.double_name)], len(data))
    for label in dict.fromkeys(args.sets):
        chosen = [i for i, s in enumerate(args.sets) if s == label]
        difference = np.concatenate([(single[i][1] - double[i][1]).ravel() for i in chosen])
        exact = np.concatenate([data[i].torque.ravel() for i in chosen])
        energy = np.concatenate(
            [((single[i][0] - double[i][0]) / data[i].structure.n_sites).ravel() for i in chosen]
        )
        for quantity, value in {
            "torque_rms_difference": np.sqrt(np.mean(difference**2)),
            "torque_max_difference": np.abs(difference).max(),
            "torque_rms_difference_relative": np.sqrt(np.mean(difference**2) / np.mean(exact**2)),
            "energy_per_site_max_difference": np.abs(energy).max(),
        }.items():
            rows.append({"model": args.double_name, "set": label, "quantity": quantity, "value": value})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    run(main)
