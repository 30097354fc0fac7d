"""Force fields on realizations that none was fitted to, of several sizes.

Stages: random spins, minimised states (descended from random spins), and late states of quenches at temperature.
"""

from dataclasses import dataclass

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.forcefields.registry import load_force_field, load_model
from sdglass.progress import progress_bar
from sdglass.spins import torque
from sdglass_study.analysis import analysis, data_frame, of
from sdglass_study.model_errors import error_columns

# Two Gaussian components: the torque error of a site is inside with these probabilities.
COVERAGE = (0.68, 0.95)
STAGES = ("random", "minimised", "late")


@dataclass(frozen=True)
class LocatorErrors:
    """Force fields, and what they are judged on."""

    minimised: tuple[str, ...] = of("labels")  # random spins, and what they descend to
    quenched: tuple[str, ...] = of("labels")  # of which the late states count
    models: tuple[str, ...] = of("models")  # the first fold of each


def _inputs(study, settings):
    labels = study.label_files(*settings.minimised, *settings.quenched)
    return {"labels": labels, "models": [study.driver_file(model) for model in settings.models]}


def _sets(study, settings):
    names = (*settings.minimised, *settings.quenched)
    return {"sets": [name for name in names for _ in range(study.labelled(name))]}


@analysis("locator_errors", LocatorErrors, inputs=_inputs, parameters=_sets)
def locator_errors(settings, inputs, confidence, sets):
    """Return one row per model, set and stage; `sets` are the sets of the labels' files."""
    models = dict(zip(settings.models, inputs["models"], strict=True))
    parameters = {name: load_model(path).n_parameters for name, path in models.items()}
    parts = []
    with progress_bar(len(sets) * len(models), "errors", "model") as bar:
        for path, label in zip(inputs["labels"], sets, strict=True):
            data = LabelledConfigurations.load(path)
            chosen = stages(data) if label in settings.minimised else late_stage(data)
            for name, model in models.items():
                force_field = load_force_field(model, data.structure, data.model)
                parts.append({"model": name, "set": label, **judge(force_field, data, chosen)})
                bar.update()
    return {"locator_errors": data_frame(summarize(parts, parameters, confidence))}


def stages(data):
    """Return {stage: mask (C,)} of random spins and the states descended from them."""
    return {"random": data.random, "minimised": ~data.random}


def late_stage(data):
    """Return {stage: mask (C,)} of the states in the last half of quenches; none if there are no quenches."""
    if data.random.all():
        return {}
    with np.errstate(invalid="ignore"):  # random spins have no time
        return {"late": data.time >= 0.5 * np.nanmax(data.time)}


def judge(force_field, data, chosen):
    """Return squared errors and signals of a dataset's stages {name: mask}, and how often the error bar holds."""
    found = {"n_sites": data.structure.n_sites}
    for stage, mask in chosen.items():
        spins, exact = data.spins[mask], data.torque[mask]
        result = force_field.evaluate(spins)
        error = torque(spins, result.field) - exact
        found[stage] = {
            "error": np.square(error).mean(),
            "signal": np.square(exact).mean(),
            "energy": (result.energy - data.energy[mask]) / data.structure.n_sites,
            "configurations": int(mask.sum()),
        }
        if hasattr(force_field, "torque_uncertainty"):
            ratio = np.linalg.norm(error, axis=2) / force_field.torque_uncertainty(spins)
            found[stage]["covered"] = [np.mean(ratio < np.sqrt(-2 * np.log(1 - p))) for p in COVERAGE]
    return found


def summarize(parts, parameters, confidence):
    """Return the rows of the table: errors over realizations with intervals."""
    rows = []
    for (model, label), group in data_frame(parts).groupby(["model", "set"], sort=False):
        for stage in (stage for stage in STAGES if stage in group and group[stage].notna().all()):
            some = group[stage].tolist()
            squares, counts, signal = (
                np.array([part[name] for part in some]) for name in ("error", "configurations", "signal")
            )
            rms = np.sqrt(np.average(signal, weights=counts))
            energy = np.concatenate([part["energy"] for part in some])
            covered = [part["covered"] for part in some if "covered" in part]
            row = {"model": model, "parameters": parameters[model], "set": label, "stage": stage}
            row |= {"n_sites": group.n_sites.iloc[0], "realizations": len(some), "configurations": counts.sum()}
            row |= error_columns(squares, counts, rms, confidence)
            row |= {"relative_low": row["low"] / rms, "relative_high": row["high"] / rms}
            row |= {"energy_rmse_per_site": np.sqrt(np.square(energy).mean())}
            for p, value in zip(COVERAGE, np.mean(covered, axis=0) if covered else (np.nan, np.nan), strict=True):
                row[f"covered_{round(100 * p)}"] = value
            rows.append(row)
    return rows
