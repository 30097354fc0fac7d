"""The page itself: figures, claims and tables of a study, handed to a template that tells the story."""

import base64
import json
from pathlib import Path

import jinja2

from sdglass.errors import InputError
from sdglass_study.claims import MEASURED, VERDICTS, Tables
from sdglass_study.figures import FIGURES
from sdglass_study.figures._tables import read_table
from sdglass_study.report.runtimes import job_times, runtimes
from sdglass_study.report.sentences import sentences
from sdglass_study.report.typeset import typeset
from sdglass_study.text import cell

LONGEST_TABLE = 80  # rows; longer ones are in the figures
STORY = ("method", "data", "models", "dynamics", "growth")  # chapters of the template; the others come last
# What a reader wants to know first, by the claims' names.
HEADLINES = ("metallic", "sigma", "beyond-pair", "ml-equals-ed", "freezing", "psi")
_CLAIMS = "id:str statement:str where:str value:str uncertainty:str verdict:str rule:str target:str note:str"
_BADGES = {"reproduced": "good", "not reproduced": "bad"}  # what is neither is fair


def render(template, figures, tables, claims, *, study, about="", options="", labels=None, confidence=0.95,
           seed=None, differences=(), numbers=None, film=False, provenance=None, benchmarks=None,
           archived_runtimes=None):  # fmt: skip
    """Return the report as one HTML page that loads nothing.

    Parameters
    ----------
    template : path
        Of Jinja2; its values are escaped.
    figures, tables : iterable of path
        ``NAME.png`` and ``NAME.csv``.
    claims, provenance : path
        CSV as from `sdglass_study.claims.judged`, and JSON.
    about : str
        What the study is about, if not the paper: the page then tells of figures and claims alone.
    options : str
        What snakemake is given besides the target, such as ``--configfile workflow/presets/quick.yaml``.
    differences : list of str
        In what the magnet is not the paper's; of another one nothing is said about whether the paper is right.
    numbers : dict, optional
        {station of the method: lines of text below its picture}.
    film : bool
        Whether ``film.gif`` lies beside the page.
    benchmarks, archived_runtimes : path, optional
        As in `sdglass_study.report.runtimes.job_times`.
    """
    template = Path(template)
    if not template.is_file():
        raise InputError(f"{template}: no such file; expected the template of the report")
    how = {"autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(template.parent), **how)
    environment.filters["typeset"] = typeset
    of_paper = not differences
    tables = Tables(tables, confidence, labels, of_paper)
    rows = claim_rows(claims)
    verdicts = [row["verdict"] for row in rows]
    return environment.get_template(template.name).render(
        study=study,
        about=about,
        seed=seed,
        options=options,
        differences=() if about else differences,
        numbers=numbers or {},
        film=film,
        claims=rows,
        headlines=[row for name in HEADLINES for row in rows if row["id"] == name],
        tally=[(verdict, _badge(verdict), count) for verdict in VERDICTS if (count := verdicts.count(verdict))],
        chapters=chapters(figures, rows, options, of_paper),
        facts=facts(provenance),
        times=runtimes(job_times(benchmarks, archived_runtimes)),
        tables=[shown_table(name, tables[name]) for name in sorted(tables.files)],
        **sentences(tables),
    )


def claim_rows(path):
    """Return the claims as dictionaries of text, with ``css`` for the badge of the verdict."""
    rows = read_table(path, _CLAIMS, empty=True).to_dict("records")
    for row in rows:
        if row["verdict"] not in (*VERDICTS, MEASURED):
            raise InputError(
                f"{path}: verdict {row['verdict']!r} of {row['id']}; expected one of {', '.join(VERDICTS)}"
            )
        row["css"] = _badge(row["verdict"])
    return rows


def _badge(verdict):
    return _BADGES.get(verdict, "fair")


def chapters(figures, claims, options="", of_paper=True):
    """Return {chapter: [figure as a dictionary for the template]}, each chapter in its order.

    Claims whose target is a figure, or one of its tables, stand beside it.
    """
    drawn = [(FIGURES[Path(path).stem], Path(path)) for path in figures]
    result = {chapter: [] for chapter in (*STORY, "more")}
    for figure, path in sorted(drawn, key=lambda pair: (pair[0].order, pair[0].name)):
        names = [*figure.tables, *figure.optional]
        title, caption = (not of_paper and figure.elsewhere) or (figure.title, figure.caption)
        targets = {figure.name, *(f"{name}.csv" for name in names)}
        result[figure.chapter if figure.chapter in STORY else "more"].append(
            {
                "name": figure.name,
                "title": title,
                "caption": caption,
                "image": _data_url(path),
                "tables": [f"{name}.csv" for name in names],
                "command": " ".join(word for word in ("snakemake", figure.name, "--cores N", options) if word),
                "claims": [row for row in claims if Path(row["target"]).name in targets],
            }
        )
    return result


def _data_url(path):
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a figure of the study")
    data = path.read_bytes()
    if not data.startswith(b"\x89PNG"):
        raise InputError(f"{path}: not a PNG image; draw the figure again")
    return "data:image/png;base64," + base64.b64encode(data).decode()


def shown_table(name, frame):
    """Return name, rows, columns (with whether they are numbers), and the cells if the table is short."""
    short = len(frame) <= LONGEST_TABLE
    return {
        "name": f"{name}.csv",
        "rows": len(frame),
        "columns": [(str(column), frame[column].dtype.kind in "if") for column in frame],
        "cells": [[cell(value) for value in row] for row in frame.itertuples(index=False)] if short else None,
    }


def facts(path):
    """Return (name, value) of the scalars of a JSON object and of its objects; none without a file."""
    if path is None:
        return []
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a JSON file ({error}); make it again") from None
    flat = {}
    for name, value in content.items():
        inside = value if isinstance(value, dict) else {name: value}
        # Digests of files are for machines.
        flat |= {key: cell(part) for key, part in inside.items() if name not in ("files", "inputs", "rules")}
    return list(flat.items())
