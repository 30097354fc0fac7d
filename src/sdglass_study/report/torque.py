"""The table of torque errors, and whether the network is better than the pair model, said plainly."""

import math
from pathlib import Path

import numpy as np

from sdglass_study.figures.networks import words_of
from sdglass_study.figures.style import label, set_words
from sdglass_study.figures.tables import read_table

_STAGES = ("random", "relaxed", "frozen", "all")
# Fewer realizations than this give an interval that is hardly one.
FEWEST_REALIZATIONS = 3
_OUTCOMES = {
    "better": ("good", "The {network} beats the pair model"),
    "worse": ("bad", "The {network} is worse than the pair model"),
    "no clear difference": ("fair", "No clear difference between {network} and pair model"),
    "too few realizations": ("plain", "Too few realizations to compare {network} and pair model"),
}


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
        ``kinds``: columns, {kind: words}; ``unit``: power of ten that all errors and torques are given in;
        ``rows``: dictionaries with words (what set it is), stage, n_sites, rms, cells ({kind: cell}). A cell has
        text, interval, relative error and whether it is the smallest of its row.
    """
    frame = torque_errors(folder)
    if frame is None:
        return None
    kinds = [kind for kind in ("pair", "linear", "network", "committee") if (frame.kind == kind).any()]
    errors = frame.rmse[np.isfinite(frame.rmse) & (frame.rmse > 0)]
    unit = math.floor(math.log10(errors.median())) if len(errors) else 0
    scale = 10.0**-unit
    rows = []
    known = ("training", "validation", "unseen", "large")
    for which in sorted(set(frame.set), key=lambda s: (known.index(s) if s in known else 9, s)):
        for stage in [s for s in _STAGES if s in set(frame.stage)]:
            some = frame[(frame.set == which) & (frame.stage == stage)]
            cells = {kind: _error_cell(some[some.kind == kind], scale) for kind in kinds}
            present = [cell for cell in cells.values() if cell]
            if present:
                best = min(cell["value"] for cell in present)
                for cell in present:
                    cell["best"] = cell["value"] == best
                rows.append(
                    {
                        "words": set_words(which),
                        "stage": stage,
                        "n_sites": f"{some.n_sites.iloc[0]:g}",
                        "rms": f"{scale * some.rms.median():.1f}",
                        "cells": cells,
                    }
                )
    words = {kind: label(kind) for kind in kinds}
    if _variant(frame) is not None:
        words |= {"network": label(_variant(frame)), "committee": "committee of these"}
    return {"kinds": {kind: words[kind] for kind in kinds}, "unit": unit, "rows": rows}


def _variant(frame):
    networks = frame.model[frame.kind.isin(["network", "committee"])]
    return networks.iloc[0] if len(networks) else None


def _error_cell(rows, scale):
    rows = rows[np.isfinite(rows.rmse)]
    if rows.empty:
        return None
    value = float(np.sqrt(np.mean(rows.rmse**2)))
    one = rows.iloc[0]
    text, interval = f"{scale * value:.2f}", ""
    if len(rows) == 1 and np.isfinite(one.low) and np.isfinite(one.high):
        interval = f"[{scale * one.low:.2f}, {scale * one.high:.2f}]"
    relative = f"{100 * value / one.rms:.1f} %" if one.rms > 0 else ""
    return {"value": value, "text": text, "interval": interval, "relative": relative}


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
        f"{answer}: on structures that it was not trained on the {words_of('bond') or 'network'} is better in "
        f"{counts['better'] or 'none'} of "
        f"{judged} comparisons, worse in {counts['worse'] or 'none'}, and not clearly different in "
        f"{counts['no clear difference'] or 'none'}"
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
    verb = verb.format(network=words_of("bond") or "network")
    place = {"unseen": "unseen structures", "large": "larger structures"}[row.set]
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
