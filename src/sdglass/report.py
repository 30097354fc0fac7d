"""The report of a study: one HTML page with its figures inside, readable without a network.

Everything comes from files of the study (tables, figures, claims, provenance, benchmarks); the words that
depend on numbers are chosen here, the layout is in the template.
"""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sdglass.claims.psi import psi_paragraph
from sdglass.claims.table import Tables
from sdglass.config import load_config
from sdglass.errors import InputError
from sdglass.plotting.registry import FIGURES
from sdglass.plotting.tables import read_csv, read_table

# Longer tables are in the figures; the page gives their size.
LONGEST_TABLE = 80
VERDICT_CLASSES = {"reproduced": "good", "partly": "fair", "depends on": "fair", "not reproduced": "bad"}
_CLAIM_COLUMNS = ("claim", "paper", "ours", "verdict")
_STAGES = ("random", "relaxed", "frozen", "all")
# Fewer realizations than this give an interval that is hardly one.
FEWEST_REALIZATIONS = 3
_OUTCOMES = {
    "better": ("good", "The network beats the pair model"),
    "worse": ("bad", "The network is worse than the pair model"),
    "no clear difference": ("fair", "No clear difference between network and pair model"),
    "too few realizations": ("plain", "Too few realizations to compare network and pair model"),
}


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
    """

    tables: Path
    figures: Path
    claims: Path
    provenance: Path | None = None
    benchmarks: Path | None = None
    config: Path | None = None

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
        )


def render(results, template):
    """Return the page as text.

    Parameters
    ----------
    results : Results
    template : path
        Jinja2 template; its values are escaped.

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
    claims = claim_rows(results.claims)
    config = settings(results.config)
    torque = error_table(results.tables)
    return environment.get_template(template.name).render(
        claims=claims,
        tally=tally(claims),
        figures=figure_entries(results, claims),
        torque=torque,
        interval=(words := interval_words(config)),
        training=training_words(config),
        verdict=(sentences := beats_pair_model(results.tables, words)),
        verdict_summary=summary(sentences),
        exponent=exponent_words(results.tables, config),
        record=record(results.provenance),
        runtimes=runtimes(results.benchmarks),
        tables=table_entries(results.tables),
    )


def exponent_words(folder, config):
    """Return what to believe about the barrier exponent, or None without its tables."""
    wanted = [Path(folder) / f"{name}.csv" for name in ("psi_multiverse", "psi_units")]
    if not all(path.is_file() for path in wanted):
        return None
    return psi_paragraph(Tables(folder, config.get("analysis", {}).get("confidence", 0.95)))


def claim_rows(path):
    """Return the rows of claims.csv as dictionaries of text, with ``css`` for the badge; empty without a file."""
    if not Path(path).is_file():
        return []
    frame = read_csv(path, _CLAIM_COLUMNS)
    rows = [{key: _cell(value) for key, value in row.items()} for row in frame.to_dict("records")]
    for row in rows:
        row["css"] = VERDICT_CLASSES.get(row["verdict"].strip().lower(), "plain")
        if not row.get("uncertainty") and row.get("low") and row.get("high"):
            row["uncertainty"] = f"{row['low']} to {row['high']}"
    return [{"uncertainty": "", "rule": "", "target": "", "note": ""} | row for row in rows]


def tally(claims):
    """Return (verdict, css, count) for every verdict that occurs, the known ones first."""
    known = list(VERDICT_CLASSES)
    verdicts = sorted({row["verdict"] for row in claims}, key=lambda v: (known.index(v) if v in known else 9, v))
    return [(v, VERDICT_CLASSES.get(v, "plain"), sum(row["verdict"] == v for row in claims)) for v in verdicts]


def figure_entries(results, claims):
    """Return one dictionary per figure of the registry: name, title, caption, tables, image or reason, claims."""
    entries = []
    for name, figure in FIGURES.items():
        image = Path(results.figures) / f"{name}.png"
        entries.append(
            {
                "name": name,
                "title": figure.title,
                "caption": figure.caption,
                "tables": [*figure.tables, *figure.optional],
                "image": _data_url(image) if image.is_file() else None,
                "claims": [row for row in claims if _supports(figure, name, row["target"])],
            }
        )
    return entries


def _supports(figure, name, target):
    """Whether the target of a claim is the figure or one of its tables."""
    return Path(target).name in {name, f"{name}.png", f"{name}.pdf", *figure.tables, *figure.optional}


def _data_url(path):
    data = path.read_bytes()
    if not data.startswith(b"\x89PNG"):
        raise InputError(f"{path}: not a PNG image; draw the figure again")
    return "data:image/png;base64," + base64.b64encode(data).decode()


def torque_errors(folder):
    """Return torque_errors.csv with ``kind`` (pair, linear, network, committee); None if it does not exist.

    ``single`` (or numbered) members are networks on their own. Of several variants of the network the one that
    drives the dynamics, ``bond``, is taken, or else the first.
    """
    if not (Path(folder) / "torque_errors.csv").is_file():
        return None
    frame = read_table(folder, "torque_errors.csv")
    kind = frame.model.where(frame.model.isin(["pair", "linear"]), "network")
    kind = kind.mask((kind == "network") & (frame.member == "committee"), "committee")
    variants = list(dict.fromkeys(frame.model[kind.isin(["network", "committee"])]))
    variant = "bond" if "bond" in variants else (variants or [None])[0]
    frame = frame.assign(kind=kind)
    return frame[(frame.model == variant) | frame.model.isin(["pair", "linear"])]


def error_table(folder):
    """Return the torque errors as rows for the page: sets and stages down, kinds of models across.

    Single networks are averaged (root of the mean square), with no interval, if there are several.

    Returns
    -------
    dict or None
        ``kinds``: columns; ``rows``: dictionaries with set, stage, rms, cells ({kind: cell}). A cell has text,
        interval, relative error and whether it is the smallest of its row.
    """
    frame = torque_errors(folder)
    if frame is None:
        return None
    kinds = [kind for kind in ("pair", "linear", "network", "committee") if (frame.kind == kind).any()]
    rows = []
    known = ("training", "validation", "unseen", "large")
    for which in sorted(set(frame.set), key=lambda s: (known.index(s) if s in known else 9, s)):
        for stage in [s for s in _STAGES if s in set(frame.stage)]:
            some = frame[(frame.set == which) & (frame.stage == stage)]
            cells = {kind: _error_cell(some[some.kind == kind]) for kind in kinds}
            present = [cell for cell in cells.values() if cell]
            if present:
                best = min(cell["value"] for cell in present)
                for cell in present:
                    cell["best"] = cell["value"] == best
                size = f"{some.n_sites.iloc[0]:g}"
                rows.append({"set": which, "stage": stage, "n_sites": size, "rms": _scientific(some.rms.median()),
                             "cells": cells})  # fmt: skip
    return {"kinds": kinds, "rows": rows, "variant": _variant(frame)}


def _variant(frame):
    networks = frame.model[frame.kind.isin(["network", "committee"])]
    return networks.iloc[0] if len(networks) else None


def _error_cell(rows):
    rows = rows[np.isfinite(rows.rmse)]
    if rows.empty:
        return None
    value = float(np.sqrt(np.mean(rows.rmse**2)))
    one = rows.iloc[0]
    interval = ""
    if len(rows) == 1 and np.isfinite(one.low) and np.isfinite(one.high):
        interval = f"{_scientific(one.low)} to {_scientific(one.high)}"
    relative = f"{100 * value / one.rms:.1f} %" if one.rms > 0 else ""
    return {"value": value, "text": _scientific(value), "interval": interval, "relative": relative}


def settings(path):
    """Return the configuration of the study; empty if its file does not exist."""
    return load_config(path) if path is not None and Path(path).is_file() else {}


def interval_words(config):
    """Return what the intervals are called: "95 % interval", or "interval" if their level is not known."""
    level = config.get("analysis", {}).get("confidence")
    return "interval" if level is None else f"{100 * level:g} % interval"


def training_words(config):
    """Return sentences on what the models have seen, which a comparison of their errors has to allow for."""
    network = config.get("network", {})
    folds = network.get("folds")
    part = f"{folds - 1} of {folds}" if folds else "all but one of the"
    words = [
        "Pair and linear model are fitted to all training realizations; a committee has seen all of them too, a "
        f"single network {part} folds."
    ]
    if network.get("linear_term"):
        words.append(
            "The network contains a linear model that starts from the least-squares one (network.linear_term), so "
            "that its error begins there and what it gains is the correction."
        )
    return " ".join(words)


def beats_pair_model(folder, interval="interval"):
    """Return sentences that say plainly whether the network is better than the pair model, one per set and stage.

    Judged by paired.csv, the ratio of the errors on the same realizations: better if its interval lies below
    one, worse if above.

    Parameters
    ----------
    folder : path
        Of the tables.
    interval : str
        What an interval is called.

    Returns
    -------
    list of dict
        set, stage, outcome ("better", "worse", "no clear difference", "too few realizations"), css, text; only
        sets that the models were not trained on, and stage "all" only if there is no other.
    """
    if not (Path(folder) / "paired.csv").is_file():
        return []
    frame = read_table(folder, "paired.csv")
    frame = frame[(frame.numerator == "bond") & (frame.denominator == "pair") & np.isfinite(frame.ratio)]
    stages = [s for s in _STAGES if s in set(frame.stage)]
    stages = [s for s in stages if s != "all"] or stages
    errors = torque_errors(folder)
    sentences = []
    for which in ("unseen", "large"):
        for stage in stages:
            for _, row in frame[(frame.set == which) & (frame.stage == stage)].head(1).iterrows():
                sentences.append(_compare(row, errors, interval))
    return sentences


def summary(sentences):
    """Return one sentence on the sentences of `beats_pair_model`."""
    counts = {outcome: sum(s["outcome"] == outcome for s in sentences) for outcome in _OUTCOMES}
    judged = len(sentences) - counts["too few realizations"]
    if judged == 0:
        answer = "Too few realizations to say"
    elif counts["better"] == judged:
        answer = "Yes"
    elif counts["worse"] == judged:
        answer = "No, the network is worse"
    elif counts["better"] == 0:
        answer = "No"
    else:
        answer = "Only in part"
    left_out = counts["too few realizations"]
    return (
        f"{answer}: on structures that it was not trained on the network is better in {counts['better']} of "
        f"{judged} comparisons, worse in {counts['worse']}, and not clearly different in "
        f"{counts['no clear difference']}"
        + (
            f"; {left_out} rest on fewer than {FEWEST_REALIZATIONS} realizations and are not counted."
            if left_out
            else "."
        )
    )


def _compare(row, errors, interval):
    ends = f"{row.low:.3f} to {row.high:.3f}, {interval} over {row.realizations:g} realizations"
    if row.realizations < FEWEST_REALIZATIONS or not np.isfinite([row.low, row.high]).all():
        outcome, ends = "too few realizations", f"{row.realizations:g} realizations"
    elif row.high < 1:
        outcome = "better"
    elif row.low > 1:
        outcome = "worse"
    else:
        outcome = "no clear difference"
    css, verb = _OUTCOMES[outcome]
    place = {"unseen": "unseen structures", "large": "large structures"}[row.set]
    text = f"{verb} for {row.stage} states of {place}: ratio of torque errors {row.ratio:.3f} ({ends})."
    return {
        "set": row.set,
        "stage": row.stage,
        "outcome": outcome,
        "css": css,
        "text": text + _relative(row, errors),
    }


def _relative(row, errors):
    """Return the errors of committee and pair model relative to the torque, as a sentence if both are known."""
    if errors is None:
        return ""
    some = errors[(errors.set == row.set) & (errors.stage == row.stage) & np.isfinite(errors.relative)]
    shares = [some.relative[some.kind == kind] for kind in ("committee", "pair")]
    if any(share.empty for share in shares):
        return ""
    committee, pair = (100 * share.iloc[0] for share in shares)
    return f" Relative to the torque: {committee:.1f} % (committee) against {pair:.1f} %."


def record(path):
    """Return the provenance as {"facts": [(name, value)], "rules": [...], "lists": [(name, [(key, value)])]}.

    Scalars become facts, mappings lists; an entry ``rules``, a list of mappings with rule, output, command and
    seed, becomes a table.
    """
    empty = {"facts": [], "rules": [], "lists": []}
    if path is None:
        return empty
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; expected the JSON provenance of the study")
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); make it again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a JSON object")
    for key, value in content.items():
        if key == "rules" and isinstance(value, list):
            fields = ("rule", "output", "command", "seed")
            empty["rules"] = [{f: _cell(row.get(f, "")) for f in fields} for row in value]
        elif isinstance(value, dict):
            empty["lists"].append((key, [(k, _cell(v)) for k, v in value.items()]))
        else:
            empty["facts"].append((key, _cell(value)))
    return empty


def runtimes(folder):
    """Return a row per rule from Snakemake's benchmark files: jobs, hours in all, longest job, peak memory.

    Times differ from run to run and from machine to machine; they are for orientation.
    """
    rows = {}
    files = sorted(Path(folder).rglob("*.tsv")) if folder is not None else []
    for path in files:
        try:
            frame = pd.read_csv(path, sep="\t")
        except ValueError:  # an interrupted job leaves an empty file
            continue
        if "s" not in frame:
            continue
        inside = path.relative_to(folder)
        rule = inside.parts[0] if len(inside.parts) > 1 else inside.stem
        rows.setdefault(rule, []).append(
            [pd.to_numeric(frame.get(c, np.nan), errors="coerce") for c in ("s", "max_rss")]
        )
    result = []
    for rule, jobs in rows.items():
        seconds = np.array([np.nansum(job[0]) for job in jobs])
        memory = [np.nanmax(job[1]) for job in jobs if np.isfinite(job[1]).any()]
        result.append(
            {
                "rule": rule,
                "jobs": len(jobs),
                "total": _duration(seconds.sum()),
                "longest": _duration(seconds.max()),
                "memory": f"{max(memory):.0f} MB" if memory else "",
                "seconds": float(seconds.sum()),
            }
        )
    return sorted(result, key=lambda row: (-row["seconds"], row["rule"]))


def table_entries(folder):
    """Return one dictionary per CSV file: name, number of rows, columns, and the cells if it is short."""
    entries = []
    for path in sorted(Path(folder).glob("*.csv")):
        try:
            frame = pd.read_csv(path)
        except ValueError as error:
            raise InputError(f"{path}: not a readable table ({error}); make it again") from None
        short = len(frame) <= LONGEST_TABLE
        cells = [[_cell(value) for value in row] for row in frame.itertuples(index=False)] if short else None
        numeric = [is_numeric_dtype(frame[column]) for column in frame]
        entries.append(
            {"name": path.name, "rows": len(frame), "columns": list(zip(map(str, frame), numeric, strict=True)),
             "cells": cells}
        )  # fmt: skip
    return entries


def _cell(value):
    """Return a value as short text: numbers with four digits, nothing for NaN, JSON for nested data."""
    if isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, int | float | np.number):
        return "" if value != value else _plain(f"{value:.4g}" if abs(value) < 1e4 else f"{value:.6g}")
    if isinstance(value, dict | list):
        return json.dumps(value)
    return "" if value is None else str(value)


def _scientific(value):
    return _plain(f"{value:.2e}") if np.isfinite(value) else "–"


def _plain(text):
    """Write the exponent of a number as people do: 6.6e-04 as 6.6e-4."""
    return re.sub(r"e([+-])0*(\d)", lambda m: f"e{m[1].strip('+')}{m[2]}", text)


def _duration(seconds):
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
