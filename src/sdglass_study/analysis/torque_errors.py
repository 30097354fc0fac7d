"""Torque errors of all models on training, held-out, unseen and larger realizations (paper Fig. 3)."""

import numpy as np
import pandas as pd

from sdglass.io import write_csv
from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.model_errors import (
    HISTOGRAM_EDGES,
    STAGES,
    ModelErrors,
    common_members,
    paired_ratio,
    root_mean_square,
    student,
)

# Models with which all others are compared on the same realizations: those of them that the study has.
DENOMINATORS = ("pair", "linear", "bond", "small")
FIGURE_THREE = ("bond", "chirality")
TRAINED_ON = ("training", "validation")


def main():
    """Write the tables of errors."""
    parser = step_parser(__doc__)
    parser.add_argument("--errors", nargs="+", required=True, help="of each model, .h5")
    parser.add_argument("--confidence", type=float, required=True)
    for name in ("models", "errors", "committee", "quench", "parity", "histogram", "single", "paired"):
        parser.add_argument(f"--out-{name}", required=True)
    args = parser.parse_args()
    models = [ModelErrors.load(path) for path in args.errors]
    tables = {name: [] for name in ("errors", "committee", "quench", "parity", "histogram", "single")}
    for model in models:
        for label, one in model.sets.items():
            for kind in model.kinds(label):
                tables["errors"] += error_rows(model.name, label, kind, one, args.confidence)
            if one.spread is not None:
                tables["committee"] += committee_rows(model.name, label, one)
            if label == "unseen":
                tables["quench"] += quench_rows(model.name, model.kinds(label)[0], one, args.confidence)
            if model.name in FIGURE_THREE and one.histogram is not None:
                histogram, parity = figure_three(model.name, label, one)
                tables["histogram"] += histogram
                tables["parity"] += parity
        for label, values in model.drift.items():
            where = {"model": model.name, "set": label}
            tables["single"] += [{**where, "quantity": name, "value": value} for name, value in values.items()]
    columns = {"committee": "model set stage n_sites spread rmse ratio", "single": "model set quantity value"}
    for name, rows in tables.items():
        frame = pd.DataFrame(rows, columns=columns[name].split() if name in columns else None)
        write_csv(getattr(args, f"out_{name}"), frame)
    write_csv(args.out_models, pd.DataFrame([model_row(model) for model in models]))
    columns = "numerator denominator set stage member networks ratio low high realizations".split()
    write_csv(args.out_paired, pd.DataFrame(paired_rows(models, args.confidence), columns=columns))


def model_row(model):
    """Return what a model is, for the table of all of them."""
    info = model.info
    layers = "" if info["layers"] is None else "-".join(map(str, info["layers"]))
    keys = ("parameters", "activation", "linear_term", "chirality", "protocol")
    row = {"model": model.name, "layers": layers, **{key: info[key] for key in keys}}
    return row | {"networks": len(info["folds"])} | {k: info[k] for k in ("realizations", "configurations")}


def error_rows(name, label, kind, one, confidence):
    """Return the rows of torque_errors.csv of a model on a set, a row per stage."""
    rows = []
    offsets = one.energy_errors(kind)
    for stage in STAGES:
        squares, counts = one.by_realization(one.torque_squares(kind), stage)
        if not counts.any():
            continue
        mask = one.stage(stage)
        rmse, low, high = root_mean_square(squares, counts, confidence)
        rms = np.sqrt(one.signal[mask].mean())
        means = np.array([one.by_realization(offset, stage)[0][one.realization[mask]] for offset in offsets])
        rows.append(
            {
                "model": name,
                "member": kind,
                "set": label,
                "stage": stage,
                "n_sites": one.n_sites,
                "rmse": rmse,
                "low": low,
                "high": high,
                "rms": rms,
                "relative": rmse / rms,
                "energy_rmse_per_site": np.sqrt(np.mean(offsets[:, mask] ** 2)) / one.n_sites,
                "energy_rmse_within": np.sqrt(np.mean((offsets[:, mask] - means) ** 2)) / one.n_sites,
                "realizations": int((counts > 0).sum()),
                "configurations": int(counts.sum()),
            }
        )
    return rows


def committee_rows(name, label, one):
    """Return the spread of a committee and the error of its mean, a row per stage."""
    rows = []
    for stage in STAGES:
        mask = one.stage(stage)
        if mask.any():
            spread, error = (np.sqrt(values[mask].mean()) for values in (one.spread, one.committee_torque_error))
            where = {"model": name, "set": label, "stage": stage, "n_sites": one.n_sites}
            rows.append({**where, "spread": spread, "rmse": error, "ratio": spread / error})
    return rows


def quench_rows(name, kind, one, confidence):
    """Return errors at each snapshot time of the relaxations; random spins stand at time 0."""
    time = np.nan_to_num(one.time, nan=0.0)
    squares = one.torque_squares(kind)
    rows = []
    for t in np.unique(time):
        at_t = time == t
        counts = np.bincount(one.realization[at_t], minlength=one.realizations)
        error, signal = (
            np.bincount(one.realization[at_t], values[at_t], minlength=one.realizations)[counts > 0]
            for values in (squares, one.signal)
        )
        counts = counts[counts > 0]
        rmse, low, high = root_mean_square(error / counts, counts, confidence)
        # Sum of squared errors over sum of squared torques: a mean of the realizations' ratios with these weights.
        relative = np.sqrt(np.maximum(student(error / signal, confidence, signal), 0.0))
        rows.append(
            {
                "model": name,
                "member": kind,
                "time": t,
                "rmse": rmse,
                "low": low,
                "high": high,
                "rms": np.sqrt(signal.sum() / counts.sum()),
                **dict(zip(("relative", "relative_low", "relative_high"), relative, strict=True)),
                "realizations": len(counts),
            }
        )
    return rows


def figure_three(name, label, one):
    """Return the rows of the histogram of the error and of the parity plot, every network on its own."""
    edges = HISTOGRAM_EDGES
    sigma = np.sqrt(one.torque_error.mean() - one.mean_error**2)
    density = one.histogram[1:-1] / (one.histogram.sum() * np.diff(edges))
    where = {"model": name, "set": label}
    centres = 0.5 * (edges[1:] + edges[:-1])
    histogram = [
        {**where, "error": e, "density": d, "sigma": sigma} for e, d in zip(centres, density, strict=True)
    ]
    return histogram, [{**where, "exact": exact, "predicted": predicted} for exact, predicted in one.parity]


def paired_rows(models, confidence):
    """Return ratios of the errors of two models on the same realizations, as geometric means over them.

    A network's committee is compared with a linear model, which has seen all the training data too; two
    networks are compared fold by fold, without the committees, whose gain depends on their size.

    Parameters
    ----------
    models : list of ModelErrors
    confidence : float
        Of Student's interval of the mean logarithm.
    """
    by_name = {model.name: model for model in models}
    rows = []
    labels = [label for label in models[0].sets if label not in TRAINED_ON]
    for denominator in (by_name[name] for name in DENOMINATORS if name in by_name):
        for numerator in models:
            if numerator is denominator or (denominator.is_network and not numerator.is_network):
                continue
            for label in labels:
                rows += _ratio_rows(numerator, denominator, label, confidence)
    return rows


def _ratio_rows(numerator, denominator, label, confidence):
    over, under = numerator.sets[label], denominator.sets[label]
    members, others = common_members(numerator, denominator)
    kind = "single" if denominator.is_network else numerator.kinds(label)[0]
    if members == []:
        return []
    rows = []
    for stage in STAGES:
        top, _ = over.by_realization(over.torque_squares(kind, members), stage)
        bottom, _ = under.by_realization(under.torque_squares("single", others), stage)
        ratio, low, high, count = paired_ratio(top, bottom, confidence)
        if count:
            networks = len(numerator.info["folds"]) if members is None else len(members)
            names = {"numerator": numerator.name, "denominator": denominator.name, "set": label, "stage": stage}
            values = {"ratio": ratio, "low": low, "high": high, "realizations": count}
            rows.append({**names, "member": kind, "networks": networks, **values})
    return rows


if __name__ == "__main__":
    run(main)
