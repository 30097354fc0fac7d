"""The page itself: everything that it shows, gathered from files of the study and handed to the template.

The words that depend on numbers are chosen in this package, the layout and the story are in the template.
"""

from dataclasses import dataclass
from pathlib import Path

import jinja2
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sdglass.errors import InputError
from sdglass_study.claims.psi import psi_paragraph
from sdglass_study.claims.table import Tables
from sdglass_study.config import load_config
from sdglass_study.figures.networks import named, network_names
from sdglass_study.figures.registry import FIGURES
from sdglass_study.report.cells import cell, typeset
from sdglass_study.report.chapters import chapters
from sdglass_study.report.claims import claim_rows, headlines, tally
from sdglass_study.report.locator import locator_story
from sdglass_study.report.made import command, record, rule_of
from sdglass_study.report.networks import driver_words, networks_used
from sdglass_study.report.pipeline import stations
from sdglass_study.report.runtimes import KEPT, runtimes
from sdglass_study.report.torque import beats_pair_model, error_table, summary, training_words

# Longer tables are in the figures; the page gives their size.
LONGEST_TABLE = 80


@dataclass(frozen=True)
class Results:
    """Where the files of a study are.

    Attributes
    ----------
    tables, figures : path
        Folders of ``*.csv`` and of ``NAME.png``.
    claims : path
        ``claims.csv``; left out of the page if it does not exist.
    provenance : path or None
        JSON record.
    benchmarks : path or None
        Folder of Snakemake's benchmark files, ``RULE/*.tsv`` or ``RULE.tsv``.
    config : path or None
        The configuration of the study; settings are not named in the page if it does not exist.
    runtimes : path or None
        Times of jobs that ran in other checkouts, `sdglass_study.report.runtimes.KEPT`.
    """

    tables: Path
    figures: Path
    claims: Path
    provenance: Path | None = None
    benchmarks: Path | None = None
    config: Path | None = None
    runtimes: Path | None = None

    @classmethod
    def of_study(cls, folder, provenance=None):
        """Return the places inside ``results/<study>``."""
        folder = Path(folder)
        return cls(
            folder / "tables",
            folder / "figures",
            folder / "claims.csv",
            provenance,
            folder / "benchmarks",
            folder / "config.yaml",
            folder / KEPT,
        )


def render(results, template, options=""):
    """Return the page as text.

    Parameters
    ----------
    results : Results
    template : path
        Jinja2 template; its values are escaped.
    options : str
        What snakemake is given besides the target, such as ``--configfile workflow/scales/quick.yaml``.

    Raises
    ------
    InputError
        If the template or a file that exists cannot be read or lacks a column.
    """
    template = Path(template)
    if not template.is_file():
        raise InputError(f"{template}: no such file; expected the template of the report")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = typeset
    config = settings(results.config)
    with named(network_names(config)):
        content = _content(results, config, options)
    return environment.get_template(template.name).render(**content)


def _content(results, config, options):
    """Return what the template shows, by name."""
    made = record(results.provenance)
    study = config.get("study", Path(results.tables).parent.name)
    claims = claim_rows(results.claims)
    for row in claims:
        row["made_by"], row["command"] = _behind(row["target"], made["rules"], study, options)
    words = interval_words(config)
    sentences = beats_pair_model(results.tables, words)
    return {
        "stations": stations(config, networks_used(config, results.tables)),
        "study": study,
        "seed": config.get("seed"),
        "options": options,
        "claims": claims,
        "headlines": headlines(claims),
        "tally": tally(claims),
        "chapters": chapters(results, claims, made["rules"], config, study, options),
        "torque": error_table(results.tables),
        "interval": words,
        "training": training_words(config),
        "verdict": sentences,
        "verdict_summary": summary(sentences),
        "driver": driver_words(config, results.tables),
        "film": (Path(results.tables).parent / "film.gif").is_file(),
        "locator": locator_story(results.tables),
        "exponent": exponent_words(results.tables, config),
        "record": made,
        "times": runtimes(results.benchmarks, results.runtimes, config.get("resources", {}).get("threads")),
        "tables": table_entries(results.tables, made["rules"]),
    }


def _behind(target, rules, study, options):
    """Return the rules that make the tables behind a claim's target, and the command that makes the target."""
    name = Path(target).stem
    if not target:
        return [], ""
    tables = [f"{name}.csv"] if target.endswith(".csv") else FIGURES[name].tables if name in FIGURES else []
    made_by = [rule_of(f"tables/{table}", rules) for table in tables]
    return list(dict.fromkeys(rule for rule in made_by if rule)), command(target, study, options)


def exponent_words(folder, config):
    """Return what to believe about the barrier exponent, or None without its tables."""
    wanted = [Path(folder) / f"{name}.csv" for name in ("psi_multiverse", "psi_units")]
    if not all(path.is_file() for path in wanted):
        return None
    return psi_paragraph(Tables(folder, config.get("analysis", {}).get("confidence", 0.95)))


def settings(path):
    """Return the configuration of the study; empty if its file does not exist."""
    return load_config(path) if path is not None and Path(path).is_file() else {}


def interval_words(config):
    """Return what the intervals are called: "95 % interval", or "interval" if their level is not known."""
    level = config.get("analysis", {}).get("confidence")
    return "interval" if level is None else f"{100 * level:g} % interval"


def table_entries(folder, rules=()):
    """Return a dictionary per CSV file: name, rule that writes it, rows, columns, and the cells if it is short."""
    entries = []
    for path in sorted(Path(folder).glob("*.csv")):
        try:
            frame = pd.read_csv(path)
        except ValueError as error:
            raise InputError(f"{path}: not a readable table ({error}); make it again") from None
        short = len(frame) <= LONGEST_TABLE
        cells = [[cell(value) for value in row] for row in frame.itertuples(index=False)] if short else None
        numeric = [is_numeric_dtype(frame[column]) for column in frame]
        entries.append(
            {
                "name": path.name,
                "rule": rule_of(f"tables/{path.name}", rules),
                "rows": len(frame),
                "columns": list(zip(map(str, frame), numeric, strict=True)),
                "cells": cells,
            }
        )
    return entries
