"""What a claim is, the tables it is judged from, and the verdicts."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sdglass.errors import InputError
from sdglass_study.report.cells import rounded

VERDICTS = (
    "reproduced",
    "partly",
    "depends on the damping",
    "depends on the analysis",
    "depends on the activation",
    "not reproduced",
)


@dataclass(frozen=True)
class Claim:
    """One statement of the paper beside our number.

    Attributes
    ----------
    id : str
        Short name.
    claim, paper : str
        The statement and the paper's value.
    ours, uncertainty : str
        Our value with unit, and what limits it.
    verdict : str
        One of `VERDICTS`, computed by `rule`.
    rule : str
        How the verdict follows from the data.
    target : str
        Target that makes the numbers.
    note : str
        What a reader should know besides.
    """

    id: str
    claim: str
    paper: str
    ours: str
    uncertainty: str
    verdict: str
    rule: str
    target: str
    note: str

    def __post_init__(self):
        if self.verdict not in VERDICTS:
            raise ValueError(f"claim {self.id}: verdict {self.verdict!r}")
        empty = [name for name, value in asdict(self).items() if not value or "nan" in value.split()]
        if empty:
            raise InputError(f"claim {self.id}: {', '.join(empty)} could not be measured; a claim needs a number")


class Tables:
    """The tables of a study, read when a claim asks for them.

    Parameters
    ----------
    folder : path-like
        ``results/<study>/tables``.
    confidence : float
        Probability inside the tables' intervals.
    """

    def __init__(self, folder, confidence=0.95):
        self.folder = Path(folder)
        self.level = f"{100 * confidence:g} %"
        self._frames = {}

    def __getitem__(self, name):
        """Return the pandas frame of ``NAME.csv``."""
        if name not in self._frames:
            path = self.folder / f"{name}.csv"
            if not path.is_file():
                raise InputError(f"{path}: no such table; expected one of the study's tables")
            self._frames[name] = pd.read_csv(path)
        return self._frames[name]

    def rows(self, name, **where):
        """Return the rows of a table in which every named column has the given value.

        Raises
        ------
        InputError
            If there are none.
        """
        frame = self[name]
        for column, value in where.items():
            frame = frame[frame[column] == value]
        if frame.empty:
            wanted = ", ".join(f"{k} = {v}" for k, v in where.items())
            raise InputError(f"{self.folder / name}.csv: no row with {wanted}")
        return frame

    def row(self, name, **where):
        """Return the first row (a pandas series) that matches."""
        return self.rows(name, **where).iloc[0]


def grade(good, partial=False):
    """Return reproduced, partly or not reproduced."""
    return "reproduced" if good else ("partly" if partial else "not reproduced")


def interval(tables, low, high):
    """Return an interval as text, or the reason why there is none."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return "no interval: the event is missing in most resamples"
    _, low, high = rounded(0.5 * (low + high), low, high)
    return f"{tables.level} interval {low} to {high}"
