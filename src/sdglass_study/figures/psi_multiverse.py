"""psi under every combination of choices: a specification curve, and what each choice does to it."""

import numpy as np
from matplotlib.collections import LineCollection

from sdglass.observables.domain_growth import PAPER_PSI
from sdglass_study.figures import engines, style
from sdglass_study.psi_specifications import CHOICE_WORDS, by_choice, holds_paper, run_words

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


def draw(tables):
    """Draw the sorted exponents with their intervals, the choices behind them, and psi choice by choice."""
    frame = tables["psi_multiverse"]
    barrier = frame[frame.law == "barrier"]
    good = (
        barrier[barrier.identified == 1].sort_values(["exponent", *_WORDS], kind="stable").reset_index(drop=True)
    )
    choices = by_choice(barrier)
    words = {"run": run_words(barrier, engines.words)} | CHOICE_WORDS
    figure = style.new_figure(2.9 + 0.145 * len(choices))
    heights = (2.5, 0.145 * len(choices))
    grid = figure.add_gridspec(2, 3, height_ratios=heights, width_ratios=(4.6, 0.62, 2.1))
    figure.get_layout_engine().set(w_pad=0.02, wspace=0.01, h_pad=0.02, hspace=0.01)
    curve = figure.add_subplot(grid[0, 0])
    strips = figure.add_subplot(grid[1, 0], sharex=curve)
    nothing = figure.add_subplot(grid[1, 1], sharey=strips)
    ranges = figure.add_subplot(grid[1, 2], sharey=strips)
    counts = figure.add_subplot(grid[0, 1:])
    _curve(curve, good)
    _strips(strips, good, choices, words)
    _shares(nothing, choices)
    _ranges(ranges, choices)
    _sentences(counts, barrier, good)
    for axes, text in zip((curve, strips, nothing, ranges), "abcd", strict=True):
        style.letter(axes, text)
    return figure


def _curve(axes, good):
    """Exponents in ascending order with their intervals; those that hold the paper's value in colour."""
    holds = holds_paper(good).to_numpy()
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
    axes.axhline(PAPER_PSI, color=style.BLUE, dashes=(4, 2), linewidth=1.0)
    axes.text(0.99, PAPER_PSI * 0.93, rf"paper, ${PAPER_PSI}$", color=style.BLUE, ha="right", va="top", fontsize=8,
              transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set(yscale="log", ylim=_limits(good), ylabel=r"barrier exponent $\psi$")
    axes.set_xlim(-0.5, max(len(good), 1) - 0.5)
    axes.tick_params(labelbottom=False)
    engines.plain_log_axis(axes.yaxis)


def _limits(good):
    values = [PAPER_PSI, *good.exponent_low, *good.exponent_high]
    values = np.array([value for value in values if np.isfinite(value) and value > 0])
    if len(values) < 3:
        return 0.5, 20.0
    low, high = np.quantile(values, [0.005, 0.995])
    return max(_PSI[0], min(low, PAPER_PSI / 1.5)), min(_PSI[1], max(high, PAPER_PSI * 1.5))


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
    said = [text.replace("alpha", r"$\alpha$") for text in said]
    new = choices.dimension.ne(choices.dimension.shift())
    return [
        f"{_WORDS[dimension]}:  {text}" if first else text
        for dimension, text, first in zip(choices.dimension, said, new, strict=True)
    ]


def _separate(axes, choices):
    """Draw lines between the dimensions."""
    for row in np.flatnonzero(choices.dimension.ne(choices.dimension.shift()).to_numpy())[1:]:
        axes.axhline(row - 0.5, color=style.BLUE, linewidth=0.5)


def _shares(axes, choices):
    """Part of the combinations of a choice that determine psi (grey), and that hold the paper's value (colour)."""
    rows, total = np.arange(len(choices)), np.maximum(choices.combinations, 1)
    axes.barh(rows, choices.identified / total, color=style.PALE, height=0.8)
    axes.barh(rows, choices.holds / total, color=style.VERMILLION, height=0.8)
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([0, 1], ["0", "1"])
    axes.tick_params(axis="y", labelleft=False, length=0)
    axes.set_xlabel("share")
    _separate(axes, choices)


def _ranges(axes, choices):
    """Median and middle 90 % of psi for each choice."""
    rows = np.arange(len(choices))
    axes.hlines(rows, choices.exponent_low, choices.exponent_high, color=style.GREY, linewidth=1.0)
    axes.plot(choices.exponent_median, rows, linestyle="", marker="o", markersize=3, color=style.BLACK)
    axes.axvline(PAPER_PSI, color=style.BLUE, dashes=(4, 2), linewidth=1.0)
    values = choices[["exponent_low", "exponent_high"]].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    ends = (
        (max(_PSI[0], min(values.min(), 0.7)), min(_PSI[1], max(values.max(), 2.0)))
        if len(values)
        else (0.5, 20.0)
    )
    axes.set(xscale="log", xlim=(0.8 * ends[0], 1.25 * ends[1]))
    engines.plain_log_axis(axes.xaxis)
    axes.tick_params(axis="y", labelleft=False, length=0)
    axes.set_xlabel(r"$\psi$: median, 5 to 95 %")
    _separate(axes, choices)


def _sentences(axes, barrier, good):
    """The counts, beside the curve."""
    axes.set_axis_off()
    flat, unknown = int((barrier.grows == 0).sum()), int(((barrier.grows == 1) & (barrier.identified == 0)).sum())
    held = int(holds_paper(good).sum())
    lines = [
        f"{len(barrier)} combinations",
        f"{flat}: no significant growth",
        f"{unknown}: growth, but $\\psi$ undetermined",
        f"{len(good)}: determine $\\psi$ (a, b)",
        f"{held}: interval holds {PAPER_PSI} (colour)",
    ]
    for row, line in enumerate(lines):
        axes.text(0.06, 0.9 - 0.13 * row, line, transform=axes.transAxes, fontsize=8, va="top")
