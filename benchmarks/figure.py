"""The figure of the benchmarks, drawn from their tables.

python benchmarks/figure.py --tables results/benchmarks --errors results/paper/tables/torque_errors.csv
                            --png results/benchmarks/benchmarks.png --pdf results/benchmarks/benchmarks.pdf
"""

import argparse
from pathlib import Path

import numpy as np
from comparison import MODELS, batch, exponents, read, scaling, single, speedups, torque_errors

from sdglass.plotting import style

LOOK = {
    "exact": {"color": style.BLACK, "marker": "o"},
    "paper": {"color": style.BLUE, "marker": "s"},
    "small": {"color": style.GREEN, "marker": "D"},
    "pair": {"color": style.VERMILLION, "marker": "^"},
}
SHORT = {"exact": "exact (ED)", "paper": "paper's network", "small": "small network", "pair": r"pair model $J(R)$"}
OPEN = {"markerfacecolor": "white", "linestyle": (0, (3, 1.5)), "linewidth": 0.9}


def draw(folder, errors):
    """Return the figure: times, speed-ups, memory and set-up, errors against times, ratios against targets."""
    frame = scaling(folder)
    fits, gains = exponents(frame), speedups(frame)
    figure = style.new_figure(7.4)
    # Two layouts of their own: the long names of the ratios must not narrow the panels above.
    upper, lower = figure.subfigures(2, 1, height_ratios=[2.6, 1.0])
    panels = list(upper.subplots(2, 2).flat)
    _times(panels[0], frame, fits)
    _speedups(panels[1], gains)
    _setup(panels[2], frame)
    _errors(panels[3], frame, errors)
    panels.append(lower.subplots())
    _ratios(panels[-1], folder)
    for axes, text in zip(panels, "abcde", strict=True):
        style.letter(axes, text)
    return figure


def _times(axes, frame, fits):
    for model in ("exact", *MODELS):
        one, many = single(frame, model), batch(frame, model)
        fit = fits[(fits.model == model) & (fits.kind == "single")]
        words = SHORT[model]
        if len(fit):
            fit = fit.iloc[0]
            words += rf": $N^{{{fit.exponent:.2f}}}$"
            x = np.array([fit["from"], fit.to], float)
            axes.plot(x, fit.prefactor_s * x**fit.exponent, color=LOOK[model]["color"], linewidth=3.5, alpha=0.25,
                      zorder=0)  # fmt: skip
        bars = style.error_bars(one.seconds, one.seconds_low, one.seconds_high)
        axes.errorbar(one.n_sites, one.seconds, bars, label=words, **LOOK[model])
        if len(many):
            axes.plot(many.n_sites, many.seconds_per_replica, **LOOK[model], **OPEN)
    axes.plot([], [], color=style.GREY, marker="o", linewidth=1.2, label="one replica")
    axes.plot([], [], color=style.GREY, marker="o", label="per replica of a batch", **OPEN)
    style.logarithmic(axes)
    axes.set(xlabel="number of sites $N$", ylabel="time per evaluation [s]")
    axes.set_ylim(top=axes.get_ylim()[1] * 30)
    axes.legend(loc="upper left", fontsize=7, ncols=2, columnspacing=1.0)


def _speedups(axes, gains):
    for model in MODELS:
        for kind, options in (("single", {}), ("batch", OPEN)):
            part = gains[(gains.model == model) & (gains.kind == kind)].sort_values("n_sites")
            axes.plot(part.n_sites, part.speedup, **LOOK[model], **options)
    axes.axhline(1.0, color=style.GREY, linewidth=0.8, zorder=0)
    axes.text(0.98, 1.0, "ED faster below", transform=axes.get_yaxis_transform(), ha="right", va="top", fontsize=7,
              color=style.GREY)  # fmt: skip
    style.logarithmic(axes)
    axes.set(xlabel="number of sites $N$", ylabel="speed-up over ED")


def _setup(axes, frame):
    right = axes.twinx()
    for model in MODELS:
        part = single(frame, model)
        axes.plot(part.n_sites, part.setup_s, **LOOK[model])
        right.plot(part.n_sites, part.peak_mib / 1024, **LOOK[model], **OPEN)
    for side in (axes, right):
        style.logarithmic(side)
    axes.set(xlabel="number of sites $N$", ylabel="set-up time [s]")
    right.set_ylabel("peak memory [GiB]")
    right.tick_params(which="both", direction="in")
    axes.tick_params(which="both", right=False)
    axes.plot([], [], color=style.GREY, marker="o", label="set-up (left axis)")
    axes.plot([], [], color=style.GREY, marker="o", label="memory (right axis)", **OPEN)
    axes.legend(loc="upper left")


def _errors(axes, frame, errors):
    n = 500
    for model in MODELS:
        part = batch(frame, model)
        part = part[part.n_sites == n]
        if model in errors and len(part):
            record = errors[model]
            bars = style.error_bars([record.rmse], [record.low], [record.high])
            axes.errorbar(1e3 * part.seconds_per_replica, [1e3 * record.rmse], 1e3 * bars, label=SHORT[model],
                          linestyle="none", markersize=5, **LOOK[model])  # fmt: skip
    exact = batch(frame, "exact")
    exact = exact[exact.n_sites == n]
    if len(exact):
        axes.axvline(1e3 * exact.seconds_per_replica.iloc[0], color=LOOK["exact"]["color"], label=SHORT["exact"])
    style.logarithmic(axes, "x")
    axes.set_ylim(bottom=0.0)
    axes.set(xlabel=f"time per replica at $N$ = {n}, batch [ms]", ylabel=r"torque error, unseen [$10^{-3}\,t_0$]")
    if errors:
        axes.legend(loc="lower center")
    else:
        axes.text(0.5, 0.5, "no torque errors given", transform=axes.transAxes, ha="center", color=style.GREY)


def _ratios(axes, folder):
    """Draw every ratio with a target, in units of it."""
    bars = []
    for record in read(folder, "exact_labels").itertuples():
        bars.append((f"exact label / LAPACK, $N$ = {record.n_sites}", record, "ratio"))
    for record in read(folder, "training_step").itertuples():
        bars.append((f"training step / products, {_cores(record)}", record, "ratio"))
    for record in read(folder, "network_engine").itertuples():
        if not np.isnan(record.target):
            bars.append((f"network engine / products, {_cores(record)}", record, "ratio"))
    integrators = {"heun": "Heun", "semi_implicit": "semi-implicit"}
    for record in read(folder, "dynamics").itertuples():
        name = SHORT[record.network]
        bars.append((f"LLG beside the force, {integrators[record.integrator]}, {name}", record, "share"))
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


def _cores(record):
    return f"{record.threads} core" + ("s" if record.threads > 1 else "")


def main():
    """Draw the figure."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tables", required=True, help="folder of the benchmark tables")
    arguments.add_argument("--errors", nargs="*", default=[], help="a study's tables/torque_errors.csv")
    arguments.add_argument("--png", required=True)
    arguments.add_argument("--pdf", required=True)
    args = arguments.parse_args()
    found = next((path for path in args.errors if Path(path).is_file()), None)
    with style.journal():
        style.save(draw(args.tables, torque_errors(found)), args.png, args.pdf)


if __name__ == "__main__":
    main()
