"""How accurate a model of a study is: what the tables of that study say about it."""

import csv
import os
from pathlib import Path

# Tables below results/<study>/, and what their stages are; the first that holds the model is shown.
_TABLES = {
    "tables/torque_errors.csv": {"random": "random spins", "frozen": "frozen states"},
    "tables/locator_errors.csv": {"random": "random spins", "frozen": "descended states"},
}


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
    """
    for table, stages in _TABLES.items():
        file = Path(os.path.normpath(Path(path).parent / ".." / table))
        if not file.is_file() or name is None:
            continue
        with open(file, newline="", encoding="utf-8") as stream:
            ours = [one for one in csv.DictReader(stream) if one.get("model") == name]
        found = {}
        # A committee stands for its members; a linear model has none.
        for member in ("single", "committee", "-", ""):
            for one in ours:
                unseen = one["set"] not in ("training", "validation") and one["stage"] in stages
                if unseen and one.get("member", "") == member:
                    found[int(one["n_sites"]), one["stage"]] = one
        rows = []
        for n_sites in sorted({key[0] for key in found}):
            words = [
                f"{stages[stage]} {float(one['rmse']):.1e} t0 ({100 * float(one['relative']):.2g} %)"
                for (size, stage), one in found.items()
                if size == n_sites
            ]
            rows.append((f"unseen, N = {n_sites}", ", ".join(words)))
        if rows:
            heading = f"rms (share of the rms torque) on structures that it was not trained on, from {file}:"
            return [("torque errors", heading), *rows]
    return []
