"""Judge the paper's statements from the tables of a study of its magnet; measure the same of another magnet."""

import pandas as pd

from sdglass.io import write_csv
from sdglass_study.claims import CLAIMS, COLUMNS, Tables, judged
from sdglass_study.paper import differences


def inputs(study):
    """Return all tables."""
    return {"tables": [path for names in study.tables().values() for path in study.table_files(*names)]}


def settings(study):
    """Return the study's name, the level of its intervals, what its models are called, and whose magnet it is."""
    return {
        "study": study.study,
        "confidence": study.statistics.confidence,
        "labels": study.model_labels(),
        "of_paper": not differences(study),
    }


def modules(study):
    """Return the modules of the claims."""
    return sorted({CLAIMS.module_of(name) for name in CLAIMS})


def run(inputs, outputs, settings):
    """Write ``outputs["claims"]``, a CSV file with a row per claim; a claim without a number is an error.

    Parameters
    ----------
    inputs : dict
        ``tables``: CSV files; claims that need others are not made.
    outputs : dict
    settings : dict
        ``study``, its name in targets that are tables; ``confidence`` of the tables' intervals; ``labels``,
        {model: label}, ``only``, names of the claims that are judged, and ``of_paper``, whether the magnet is the
        paper's, optional.
    """
    how = settings.get("confidence", 0.95), settings.get("labels"), settings.get("of_paper", True)
    tables = Tables(inputs["tables"], *how)
    rows = judged(tables, settings.get("only"))
    for row in rows:
        if row["target"].endswith(".csv"):
            row["target"] = f"results/{settings['study']}/tables/{row['target']}"
    write_csv(outputs["claims"], pd.DataFrame(rows, columns=list(COLUMNS)))
