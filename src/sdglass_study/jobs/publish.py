"""Join the fits of a model to one file, with its errors on structures that it was not fitted to inside."""

import dataclasses

import pandas as pd

from sdglass.forcefields.registry import load_model
from sdglass_study.model_errors import ModelErrors, root_mean_square

TRAINED_ON = ("training", "validation")


def inputs(study, model):
    """Return the fits, and where the model's errors are, if the study judges it."""
    given = {"fits": study.fit_files(model)}
    for name, settings in study.analysis.items():
        if name == "torque_errors" and model in settings.models:
            given["errors"] = study.error_file(model)
        elif name == "locator_errors" and model in settings.models and "errors" not in given:
            given["table"] = study.table_files("locator_errors")[0]
    return given


def settings(study, model):
    """Return the name and the confidence of the intervals."""
    return {"model": model, "confidence": study.statistics.confidence}


def modules(study, model):
    """Return the module of the kind of model."""
    return study.model_modules(model)


def run(inputs, outputs, settings):
    """Write the file."""
    members = [load_model(path) for path in inputs["fits"]]
    model = type(members[0]).join(members)
    if "errors" in inputs:
        errors = _of_sets(ModelErrors.load(inputs["errors"]), settings["confidence"])
    elif "table" in inputs:
        errors = _of_table(pd.read_csv(inputs["table"]), settings["model"])
    else:
        errors = {}
    dataclasses.replace(model, errors=errors).save(outputs["model"])


def _of_sets(judged, confidence):
    """Return {set: {stage: rmse [t0], relative, n_sites}} of the sets that the model was not fitted to."""
    found = {}
    for label, errors in judged.sets.items():
        if label in TRAINED_ON:
            continue
        kind = judged.kinds(label)[0]
        for stage in ("random", "late"):
            squares, counts = errors.by_realization(errors.torque_squares(kind), stage)
            if counts.any():
                rmse, _, _ = root_mean_square(squares, counts, confidence)
                rms = float(errors.signal[errors.stage(stage)].mean() ** 0.5)
                row = {"rmse": float(rmse), "relative": float(rmse) / rms, "n_sites": errors.n_sites}
                found.setdefault(label, {})[stage] = row
    return found


def _of_table(table, model):
    found = {}
    for row in table[table.model == model].itertuples():
        values = {"rmse": float(row.rmse), "relative": float(row.relative), "n_sites": int(row.n_sites)}
        found.setdefault(row.set, {})[row.stage] = values
    return found
