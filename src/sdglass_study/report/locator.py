"""The force field of the locator expansion in the report's story: what it is, and whether it changes Fig. 5."""

from pathlib import Path

from sdglass_study.figures.engines import words
from sdglass_study.figures.style import clock, label
from sdglass_study.figures.tables import read_csv, read_table
from sdglass_study.report.cells import cell, estimate

# A difference of the correlation length above this share of it would change what Fig. 5 shows.
_VISIBLE = 0.05


def locator_story(folder):
    """Return {"what": sentences, "growth": sentences or "", "short": sentence}; None without its tables.

    Parameters
    ----------
    folder : path
        Of the tables.
    """
    if not (Path(folder) / "locator_errors.csv").is_file():
        return None
    errors = read_csv(Path(folder) / "locator_errors.csv", "model parameters set stage n_sites relative".split())
    if not (errors.model == "locator").any() or (errors.model == "locator").all():
        return None
    growth, verdict = _growth(folder)
    return {"what": _what(errors), "growth": growth, "short": f"{_gain(errors)} {verdict}".strip()}


def _what(errors):
    count = errors.parameters[errors.model == "locator"].iloc[0]
    return (
        "The networks are limited by what the symmetry functions describe. For half filling and strong coupling "
        "there is another way: the part of the electrons' locator that knows no spin is summed to all orders into "
        "a hopping between sites, and the energy is expanded in the rest. Pair couplings that contain the "
        "surroundings of each pair exactly come first, closed loops of four spins second. Cut there, with "
        f"{count:g} fitted numbers, it is a force field like the others. {_gain(errors)} Two kinds of late states "
        "occur in this chapter: frozen states are the last ones of quenches at the temperature of the study; "
        "descended states are what a few large steps along the exact torque, without precession and noise, leave "
        "of random spins."
    )


def _gain(errors):
    """Return how much smaller its errors are than those of the best other model, over stages and sizes."""
    ratios = []
    for _, some in errors.groupby(["set", "stage"], sort=False):
        own, others = some.relative[some.model == "locator"], some.relative[some.model != "locator"]
        if len(own) and len(others):
            ratios.append(others.min() / own.iloc[0])
    low, high = (f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}" for ratio in (min(ratios), max(ratios)))
    by = f"{low} to {high}" if low != high else low
    return (
        "On structures that it was not fitted to its torque error is that of the best other model divided by "
        f"{by}."
    )


def _growth(folder):
    """Return sentences on the differences of xi at the last times, and the answer in one; "" without them."""
    if not (Path(folder) / "locator_quench_difference.csv").is_file():
        return "", ""
    table = read_table(folder, "locator_quench_difference.csv")
    pair = ["ensemble", "reference_ensemble"]
    last = table[table.time == table.groupby(pair).time.transform("max")]
    lengths = last[(last.quantity == "xi_naive") & ((last.reference == "locator") | (last.engine == "locator"))]
    if not (lengths.reference == "locator").any():
        return "", ""
    listed = []
    for (_, reference), some in lengths.groupby(["damping", "reference"], sort=False):
        row = some.iloc[0]
        others = "; ".join(
            f"{words(one.engine)}{'' if one.time == row.time else f' (t = {clock(one.time)})'} "
            f"{estimate(one.difference, one.low, one.high, signed=True)} ell"
            for one in some.itertuples()
        )
        listed.append(
            f"At t = {clock(row.time)} and alpha = {row.damping:g} xi differs from that with the fields of "
            f"{_field_words(reference)} by: {others}."
        )
    answer = _answer(lengths[lengths.reference == "locator"])
    return f"{answer} " + " ".join(listed), f"Does that change Fig. 5? {answer}"


def _field_words(reference):
    return "exact diagonalization" if reference == "exact" else f"the {label(reference)}"


def _answer(lengths):
    """Return the answer: how large the differences are that are not zero within their intervals."""
    clear = lengths[(lengths.low > 0) | (lengths.high < 0)]
    counted = (
        f"{len(clear) or 'none'} of the {len(lengths)} differences of xi between the locator expansion and other "
        "force fields at the "
        "last times"
    )
    if clear.empty:
        return f"Not as far as can be seen: {counted} is significant."
    share = (clear.difference / clear.reference_value).abs()
    worst = clear.loc[share.idxmax()]
    verb = "is" if len(clear) == 1 else "are"
    what = "Hardly" if share.max() < _VISIBLE else "Yes"
    return (
        f"{what}: {counted} {verb} significant, the largest of them {cell(float(f'{100 * share.max():.2g}'))} % "
        f"({words(worst.engine)}, alpha = {worst.damping:g})."
    )
