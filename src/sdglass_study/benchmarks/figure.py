"""The figure of the benchmarks, drawn from their tables.

python -m sdglass_study.benchmarks.figure --tables results/benchmarks --png results/benchmarks/benchmarks.png
"""

import numpy as np

from sdglass_study.benchmarks.summary import (
    LABELS,
    MODELS,
    chosen,
    exponents,
    options,
    read,
    scaling,
    speedups,
    threads,
)
from sdglass_study.figures import _style as style

LOOK = {
    "exact": {"color": style.BLACK, "marker": "o"},
    "paper": {"color": style.BLUE, "marker": "s"},
    "small": {"color": style.GREEN, "marker": "D"},
    "pair": {"color": style.VERMILLION, "marker": "^"},
}
OPEN = {"markerfacecolor": "white", "linestyle": (0, (3, 1.5)), "linewidth": 0.9}


def draw(folder):
    """Return the figure: times, speed-ups, memory and set-up against N, ratios against targets."""
    frame = scaling(folder)
    fits = [fit for fit in exponents(frame) if fit[1] == "single"]
    figure = style.new_figure(6.6)
    # Two layouts of their own: the long names of the ratios must not narrow the panels above.
    upper, lower = figure.subfigures(2, 1, height_ratios=[2.0, 1.0])
    panels = [*upper.subplots(2, 2).flat, lower.subplots()]
    _times(panels[0], frame, fits)
    _speedups(panels[1], frame)
    for axes, column, unit, label in (
        (panels[2], "setup_s", 1.0, "set-up time [s]"),
        (panels[3], "peak_mib", 1024.0, "peak memory [GiB]"),
    ):
        for model in MODELS:
            part = chosen(frame, model, "single")
            axes.plot(part.n_sites, part[column] / unit, **LOOK[model])
        style.logarithmic(axes)
        axes.set(xlabel="number of sites $N$", ylabel=label)
    _names(upper, fits)
    _ratios(panels[-1], folder)
    style.letters(panels)
    return figure


def _times(axes, frame, fits):
    for model, _, start, stop, prefactor, exponent, _ in fits:
        x = np.array([start, stop], float)
        axes.plot(x, prefactor * x**exponent, color=LOOK[model]["color"], linewidth=3.5, alpha=0.25, zorder=0)
    for model in ("exact", *MODELS):
        single, many = chosen(frame, model, "single"), chosen(frame, model, "batch")
        bars = style.error_bars(single.seconds, single.seconds_low, single.seconds_high)
        axes.errorbar(single.n_sites, single.seconds, bars, **LOOK[model])
        axes.plot(many.n_sites, many.seconds_per_replica, **LOOK[model], **OPEN)
    style.logarithmic(axes)
    axes.set(xlabel="number of sites $N$", ylabel="time per evaluation and replica [s]")


def _speedups(axes, frame):
    for model in MODELS:
        for kind, line in (("single", {}), ("batch", OPEN)):
            gains = speedups(frame, model, kind)
            axes.plot(gains.index, gains, **LOOK[model], **line)
    axes.axhline(1.0, color=style.GREY, linewidth=0.8, zorder=0)
    style.logarithmic(axes)
    axes.set(xlabel="number of sites $N$", ylabel="time of ED / time of the model")


def _names(figure, fits):
    """Name what all panels share."""
    handles = []
    for model, *_, exponent, _ in fits:
        words = rf"{LABELS[model]}, $\propto N^{{{exponent:.2f}}}$"
        handles += figure.axes[0].plot([], [], label=words, **LOOK[model])
    for words, line in (("one replica at a time", {}), ("a batch, per replica", OPEN)):
        handles += figure.axes[0].plot([], [], color=style.GREY, marker="o", label=words, **line)
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8)


def _ratios(axes, folder):
    """Draw every ratio with a target, in units of it."""
    bars = []
    for record in read(folder, "exact_labels").itertuples():
        bars.append((f"exact label / LAPACK, $N$ = {record.n_sites}", record, "ratio"))
    for record in read(folder, "training_step").itertuples():
        bars.append((f"training step / products, {threads(record)}", record, "ratio"))
    for record in read(folder, "network_times").itertuples():
        if not np.isnan(record.target):
            bars.append((f"network / products, {threads(record)}", record, "ratio"))
    integrators = {"heun": "Heun", "semi_implicit": "semi-implicit"}
    for record in read(folder, "dynamics").itertuples():
        words = f"LLG beside the force, {integrators[record.integrator]}, {LABELS[record.network]}"
        bars.append((words, record, "share"))
    for place, (_, record, column) in enumerate(bars):
        value, low, high = (getattr(record, column + end) for end in ("", "_low", "_high"))
        met = value <= record.target
        axes.errorbar(
            [value / record.target], [-place], xerr=style.error_bars([value], [low], [high]) / record.target,
            color=style.BLUE if met else style.VERMILLION, marker="o" if met else "X", markersize=5,
        )  # fmt: skip
        axes.text(1.01, -place, f"{value:.3g}, target {record.target:g}", va="center", fontsize=7,
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_yticks(-np.arange(len(bars)), [words for words, *_ in bars])
    axes.axvline(1.0, color=style.GREY, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("measured / target (left of the line: met; bars: quartiles)")
    axes.tick_params(axis="y", which="both", length=0, right=False)


def main():
    """Draw the figure."""
    args = options(__doc__)
    with style.journal():
        style.save(draw(args.tables), args.png, args.pdf)


if __name__ == "__main__":
    main()
