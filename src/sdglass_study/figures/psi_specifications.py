"""psi under every combination of choices: a specification curve, and what each choice does to it."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.psi_choices import CHOICE_WORDS, PAPER_PSI, by_choice, holds_paper

_BINS = 120  # of the ranks, for the strips below the curve
_PSI = (0.1, 200.0)  # what the axis of psi shows
_WORDS = {
    "run": "run",
    "estimator": r"$|C|$",
    "bin_width": r"bins [$\ell$]",
    "r_low": r"integral from [$\ell$]",
    "r_max": r"to [$\ell$]",
    "start": r"window from",
    "stop": r"to",
    "time_unit": r"unit of $t$",
    "offset": r"offset of $\xi$",
    "fit": "fit",
}


@figure(
    tables={
        "psi_specifications": (
            "run:str model:str damping estimator:str bin_width r_low r_max start stop time_unit offset:str "
            "fit:str law:str exponent exponent_low exponent_high grows identified delta_aic"
        )
    },
    title="The barrier exponent under every combination of choices",
    caption=(
        "psi fitted in every defensible way: all combinations of the choices listed, on the windows of Fig. 5 "
        "(each ends at no less than 4 times its start; a run too short for that has its widest). (a) The "
        "exponents in ascending order (black) with their confidence intervals (grey[[, in colour where they "
        "hold the paper's 1.02, dashed]]); combinations in which xi does not grow significantly, or in which a "
        "free offset leaves psi open, have none and are counted at the right. (b) Which choices are behind "
        "them: the darker, the larger the share of a choice among the combinations at that place of (a); a "
        "choice without influence is evenly grey. (c) Share of the combinations with a choice that determine "
        "psi[[ (grey) and that hold 1.02 (colour)]]. (d) Median and middle 90 % of psi for each choice. |C|: as "
        "it comes in the paper's formula, with sign and value from independent halves of the replicas, or "
        "from C^2 less the variance of its noise. Offset: none in the paper's law; the start of the integral "
        "subtracted from xi (the formula gives a decay length plus the distance at which it starts); or a "
        "constant fitted beside the growing length. Fit: a straight line through log xi, without or with "
        "weights by the errors, or a weighted curve through xi itself. Combinations share their data: their "
        "shares are not probabilities."
    ),
    chapter="growth",
    order=5,
)
def draw(tables, look):
    """Draw the sorted exponents with their intervals, the choices behind them, and psi choice by choice."""
    frame = tables["psi_specifications"]
    barrier = frame[frame.law == "barrier"]
    good = (
        barrier[barrier.identified == 1].sort_values(["exponent", *_WORDS], kind="stable").reset_index(drop=True)
    )
    choices = by_choice(barrier)
    runs = barrier.drop_duplicates("run").itertuples()
    words = {"run": {row.run: look.run(row.model, row.damping) for row in runs}} | CHOICE_WORDS
    page = style.new_figure(2.9 + 0.145 * len(choices))
    heights = (2.5, 0.145 * len(choices))
    grid = page.add_gridspec(2, 3, height_ratios=heights, width_ratios=(4.6, 0.62, 2.1))
    page.get_layout_engine().set(w_pad=0.02, wspace=0.01, h_pad=0.02, hspace=0.01)
    curve = page.add_subplot(grid[0, 0])
    strips = page.add_subplot(grid[1, 0], sharex=curve)
    nothing = page.add_subplot(grid[1, 1], sharey=strips)
    ranges = page.add_subplot(grid[1, 2], sharey=strips)
    counts = page.add_subplot(grid[0, 1:])
    _curve(curve, good, look.of_paper)
    _strips(strips, good, choices, words)
    _shares(nothing, choices, look.of_paper)
    _ranges(ranges, choices, look.of_paper)
    _sentences(counts, barrier, good, look.of_paper)
    style.letters((curve, strips, nothing, ranges))
    return page


def _curve(axes, good, of_paper):
    """Exponents in ascending order with their intervals; those that hold the paper's value in colour."""
    from matplotlib.collections import LineCollection

    holds = holds_paper(good).to_numpy() & of_paper
    rank = np.arange(len(good))
    low = np.clip(good.exponent_low.to_numpy(dtype=float), *_PSI)
    high = np.clip(good.exponent_high.to_numpy(dtype=float), *_PSI)
    alpha = float(np.clip(300.0 / max(len(good), 1), 0.03, 0.8))
    for chosen, color, strength in ((~holds, style.GREY, alpha), (holds, style.VERMILLION, max(alpha, 0.25))):
        segments = [((x, a), (x, b)) for x, a, b in zip(rank[chosen], low[chosen], high[chosen], strict=True)]
        axes.add_collection(
            LineCollection(segments, colors=color, linewidths=0.6, alpha=strength, rasterized=True)
        )
    if len(good) < 60:
        axes.plot(rank, good.exponent, color=style.BLACK, marker=".", linestyle="")
    else:
        axes.plot(rank, good.exponent, color=style.BLACK, linewidth=1.2)
    if of_paper:
        axes.axhline(PAPER_PSI, color=style.BLUE, dashes=(4, 2), linewidth=1.0)
        axes.text(0.99, PAPER_PSI * 0.93, rf"paper, ${PAPER_PSI}$", color=style.BLUE, ha="right", va="top",
                  fontsize=8, transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set(yscale="log", ylim=_limits(good, of_paper), ylabel=r"barrier exponent $\psi$")
    axes.set_xlim(-0.5, max(len(good), 1) - 0.5)
    axes.tick_params(labelbottom=False)
    style.plain_log_axis(axes.yaxis)


def _limits(good, of_paper):
    shown = [PAPER_PSI] if of_paper else []
    values = [*shown, *good.exponent_low, *good.exponent_high]
    values = np.array([value for value in values if np.isfinite(value) and value > 0])
    if len(values) < 3:
        return 0.5, 20.0
    low, high = np.quantile(values, [0.005, 0.995])
    low, high = min([low, *(value / 1.5 for value in shown)]), max([high, *(value * 1.5 for value in shown)])
    return max(_PSI[0], low), min(_PSI[1], high)


def _strips(axes, good, choices, words):
    """How often each choice occurs along the curve, against how often it does among all exponents."""
    bins = max(1, min(_BINS, len(good)))
    image = np.zeros((len(choices), bins))
    place = (np.arange(len(good)) * bins) // max(len(good), 1)
    total = np.maximum(np.bincount(place, minlength=bins), 1) if len(good) else np.ones(bins)
    for row, choice in enumerate(choices.itertuples()):
        column = good[choice.dimension]
        text = column.map(lambda value: value if isinstance(value, str) else f"{value:g}")
        image[row] = np.bincount(place[(text == choice.choice).to_numpy()], minlength=bins)[:bins] / total
    edges = np.linspace(-0.5, max(len(good), 1) - 0.5, bins + 1)
    rows = np.arange(len(choices) + 1) - 0.5
    axes.pcolormesh(edges, rows, image, cmap="Greys", vmin=0.0, vmax=1.0, rasterized=True)
    axes.set_yticks(range(len(choices)), _labels(choices, words), fontsize=7)
    axes.set_ylim(len(choices) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("combinations that determine $\\psi$, in ascending order\n(shade: share of the choice)")
    _separate(axes, choices)


def _labels(choices, words):
    """Return choice by choice its words, with the name of the dimension before the first of it."""
    said = [words.get(row.dimension, {}).get(row.choice, row.choice) for row in choices.itertuples()]
    new = choices.dimension.ne(choices.dimension.shift())
    return [
        f"{_WORDS[dimension]}:  {text}" if first else text
        for dimension, text, first in zip(choices.dimension, said, new, strict=True)
    ]


def _separate(axes, choices):
    """Draw lines between the dimensions."""
    for row in np.flatnonzero(choices.dimension.ne(choices.dimension.shift()).to_numpy())[1:]:
        axes.axhline(row - 0.5, color=style.BLUE, linewidth=0.5)


def _shares(axes, choices, of_paper):
    """Part of the combinations of a choice that determine psi (grey), and that hold the paper's value (colour)."""
    rows, total = np.arange(len(choices)), np.maximum(choices.combinations, 1)
    axes.barh(rows, choices.identified / total, color=style.PALE, height=0.8)
    if of_paper:
        axes.barh(rows, choices.holds / total, color=style.VERMILLION, height=0.8)
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([0, 1], ["0", "1"])
    axes.tick_params(axis="y", labelleft=False, length=0)
    axes.set_xlabel("share")
    _separate(axes, choices)


def _ranges(axes, choices, of_paper):
    """Median and middle 90 % of psi for each choice."""
    rows = np.arange(len(choices))
    axes.hlines(rows, choices.exponent_low, choices.exponent_high, color=style.GREY, linewidth=1.0)
    axes.plot(choices.exponent_median, rows, linestyle="", marker="o", markersize=3, color=style.BLACK)
    if of_paper:
        axes.axvline(PAPER_PSI, color=style.BLUE, dashes=(4, 2), linewidth=1.0)
    values = choices[["exponent_low", "exponent_high"]].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    ends = (
        (max(_PSI[0], min(values.min(), 0.7)), min(_PSI[1], max(values.max(), 2.0)))
        if len(values)
        else (0.5, 20.0)
    )
    axes.set(xscale="log", xlim=(0.8 * ends[0], 1.25 * ends[1]))
    style.plain_log_axis(axes.xaxis)
    axes.tick_params(axis="y", labelleft=False, length=0)
    axes.set_xlabel(r"$\psi$: median, 5 to 95 %")
    _separate(axes, choices)


def _sentences(axes, barrier, good, of_paper):
    """The counts, beside the curve."""
    axes.set_axis_off()
    flat, unknown = int((barrier.grows == 0).sum()), int(((barrier.grows == 1) & (barrier.identified == 0)).sum())
    held = f"{int(holds_paper(good).sum())}: interval holds {PAPER_PSI} (colour)"
    lines = [
        f"{len(barrier)} combinations",
        f"{flat}: no significant growth",
        f"{unknown}: growth, but $\\psi$ undetermined",
        f"{len(good)}: determine $\\psi$ (a, b)",
        *([held] if of_paper else []),
    ]
    for row, line in enumerate(lines):
        axes.text(0.06, 0.9 - 0.13 * row, line, transform=axes.transAxes, fontsize=8, va="top")
