"""Compare finished studies that differ in one parameter: one table, and one figure."""

from pathlib import Path

import pandas as pd
from scipy.stats import norm

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass_study.figures._make import make_figure
from sdglass_study.figures._tables import read_table
from sdglass_study.text import learned_model

STAGES = ("random", "late")
CURVES = ["run", "model", "time", "distance", "correlation", "low", "high"]


def settings(study, sweep):
    """Return the studies of a sweep, ``{parameter: values}``."""
    if not sweep:
        return {"studies": []}
    ((parameter, values),) = sweep.items()
    names = [study.swept_name(parameter, value) for value in values]
    return {
        "parameter": parameter,
        "studies": [
            {"value": value, "study": name, "tables": f"results/{name}/tables"}
            for value, name in zip(values, names, strict=True)
        ],
        "confidence": study.statistics.confidence,
        "labels": study.model_labels(),
        "folder": f"{study.folder}-sweep-{parameter}",
    }


def run(inputs, outputs, settings):
    """Write the table, C(r) at the end of the quenches, and the figure.

    Parameters
    ----------
    inputs : dict
        Not used: of every study what it has is compared.
    outputs : dict
        ``table``, ``correlation``, ``png``, ``pdf``; by default they go to ``settings["folder"]``.
    settings : dict
        ``parameter``, what differs; ``studies``, a list of dictionaries with ``value`` of the parameter, ``study``
        (its name) and ``tables`` (its folder of tables); ``confidence`` of the intervals; ``labels``, {model:
        label}, optional.

    Raises
    ------
    InputError
        If there are fewer than two studies, or none of them has anything to compare.
    """
    if len(settings["studies"]) < 2:
        raise InputError(f"studies = {settings['studies']}; expected at least two finished studies to compare")
    if not outputs:
        tables, figures = (f"{settings['folder']}/{part}/studies" for part in ("tables", "figures"))
        outputs = {"table": f"{tables}.csv", "correlation": f"{tables}_correlation.csv"}
        outputs |= {"png": f"{figures}.png", "pdf": f"{figures}.pdf"}
    rows, curves = [], []
    for study in settings["studies"]:
        keys = {"parameter": settings["parameter"], "value": study["value"], "study": study["study"]}
        folder = Path(study["tables"])
        rows += [keys | row for row in compared(folder, settings.get("confidence", 0.95))]
        if (folder / "fig4_correlation.csv").is_file():
            curves.append(last_correlation(folder).assign(**keys))
    if not rows:
        raise InputError(
            f"{folder}: none of electrons, torque_errors, fig4_events, fig5_length; make the studies first"
        )
    write_csv(outputs["table"], pd.DataFrame(rows))
    write_csv(outputs["correlation"], pd.concat(curves) if curves else pd.DataFrame(columns=[*keys, *CURVES]))
    tables = {"studies": outputs["table"]} | ({"studies_correlation": outputs["correlation"]} if curves else {})
    make_figure("studies", tables, outputs.get("png"), outputs.get("pdf"), settings.get("labels"))


def compared(folder, confidence):
    """Yield the rows that one study gives: quantity, run, model, result, low, high, unit; of the tables it has.

    `confidence` is that of the intervals that are made here from standard errors.
    """
    for name, columns, rows in (
        ("electrons", "quantity:str system:str coupling value standard_error", _electrons),
        ("torque_errors", "model:str member:str set:str stage:str rms relative low high", _torque_errors),
        ("fig4_events", "run:str model:str quantity:str value low high", _contact),
        ("fig5_length", "ensemble:str model:str time estimator:str xi low high", _lengths),
    ):
        if (Path(folder) / f"{name}.csv").is_file():
            yield from rows(read_table(Path(folder) / f"{name}.csv", columns), norm.ppf(0.5 + 0.5 * confidence))


def _electrons(frame, deviations):
    small = frame[frame.system == frame.system.iloc[0]]  # J = 0 in the study's own box
    coupled = frame[frame.coupling != 0]
    for part, name, unit in (
        (small, "dos_at_fermi_level", "1/t0"),
        (coupled, "dos_at_fermi_level", "1/t0"),
        (coupled, "gap", "t0"),
    ):
        for row in part[part.quantity == name].itertuples():
            ends = (max(row.value + sign * deviations * row.standard_error, 0.0) for sign in (-1, 1))
            yield _row(name, "free" if row.coupling == 0 else "coupled", "exact", row.value, *ends, unit)


def _torque_errors(frame, _):
    """Errors of the pair model and of the first network, on unseen structures."""
    wanted = {("pair", "-"), (learned_model(dict.fromkeys(frame.model)), "single")}
    for row in frame[(frame.set == "test") & frame.stage.isin(STAGES)].itertuples():
        if (row.model, row.member) in wanted:
            ends = (row.low / row.rms, row.high / row.rms)
            yield _row("torque_error", row.stage, row.model, row.relative, *ends, "rms torque")


def _contact(frame, _):
    for row in frame[frame.quantity == "contact_late"].itertuples():
        yield _row("correlation_at_contact", row.run, row.model, row.value, row.low, row.high, "1")


def _lengths(frame, _):
    for (ensemble, model, estimator), rows in frame.groupby(["ensemble", "model", "estimator"], sort=False):
        last = rows.loc[rows.time.idxmax()]
        yield _row(f"correlation_length_{estimator}", ensemble, model, last.xi, last.low, last.high, "ell")


def _row(quantity, run_name, model, result, low, high, unit):
    values = {"result": float(result), "low": float(low), "high": float(high)}
    return {"quantity": quantity, "run": run_name, "model": model, **values, "unit": unit}


def last_correlation(folder):
    """Return C(r) of every run and model of a study at its last time."""
    columns = "run:str model:str time distance correlation low high"
    curves = read_table(Path(folder) / "fig4_correlation.csv", columns)[CURVES]
    return curves[curves.time == curves.groupby(["run", "model"]).time.transform("max")]
