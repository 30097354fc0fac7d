"""Claims about the barrier exponent, judged over all combinations of choices (paper Fig. 5), and the verdict in words."""

from functools import partial

import numpy as np

from sdglass_study.claims import Measured, claim
from sdglass_study.psi_choices import CHOICE_WORDS, PAPER_PSI, by_choice, holds_paper
from sdglass_study.text import run_words

_claim = partial(claim, order=4, target="psi_specifications", tables="psi_specifications psi_units")

# Shares of the combinations: "most", and enough not to be an accident.
MOST, SOME = 0.5, 0.05
# With fewer of the combinations determining psi, those that do may be the luck of many tries.
FEW = 0.1
_WORDS = {
    "run": "run",
    "estimator": "estimator of |C|",
    "bin_width": "bin width",
    "r_low": "lower end of the integral",
    "r_max": "upper end of the integral",
    "start": "start of the window",
    "stop": "end of the window",
    "time_unit": "unit of time",
    "offset": "offset of xi",
    "fit": "kind of fit",
}


def psi_paragraph(tables):
    """Return in one paragraph of plain text what a reader should believe about psi, from the numbers alone.

    Of the paper's magnet that is what to believe about its 1.02.
    """
    barrier, good = _barrier(tables)
    share = len(good) / len(barrier)
    begin = (
        f"psi was fitted in {len(barrier)} ways: every combination of {', '.join(_WORDS.values())}. The narrowest "
        f"window ends at {(barrier.stop / barrier.start).min():.2g} times its start. In {len(good)} of the fits "
        f"({share:.0%}) xi grows significantly and the exponent is determined."
    )
    if good.empty:
        neither = ", neither 1.02 nor another" if tables.of_paper else ""
        return f"{begin} The data of this study do not fix any exponent{neither}."
    held = int(holds_paper(good).sum())
    low, median, high = np.quantile(good.exponent, [0.05, 0.5, 0.95])
    spread, error = high / low, _typical_width(good)
    most = f"Of these, 90 % give psi between {low:.2g} and {high:.2g} (median {median:.2g})"
    if not tables.of_paper:
        few = " xi grows significantly in hardly any analysis." if share < FEW else ""
        moved = (
            f"Choices move psi by a factor of {spread:.2g}, the statistics of one choice by {error:.2g} (median)."
        )
        return " ".join([f"{begin}{few} {most}. {moved}", *_strongest(tables)])
    text = [
        begin,
        f"{most}, and {held} ({held / len(good):.0%}) have a {tables.level} interval that holds {PAPER_PSI}.",
    ]
    recipe = _recipe(barrier)
    if len(recipe):
        inside = holds_paper(recipe).mean()
        text.append(
            f"With the paper's formula as it is printed (|C| as it comes, the whole range, t in 1/(gamma t0), no offset) "
            f"psi is {_recipe_words(recipe)}, and {PAPER_PSI} is in {inside:.0%} of the intervals."
        )
    else:
        text.append("With the paper's formula as it is printed no window fixes an exponent.")
    text += [*_strongest(tables), _offset_words(barrier), _unit_words(tables)]
    if share < FEW:
        verdict = (
            f"xi grows significantly in hardly any analysis, so that these data fix no exponent. That {held} of {len(good)} intervals hold "
            f"{PAPER_PSI} says little: the ends of an interval differ by a factor of {error:.2g} (median)."
        )
    elif held / len(good) > MOST:
        verdict = f"{PAPER_PSI} is compatible with most analyses of these data"
        verdict += ", though they allow much else." if spread > error else "."
    elif held / len(good) >= SOME:
        verdict = (
            f"{PAPER_PSI} can be obtained, but by choosing: choices move psi by a factor of {spread:.2g}, the statistics of one "
            f"choice by {error:.2g}. It is a value of the analysis, not of the material."
        )
    else:
        verdict = (
            f"these data do not support {PAPER_PSI}: xi grows "
            + ("more slowly" if median > PAPER_PSI else "faster")
            + f" in nearly every analysis. Nor do they give another number to put in its place: choices move psi by a factor of {spread:.2g}."
        )
    return " ".join([verdict[:1].upper() + verdict[1:], *text])


def _barrier(tables):
    """Return the rows of the barrier law, and those that determine an exponent."""
    frame = tables["psi_specifications"]
    barrier = frame[frame.law == "barrier"]
    return barrier, barrier[barrier.identified == 1]


def _recipe(barrier):
    """Return the rows with the paper's formula as printed that determine an exponent."""
    plain = (barrier.estimator == "naive") & (barrier.offset == "none") & (barrier.time_unit == 1.0)
    whole = (barrier.r_low == barrier.r_low.min()) & (barrier.r_max == barrier.r_max.max())
    return barrier[plain & whole & (barrier.identified == 1)]


def _recipe_words(recipe):
    """Return the range of psi, and that of the single fit of Fig. 5 (straight lines, finest bins) if it differs."""
    words = f"{_span(recipe.exponent)} over {len(recipe)} runs, windows, bins and fits"
    shown = recipe[(recipe.fit == "log") & (recipe.bin_width == recipe.bin_width.min())]
    return f"{words} ({_span(shown.exponent)} with those of Fig. 5)" if 0 < len(shown) < len(recipe) else words


def _span(values, said="{:.2g}".format):
    low, high = said(values.min()), said(values.max())
    return low if low == high else f"{low} to {high}"


def _typical_width(good):
    """Return the median ratio of the ends of an interval."""
    return float(np.median(good.exponent_high / good.exponent_low))


def _in_words(tables):
    """Return `by_choice`, its choices named for readers."""
    barrier, _ = _barrier(tables)
    table, runs = by_choice(barrier), barrier.drop_duplicates("run").itertuples()
    words = {"run": {row.run: run_words(row.model, row.damping, tables.labels) for row in runs}} | CHOICE_WORDS
    named = [words.get(row.dimension, {}).get(row.choice, row.choice) for row in table.itertuples()]
    return table.assign(choice=named)


def _effects(tables):
    """Return (dimension, (choice, median psi) of the smallest, of the largest), the strongest effect first."""
    table = _in_words(tables)
    table = table[table.identified > 0]
    effects = []
    for name, rows in table.sort_values("exponent_median").groupby("dimension", sort=False):
        ends = list(zip(rows.choice, map(float, rows.exponent_median), strict=True))
        if len(ends) > 1:
            effects.append((name, ends[0], ends[-1]))
    return sorted(effects, key=lambda effect: effect[1][1] / effect[2][1])


def _strongest(tables):
    """Return a sentence on the choice with the strongest effect, in a list; an empty one if there is no choice."""
    return [
        f"The choice that moves psi most is the {_WORDS[name]}: median {smallest[1]:.2g} for {smallest[0]}, "
        f"{largest[1]:.2g} for {largest[0]}."
        for name, smallest, largest in _effects(tables)[:1]
    ]


def _unit_words(tables):
    """Return a sentence on the unit of time with which the formula as printed would give 1.02."""
    frame = tables["psi_units"]
    frame = frame[(frame.identified == 1) & np.isfinite(frame.log10_unit)]
    if frame.empty:
        return "The unit of time inside the logarithm could be tuned to give any psi, if xi grew."
    where = _span(
        frame.log10_unit, lambda log10: f"{10.0**log10:.2g}" if -2.0 < log10 < 4.0 else f"10^{log10:.0f}"
    )
    return (
        f"The unit of time inside the logarithm can be tuned to give any psi at all from any length that grows; with the formula as "
        f"printed {PAPER_PSI} would need a unit of {where} (in 1/(gamma t0), over runs and windows)."
    )


def _offset_words(barrier):
    """Return a sentence on xi = xi_0 + A (log t)^(1/psi), whose exponent hardly any window determines."""
    free = barrier[(barrier.offset == "free") & (barrier.grows == 1)]
    if free.empty:
        return "A length that does not grow has no offset to fit."
    known = (free.identified == 1).mean()
    # An interval without an upper end holds everything above its lower one.
    inside = ((free.exponent_low <= PAPER_PSI) & (free.exponent_high >= PAPER_PSI)).mean()
    few = known < MOST
    return (
        "If a constant length is allowed beside the growing one (xi_0 + A (log t)^(1/psi)), "
        + (f"only {known:.0%} of the windows with growth determine psi at all, and " if few else "")
        + f"{PAPER_PSI} lies in {inside:.0%} of the intervals{', many of them open' if few else ''}."
    )


@_claim(
    id="psi",
    statement="The barrier exponent of xi ~ (log t)^(1/psi) is 1.02",
    where="psi about 1.02 (Fig. 5)",
    rule="of the combinations with significant growth: reproduced if 1.02 is in the interval of more than half, and they "
    f"are at least {FEW:.0%} of all; depends on the analysis if it is in at least {SOME:.0%}; not reproduced otherwise",
    note="Combinations share their data and are not independent: shares are shares of choices, not probabilities",
)
def barrier_exponent(tables):
    """The barrier exponent psi of xi ~ (log t)^(1/psi) over all combinations of choices."""
    barrier, good = _barrier(tables)
    recipe, held = _recipe(barrier), int(holds_paper(good).sum())
    share, enough = held / len(good) if len(good) else 0.0, len(good) >= FEW * len(barrier)
    if good.empty:
        ours, limits = "no exponent: xi does not grow significantly in any combination of choices", "no interval"
    else:
        low, median, high = np.quantile(good.exponent, [0.05, 0.5, 0.95])
        ours = (
            f"psi from {low:.2g} to {high:.2g} (90 % of the combinations of choices), median {median:.2g}; with the paper's "
            "formula as printed "
            + (_recipe_words(recipe) if len(recipe) else "no window fixes it")
            + f"; {len(good)} of {len(barrier)} combinations determine an exponent"
        )
        limits = f"the ends of an interval differ by a factor of {_typical_width(good):.2g} (median)"
        if tables.of_paper:
            held_by = f"{PAPER_PSI} lies in the {tables.level} interval of {held} of them ({share:.1%})"
            limits = f"{held_by}; {limits}"
    some = "depends on the analysis" if share >= SOME else "not reproduced"
    return Measured(ours, limits, "reproduced" if share > MOST and enough else some)


@_claim(
    id="psi-choices",
    statement="The data determine one exponent, whatever the analysis",
    where="a single value, no error and no choices stated",
    rule="reproduced if the middle 90 % of psi over all combinations of choices spread no more than the interval of a "
    f"single one, and at least {FEW:.0%} of them determine psi; depends on the analysis otherwise; not reproduced if there "
    "is no exponent",
)
def one_exponent(tables):
    """How far choices of the analysis move psi, against the statistical error of a single one."""
    barrier, good = _barrier(tables)
    if good.empty:
        ours, limits, verdict = "no exponent in any combination of choices", "no interval", "not reproduced"
    else:
        low, high = np.quantile(good.exponent, [0.05, 0.95])
        spread, error = high / low, _typical_width(good)
        moved = "; ".join(
            f"{_WORDS[name]}: {a[1]:.2g} ({a[0]}) to {b[1]:.2g} ({b[0]})" for name, a, b in _effects(tables)[:4]
        )
        ours = f"choices move psi by a factor of {spread:.2g}; medians by choice: {moved or 'one choice only'}"
        limits = f"the statistical error of a single choice is a factor of {error:.2g} (median ratio of the ends)"
        verdict = (
            "reproduced" if spread <= error and len(good) >= FEW * len(barrier) else "depends on the analysis"
        )
    return Measured(ours, limits, verdict, f"{_unit_words(tables)} {_holders(tables)}")


def _holders(tables):
    """Return a sentence on the choices that most often give 1.02."""
    table = _in_words(tables)
    table = table[table.holds > 0]
    if table.empty:
        return f"No combination gives {PAPER_PSI}."
    table = table.assign(share=table.holds / table.identified).sort_values("share", ascending=False, kind="stable")
    words = ", ".join(
        f"{_WORDS[row.dimension]} {row.choice} ({row.share:.0%} of its exponents)"
        for row in table.head(4).itertuples()
    )
    return f"Choices that most often give {PAPER_PSI}: {words}."


@_claim(
    id="droplet",
    statement="The growth is consistent with the droplet model rather than with domains without barriers",
    where="consistent with (log t)^(1/psi)",
    rule="reproduced if most weighted fits without offset prefer the logarithm by more than 2 in AIC; not reproduced if "
    "most prefer the power law; depends on the analysis (window, estimator) otherwise",
)
def growth_law(tables):
    """Logarithmic growth as in the droplet model against a power law."""
    _, good = _barrier(tables)
    good = good[(good.offset == "none") & (good.fit == "weighted")]
    better, worse, total = int((good.delta_aic < -2).sum()), int((good.delta_aic > 2).sum()), len(good)
    frame = tables["psi_specifications"]
    power = frame[(frame.law == "power_law") & (frame.identified == 1)]
    grown = (
        f"Power law: xi ~ t^{(1 / power.exponent).median():.3f} (median)" if len(power) else "No power law grows"
    )
    span = f"{good.delta_aic.min():+.1f} to {good.delta_aic.max():+.1f}" if len(good) else "none: no growth"
    other = "not reproduced" if worse > total / 2 else "depends on the analysis"
    return Measured(
        f"of {total} fits {better} prefer the logarithm to a power law, {worse} the power law",
        f"differences of AIC: {span}; points along a trajectory are correlated, so they overstate",
        "reproduced" if better > total / 2 else other,
        f"{grown}; two laws can be told apart only as far as xi grows",
    )
