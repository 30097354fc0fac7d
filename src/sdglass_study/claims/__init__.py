"""Statements of the paper beside our numbers: a claim is data and a small function that measures it.

A module of this folder registers its claims by itself, and nothing else has to know of them::

    @claim(
        id="gapless",
        statement="The electrons have no gap",
        where="Fig. 2",
        rule="reproduced if the gap is below 0.05 t0",
        target="fig2",
        tables="electrons",
    )
    def gapless(tables):
        row = tables.row("electrons", quantity="gap")
        return Measured(f"{row['value']:.2f} t0", f"{row['standard_error']:.2g} t0", grade(row["value"] < 0.05))

The verdict follows from the tables by the rule that is written beside it; nobody edits it. It is about the paper's
magnet (`sdglass_study.paper`): of another one the same is measured, under the first line of the docstring, and
nothing is judged, but for the claims of a user's own files.
"""

import inspect
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdglass.errors import InputError
from sdglass.registry import Registry
from sdglass_study.text import model_words, rounded

CLAIMS = Registry("claim", "sdglass_study.claims")
VERDICTS = (
    "reproduced",
    "partly",
    "depends on the damping",
    "depends on the analysis",
    "depends on the activation",
    "not reproduced",
)
MEASURED = "measured"  # instead of a verdict, of another magnet than the paper's
COLUMNS = ("id", "statement", "where", "value", "uncertainty", "verdict", "rule", "target", "note")


@dataclass(frozen=True)
class Measured:
    """What a study finds.

    Attributes
    ----------
    value, uncertainty : str
        With unit, and what limits it; given as text or as a list of parts.
    verdict : str
        One of `VERDICTS`, computed by the claim's rule.
    note : str
        What a reader should know besides, where that depends on the numbers.
    """

    value: str
    uncertainty: str
    verdict: str
    note: str = ""

    def __post_init__(self):
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict {self.verdict!r}; expected one of {', '.join(VERDICTS)}")
        for name in ("value", "uncertainty"):
            text = getattr(self, name)
            text = text if isinstance(text, str) else "; ".join(text)
            object.__setattr__(self, name, text)
            if not text or "nan" in text.split():
                raise InputError(f"{name} {text!r}: could not be measured; a claim needs a number")


@dataclass(frozen=True)
class Claim:
    """One statement of the paper.

    Attributes
    ----------
    id : str
        Short name.
    measure : callable
        ``measure(tables)`` returns `Measured`, or None if there is nothing to measure; ``tables`` is a `Tables`. The
        first line of its docstring names the quantity.
    statement, where : str
        What the paper says, and where, with its value.
    rule : str
        How the verdict follows from the data.
    target : str
        Figure or table of the workflow that holds the numbers.
    tables : str
        What it is measured from, names separated by blanks; a study without them has no such claim.
    models : str
        Those that it is about: a study that has not fitted them has no such claim either.
    note : str
        What a reader should know besides.
    order : float
        Place among all claims; those of one place come as they are written.
    magnet : str
        What it is about, if not the paper's magnet: it is judged wherever its tables are.
    """

    id: str
    measure: object
    statement: str
    where: str
    rule: str
    target: str
    tables: str
    models: str = ""
    note: str = ""
    order: float = 9.0
    magnet: str = ""

    def __post_init__(self):
        # The registry tells by these two whether a name is registered again by its own module.
        vars(self).update(__module__=self.measure.__module__, __qualname__=self.measure.__qualname__)

    @property
    def of_paper(self):
        """Whether it is about the paper's magnet: most of this folder are, a user's own claims need not be."""
        return self.measure.__module__.startswith(__name__) and not self.magnet

    @property
    def quantity(self):
        """What is measured, whatever the paper says of it."""
        return (inspect.getdoc(self.measure) or self.id).partition("\n")[0].rstrip(".")


def claim(*, id, **data):
    """Return a decorator that registers ``measure(tables)`` as a claim; `data` are the other fields of `Claim`."""

    def register(measure):
        CLAIMS.register(id)(Claim(id, measure, **data))
        return measure

    return register


def judged(tables, only=None):
    """Return the claims of a study as rows (dictionaries of `COLUMNS`), in their order.

    Of another magnet than the paper's a row has the quantity for its statement, what was measured, and the verdict
    `MEASURED`; what the paper says, the rule and the note are empty. A user's own claims are judged in any case.

    Parameters
    ----------
    tables : Tables
    only : collection of str, optional
        Names of the claims that a study is judged by; all whose tables there are by default.

    Raises
    ------
    InputError
        If a claim whose tables are there cannot be measured.
    """
    rows = []
    for stated in sorted(CLAIMS.values(), key=lambda stated: stated.order):
        if not all(name in tables for name in stated.tables.split()) or stated.id not in (only or CLAIMS):
            continue
        if stated.models and not set(stated.models.split()) <= set(tables["models"]["model"]):
            continue
        judging = tables.of_paper or not stated.of_paper
        try:
            found = stated.measure(tables)
        except InputError as error:
            if judging:
                raise InputError(f"claim {stated.id}: {error}") from None
            # Another magnet need not have what the paper speaks of: a sign change, say.
            rows.append(_quantity(stated, "none", str(error)))
            continue
        if found is not None and judging:
            row = {name: getattr(found if hasattr(found, name) else stated, name) for name in COLUMNS}
            rows.append(row | {"note": " ".join(part for part in (stated.note, found.note) if part)})
        elif found is not None:
            rows.append(_quantity(stated, found.value, found.uncertainty))
    return rows


def _quantity(stated, value, uncertainty):
    """Return the row of a claim that is measured and not judged."""
    row = {"id": stated.id, "statement": stated.quantity, "value": value, "uncertainty": uncertainty}
    return dict.fromkeys(COLUMNS, "") | row | {"verdict": MEASURED, "target": stated.target}


class Tables:
    """The tables of a study, read when a claim asks for them.

    Parameters
    ----------
    files : iterable of path
        CSV files; the name of a table is that of its file.
    confidence : float
        Probability inside the tables' intervals.
    labels : dict, optional
        {model: label}.
    of_paper : bool
        Whether they are of the paper's magnet; otherwise nothing is compared with the paper.
    """

    def __init__(self, files, confidence=0.95, labels=None, of_paper=True):
        self.files = {Path(file).stem: Path(file) for file in files}
        self.level = f"{100 * confidence:g} %"
        self.labels, self.of_paper = dict(labels or {}), of_paper
        self._frames = {}

    def __contains__(self, name):
        return name in self._frames or name in self.files

    def __getitem__(self, name):
        """Return the pandas frame of ``NAME.csv``."""
        if name not in self._frames:
            import pandas as pd

            if name not in self.files or not self.files[name].is_file():
                raise InputError(f"{name}.csv: no such table; expected one of the study's tables")
            try:
                self._frames[name] = pd.read_csv(self.files[name])
            except ValueError as error:  # pandas' parser and empty-file errors
                raise InputError(f"{self.files[name]}: not a readable table ({error}); make it again") from None
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
            if column not in frame:
                raise InputError(
                    f"{name}.csv: column '{column}' is missing; it holds {', '.join(map(str, frame))}"
                )
            frame = frame[frame[column] == value]
        if frame.empty:
            wanted = ", ".join(f"{column} = {value}" for column, value in where.items())
            raise InputError(f"{name}.csv: no row with {wanted}")
        return frame

    def row(self, name, **where):
        """Return the first row (a pandas series) that matches."""
        return self.rows(name, **where).iloc[0]

    def label(self, model):
        """Return what a model is called."""
        return model_words(model, self.labels)

    def interval(self, low, high):
        """Return an interval as text, or the reason why there is none."""
        if not (np.isfinite(low) and np.isfinite(high)):
            return "no interval: the event is missing in most resamples"
        _, low, high = rounded(0.5 * (low + high), low, high)
        return f"{self.level} interval {low} to {high}"


def grade(good, partial=False):
    """Return reproduced, partly or not reproduced."""
    return "reproduced" if good else ("partly" if partial else "not reproduced")
