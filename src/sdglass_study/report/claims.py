"""The table of claims as the page shows it."""

from pathlib import Path

from sdglass_study.claims.table import VERDICTS
from sdglass_study.figures.tables import read_csv
from sdglass_study.report.cells import cell

# In the order of `sdglass_study.claims.table.VERDICTS`; what is neither yes nor no is fair.
VERDICT_CLASSES = {verdict: "fair" for verdict in VERDICTS} | {"reproduced": "good", "not reproduced": "bad"}
# What a reader wants to know first, by the claims' names.
HEADLINES = ("metallic", "sigma", "beyond-pair", "ml-equals-ed", "freezing", "psi")
_COLUMNS = ("claim", "paper", "ours", "verdict")
_OPTIONAL = {"id": "", "uncertainty": "", "rule": "", "target": "", "note": ""}


def claim_rows(path):
    """Return the rows of claims.csv as dictionaries of text, with ``css`` for the badge; empty without a file."""
    if not Path(path).is_file():
        return []
    frame = read_csv(path, _COLUMNS)
    rows = [{key: cell(value) for key, value in row.items()} for row in frame.to_dict("records")]
    for row in rows:
        row["css"] = VERDICT_CLASSES.get(row["verdict"].strip().lower(), "plain")
        if not row.get("uncertainty") and row.get("low") and row.get("high"):
            row["uncertainty"] = f"{row['low']} to {row['high']}"
    return [_OPTIONAL | row for row in rows]


def headlines(claims):
    """Return the claims of `HEADLINES` that the study has, in that order."""
    by_name = {row["id"]: row for row in claims}
    return [by_name[name] for name in HEADLINES if name in by_name]


def tally(claims):
    """Return (verdict, css, count) for every verdict that occurs, the known ones first."""
    known = list(VERDICT_CLASSES)
    verdicts = sorted({row["verdict"] for row in claims}, key=lambda v: (known.index(v) if v in known else 9, v))
    return [(v, VERDICT_CLASSES.get(v, "plain"), sum(row["verdict"] == v for row in claims)) for v in verdicts]
