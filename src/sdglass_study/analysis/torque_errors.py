"""Torque errors of models on their training, held-out and other realizations (paper Fig. 3)."""

from dataclasses import dataclass, replace

import numpy as np

from sdglass.errors import InputError
from sdglass_study.analysis import analysis, data_frame, of
from sdglass_study.model_errors import (
    HISTOGRAM_EDGES,
    STAGES,
    ModelErrors,
    common_members,
    error_columns,
    paired_ratio,
    student,
)

FITTED = ("training", "validation")  # sets of every model's own labels


@dataclass(frozen=True)
class TorqueErrors:
    """Models, and what they are judged on."""

    models: tuple[str, ...] = of("models")
    labels: tuple[str, ...] = of("labels")  # that none was fitted to; errors along quenches are of the first
    drawn: tuple[str, ...] = of("models", default=())  # whose errors are drawn one by one, as in Fig. 3
    baselines: tuple[str, ...] = of("models", default=())  # which all others are compared with


TABLES = (
    *("models", "torque_errors", "committee", "error_along_quench"),
    *("fig3_parity", "fig3_histogram", "float32", "paired"),
)


@analysis(
    "torque_errors",
    TorqueErrors,
    inputs=lambda study, settings: {"errors": [study.error_file(model) for model in settings.models]},
    tables=TABLES,
)
def torque_errors(settings, inputs, confidence):
    """Return what the models are, and their errors: by stage, along quenches, against each other."""
    models = load_errors(settings.models, inputs["errors"])
    for model, path in zip(models, inputs["errors"], strict=True):
        missing = [label for label in settings.labels if label not in model.sets]
        if missing:
            raise InputError(f"{path}: no errors on '{missing[0]}'; it holds {', '.join(model.sets)}")
    rows = {name: [] for name in ("errors", "committee", "quench", "parity", "histogram", "single")}
    for model in models:
        for label in (label for label in (*FITTED, *settings.labels) if label in model.sets):
            errors = model.sets[label]
            for kind in model.kinds(label):
                rows["errors"] += error_rows(model.name, label, kind, errors, confidence)
            if errors.spread is not None:
                rows["committee"] += committee_rows(model.name, label, errors)
            if label == settings.labels[0]:
                rows["quench"] += quench_rows(model.name, model.kinds(label)[0], errors, confidence)
            if model.name in settings.drawn and errors.histogram is not None:
                histogram, parity = figure_three(model.name, label, errors)
                rows["histogram"] += histogram
                rows["parity"] += parity
        for label, values in model.drift.items():
            where = {"model": model.name, "set": label}
            rows["single"] += [{**where, "quantity": name, "value": value} for name, value in values.items()]
    return {
        "models": data_frame([model_row(model) for model in models]),
        "torque_errors": data_frame(rows["errors"]),
        "committee": _table(rows["committee"], "model set stage n_sites spread rmse ratio"),
        "error_along_quench": data_frame(rows["quench"]),
        "fig3_parity": _table(rows["parity"], "model set exact predicted"),
        "fig3_histogram": _table(rows["histogram"], "model set error density sigma"),
        "float32": _table(rows["single"], "model set quantity value"),
        "paired": _table(
            paired_rows(models, settings.labels, settings.baselines, confidence),
            "numerator denominator set stage member networks ratio low high realizations",
        ),
    }


def load_errors(names, paths):
    """Return the `ModelErrors` of models by the names that a study gives them."""
    return [replace(ModelErrors.load(path), name=name) for name, path in zip(names, paths, strict=True)]


def _table(rows, columns):
    """Return rows as a table with these columns, even without any row."""
    return data_frame(rows, columns=columns.split())


def model_row(model):
    """Return what a model is, for the table of all of them."""
    info = model.info
    layers = "" if info["layers"] is None else "-".join(map(str, info["layers"]))
    keys = ("parameters", "activation", "linear_term", "chirality", "protocol")
    row = {"model": model.name, "layers": layers, **{key: info[key] for key in keys}}
    return row | {"networks": len(info["folds"])} | {k: info[k] for k in ("realizations", "configurations")}


def error_rows(name, label, kind, errors, confidence):
    """Return the rows of torque_errors.csv of a model on a set, a row per stage."""
    rows = []
    offsets = errors.energy_errors(kind)
    for stage in STAGES:
        squares, counts = errors.by_realization(errors.torque_squares(kind), stage)
        if not counts.any():
            continue
        mask = errors.stage(stage)
        means = np.array([errors.by_realization(offset, stage)[0][errors.realization[mask]] for offset in offsets])
        row = {"model": name, "member": kind, "set": label, "stage": stage, "n_sites": errors.n_sites}
        row |= error_columns(squares, counts, errors.rms(stage), confidence)
        row["energy_rmse_per_site"] = np.sqrt(np.mean(offsets[:, mask] ** 2)) / errors.n_sites
        row["energy_rmse_within"] = np.sqrt(np.mean((offsets[:, mask] - means) ** 2)) / errors.n_sites
        rows.append(row | {"realizations": int((counts > 0).sum()), "configurations": int(counts.sum())})
    return rows


def committee_rows(name, label, errors):
    """Return the spread of a committee and the error of its mean, a row per stage."""
    rows = []
    for stage in STAGES:
        mask = errors.stage(stage)
        if mask.any():
            squares = errors.spread, errors.committee_torque_error
            spread, rmse = (np.sqrt(values[mask].mean()) for values in squares)
            where = {"model": name, "set": label, "stage": stage, "n_sites": errors.n_sites}
            rows.append({**where, "spread": spread, "rmse": rmse, "ratio": spread / rmse})
    return rows


def quench_rows(name, kind, errors, confidence):
    """Return errors at each snapshot time of the relaxations; random spins stand at time 0."""
    time = np.nan_to_num(errors.time, nan=0.0)
    squares = errors.torque_squares(kind)
    rows = []
    for t in np.unique(time):
        at_t = time == t
        counts = np.bincount(errors.realization[at_t], minlength=errors.realizations)
        error, signal = (
            np.bincount(errors.realization[at_t], values[at_t], minlength=errors.realizations)[counts > 0]
            for values in (squares, errors.signal)
        )
        counts = counts[counts > 0]
        rms = np.sqrt(signal.sum() / counts.sum())
        row = {"model": name, "member": kind, "time": t}
        row |= error_columns(error / counts, counts, rms, confidence)
        # Sum of squared errors over sum of squared torques: a mean of the realizations' ratios with these weights.
        relative = np.sqrt(np.maximum(student(error / signal, confidence, signal), 0.0))
        row |= dict(zip(("relative", "relative_low", "relative_high"), relative, strict=True))
        rows.append(row | {"realizations": len(counts)})
    return rows


def figure_three(name, label, errors):
    """Return the rows of the histogram of the error and of the parity plot, every network on its own."""
    edges = HISTOGRAM_EDGES
    sigma = np.sqrt(errors.torque_error.mean() - errors.mean_error**2)
    density = errors.histogram[1:-1] / (errors.histogram.sum() * np.diff(edges))
    where = {"model": name, "set": label}
    centres = 0.5 * (edges[1:] + edges[:-1])
    histogram = [
        {**where, "error": e, "density": d, "sigma": sigma} for e, d in zip(centres, density, strict=True)
    ]
    return histogram, [{**where, "exact": exact, "predicted": predicted} for exact, predicted in errors.parity]


def paired_rows(models, labels, baselines, confidence):
    """Return ratios of the errors of two models on the same realizations, as geometric means over them.

    A network's committee is compared with a linear model, which has seen all the training data too; two
    networks are compared fold by fold, without the committees, whose gain depends on their size.
    """
    rows, by_name = [], {model.name: model for model in models}
    for denominator in (by_name[name] for name in baselines if name in by_name):
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
