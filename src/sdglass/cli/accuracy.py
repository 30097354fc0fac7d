"""How accurate a model of a study is: what the tables of that study say about it."""

import csv
import math
import os
import warnings
from pathlib import Path

from sdglass.errors import InputError

# Tables below results/<study>/; the first that holds the model is shown.
_TABLES = ("tables/torque_errors.csv", "tables/locator_errors.csv")
_COLUMNS = ("model", "set", "stage", "n_sites", "rmse", "relative")
_STAGES = {"random": "random spins", "frozen": "frozen states"}


def measured_errors(path, name):
    """Return (label, text) rows on the torque errors of a model in ``results/<study>/models/``.

    Parameters
    ----------
    path : path
        The model file.
    name : str or None
        What the tables call the model.

    Returns
    -------
    list of tuple
        Empty where no tables lie beside it, or they do not hold the model.

    Warns
    -----
    UserWarning
        If a table cannot be read, or holds something else than numbers. It is then left out.
    """
    for table in _TABLES:
        file = Path(os.path.normpath(Path(path).parent / ".." / table))
        if not file.is_file() or name is None:
            continue
        try:
            found = _unseen_errors(file, name)
        except InputError as error:
            warnings.warn(f"{error}; the errors in it are not shown", stacklevel=2)
            continue
        rows = []
        for n_sites in sorted({key[0] for key in found}):
            words = [
                f"{_STAGES[stage]} {rmse:.1e} t0 ({100 * relative:.2g} %)"
                for (size, stage), (rmse, relative) in found.items()
                if size == n_sites
            ]
            rows.append((f"unseen, N = {n_sites}", ", ".join(words)))
        if rows:
            heading = f"rms (share of the rms torque) on structures that it was not trained on, from {file}:"
            return [("torque errors", heading), *rows]
    return []


def _unseen_errors(file, name):
    """Return {(number of sites, stage): (rms error [t0], relative error)} of a model on unseen structures."""
    try:
        with open(file, newline="", encoding="utf-8") as stream:
            table = csv.DictReader(stream)
            columns = table.fieldnames or []
            ours = [one for one in table if one.get("model") == name]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{file}: not a readable table ({error})") from None
    missing = [column for column in _COLUMNS if column not in columns]
    if missing:
        has = f"has {', '.join(columns)}" if columns else "is empty"
        raise InputError(f"{file}: column '{missing[0]}' is missing; it {has}")
    found = {}
    # A committee stands for its members; a linear model has none.
    for member in ("single", "committee", "-", ""):
        for one in ours:
            unseen = one["set"] not in ("training", "validation") and one["stage"] in _STAGES
            if unseen and one.get("member", "") == member:
                n_sites, *errors = (_number(file, one, column) for column in ("n_sites", "rmse", "relative"))
                found[int(n_sites), one["stage"]] = errors
    return found


def _number(file, row, column):
    try:
        value = float(row[column])
    except (TypeError, ValueError):  # nothing, or words
        value = math.nan
    if not math.isfinite(value):
        which = ", ".join(row[key] for key in ("model", "set", "stage"))
        raise InputError(f"{file}: {column} = {row[column]!r} for {which}; expected a finite number")
    return value
