"""The few sentences of the report that depend on numbers; each is None where its tables are missing."""

import numpy as np

from sdglass.fitting import GOOD
from sdglass.forcefields.description import percent
from sdglass_study.claims.psi import psi_paragraph
from sdglass_study.text import cell, learned_model

# Fewer realizations than this give an interval that is hardly one.
FEWEST_REALIZATIONS = 3
# A difference of the correlation length above this share of it would change what Fig. 5 shows.
VISIBLE = 0.05


def sentences(tables):
    """Return {name: sentence or None} for the template, from `sdglass_study.claims.Tables`."""
    return {
        "bad_model": bad_model(tables),
        "beats_pair": beats_pair_model(tables),
        "networks": networks(tables),
        "locator": locator(tables),
        "locator_growth": locator_growth(tables),
        "exponent": psi_paragraph(tables) if _all(tables, "psi_specifications psi_units") else None,
    }


def _all(tables, names):
    return all(name in tables for name in names.split())


def bad_model(tables):
    """That the learned force field of the dynamics is bad, if its torque errors are large somewhere."""
    if not _all(tables, "fig4_correlation torque_errors"):
        return None
    model = learned_model(dict.fromkeys(tables["fig4_correlation"].model))
    frame = tables["torque_errors"]
    unseen = ~frame["set"].isin(["training", "validation"]) & frame.member.isin(["-", "single"])
    frame = frame[(frame.model == model) & unseen]
    if frame.empty or not frame.relative.max() > GOOD:
        return None
    worst = frame.loc[frame.relative.idxmax()]
    return (
        f"The force field of the dynamics, the {tables.label(model)}, is bad: its torque error is up to "
        f"{percent(worst.relative)} of the rms torque (set {worst['set']}, {worst.stage}). What its dynamics "
        "shows of the order may be wrong."
    )


def beats_pair_model(tables):
    """Whether the network is better than the pair model where it was not trained, on the same realizations."""
    if "paired" not in tables:
        return None
    frame = tables["paired"]
    model = learned_model(dict.fromkeys(frame.numerator[frame.denominator == "pair"]))
    frame = frame[(frame.numerator == model) & (frame.denominator == "pair") & (frame.stage != "all")]
    known = frame[(frame.realizations >= FEWEST_REALIZATIONS) & np.isfinite(frame.low) & np.isfinite(frame.high)]
    if known.empty:
        return "Too few realizations to say." if len(frame) else None
    better, worse = int((known.high < 1).sum()), int((known.low > 1).sum())
    if better == len(known):
        answer = "Yes"
    elif worse == len(known):
        answer = "No, the network is worse"
    else:
        answer = "Only in part" if better else "No"
    return (
        f"{answer}: on structures that it was not trained on the {tables.label(model)} is better in "
        f"{better or 'none'} of {len(known)} comparisons (sets and stages), worse in {worse or 'none'}; "
        f"ratios of the torque errors are {known.ratio.min():.2f} to {known.ratio.max():.2f}."
    )


def networks(tables):
    """Whose fields drive the dynamics, and how large the network is, beside the paper's."""
    if not _all(tables, "fig4_correlation models"):
        return None
    model = learned_model(dict.fromkeys(tables["fig4_correlation"].model))
    frame = tables["models"].set_index("model")
    if model not in frame.index:
        return None
    row = frame.loc[model]
    size = f"layers {row.layers}, {row.parameters:,.0f} parameters"
    words = [f"ML-LLG has the fields of the {tables.label(model)} ({size})"]
    if model != "paper" and "paper" in frame.index:
        words.append(f"that of the paper has {frame.loc['paper'].parameters:,.0f} parameters")
    return "; ".join(words) + "."


def locator(tables):
    """How much smaller the errors of the locator expansion are than those of the best other model."""
    if "locator_errors" not in tables:
        return None
    frame, ratios = tables["locator_errors"], []
    for _, rows in frame.groupby(["set", "stage"], sort=False):
        own, others = rows.relative[rows.model == "locator"], rows.relative[rows.model != "locator"]
        if len(own) and len(others):
            ratios.append(others.min() / own.iloc[0])
    if not ratios:
        return None
    low, high = (f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}" for ratio in (min(ratios), max(ratios)))
    count = frame.parameters[frame.model == "locator"].iloc[0]
    return (
        f"With {count:g} fitted numbers, on structures that it was not fitted to, its torque error is that of the "
        f"best other model divided by {low if low == high else f'{low} to {high}'}."
    )


def locator_growth(tables):
    """Whether a better force field changes Fig. 5: how large the differences are that are not zero."""
    if "locator_quench_difference" not in tables:
        return None
    frame = tables["locator_quench_difference"]
    frame = frame[frame.time == frame.groupby(["ensemble", "reference_ensemble"]).time.transform("max")]
    frame = frame[(frame.quantity == "xi_naive") & (frame.reference == "locator")]
    if frame.empty:
        return None
    clear = frame[(frame.low > 0) | (frame.high < 0)]
    counted = (
        f"{len(clear) or 'none'} of the {len(frame)} differences of xi between the locator expansion and other "
        "force fields at the last times"
    )
    if clear.empty:
        return f"Not as far as can be seen: {counted} is significant."
    share = (clear.difference / clear.reference_value).abs()
    worst = clear.loc[share.idxmax()]
    return (
        f"{'Hardly' if share.max() < VISIBLE else 'Yes'}: {counted} {'is' if len(clear) == 1 else 'are'} "
        f"significant, the largest of them {cell(float(f'{100 * share.max():.2g}'))} % ("
        f"{tables.label(worst.model)}, alpha = {worst.damping:g})."
    )
