"""The figure of the benchmarks, drawn from their tables.

python benchmarks/figure.py --tables results/benchmarks --errors results/paper/tables/torque_errors.csv
                            --png results/benchmarks/benchmarks.png --pdf results/benchmarks/benchmarks.pdf
"""

import argparse
from pathlib import Path

import numpy as np
from comparison import MODELS, batch, exponents, read, scaling, single, speedups, torque_errors

from sdglass_study.figures import style

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
    figure = style.new_figure(6.6)
    # Two layouts of their own: the long names of the ratios must not narrow the panels above.
    upper, lower = figure.subfigures(2, 1, height_ratios=[2.0, 1.0])
    *panels, words = upper.subplots(2, 3).flat
    _times(panels[0], frame, fits)
    _speedups(panels[1], gains)
    for axes, column, unit, label in (
        (panels[2], "setup_s", 1.0, "set-up time [s]"),
        (panels[3], "peak_mib", 1024.0, "peak memory [GiB]"),
    ):
        for model in MODELS:
            part = single(frame, model)
            axes.plot(part.n_sites, part[column] / unit, **LOOK[model])
        style.logarithmic(axes)
        axes.set(xlabel="number of sites $N$", ylabel=label)
    _errors(panels[4], frame, errors)
    _legend(words, fits)
    panels.append(lower.subplots())
    _ratios(panels[-1], folder)
    for axes, text in zip(panels, "abcdef", strict=True):
        style.letter(axes, text)
    return figure


def _times(axes, frame, fits):
    for model in ("exact", *MODELS):
        one, many = single(frame, model), batch(frame, model)
        for fit in fits[(fits.model == model) & (fits.kind == "single")].to_dict("records"):
            x = np.array([fit["from"], fit["to"]], float)
            y = fit["prefactor_s"] * x ** fit["exponent"]
            axes.plot(x, y, color=LOOK[model]["color"], linewidth=3.5, alpha=0.25, zorder=0)
        axes.errorbar(
            one.n_sites,
            one.seconds,
            style.error_bars(one.seconds, one.seconds_low, one.seconds_high),
            **LOOK[model],
        )
        axes.plot(many.n_sites, many.seconds_per_replica, **LOOK[model], **OPEN)
    style.logarithmic(axes)
    axes.set(xlabel="number of sites $N$", ylabel="time per evaluation and replica [s]")


def _speedups(axes, gains):
    for model in MODELS:
        for kind, options in (("single", {}), ("batch", OPEN)):
            part = gains[(gains.model == model) & (gains.kind == kind)].sort_values("n_sites")
            axes.plot(part.n_sites, part.speedup, **LOOK[model], **options)
    axes.axhline(1.0, color=style.GREY, linewidth=0.8, zorder=0)
    style.logarithmic(axes)
    axes.set(xlabel="number of sites $N$", ylabel="time of ED / time of the model")


def _errors(axes, frame, errors):
    """Draw error against time where both are known; exact diagonalization has no error, hence a line."""
    sizes = set(batch(frame, "exact").n_sites)
    n = 500 if 500 in sizes else max(sizes, default=500)
    for model in MODELS:
        part = batch(frame, model)
        part = part[part.n_sites == n]
        if model in errors and len(part):
            record = errors[model]
            bars = style.error_bars([record.rmse], [record.low], [record.high])
            axes.errorbar(1e3 * part.seconds_per_replica, [1e3 * record.rmse], 1e3 * bars, linestyle="none",
                          markersize=5, **LOOK[model])  # fmt: skip
    exact = batch(frame, "exact")
    for time in exact[exact.n_sites == n].seconds_per_replica:
        axes.axvline(1e3 * time, color=LOOK["exact"]["color"])
        axes.text(1e3 * time, 0.5, f"{SHORT['exact']}, no error ", rotation=90, ha="right", va="center",
                  transform=axes.get_xaxis_transform(), fontsize=8)  # fmt: skip
    style.logarithmic(axes, "x")
    axes.set_ylim(bottom=0.0)
    axes.set(xlabel=f"time per replica at $N$ = {n} [ms]", ylabel=r"torque error [$10^{-3}\,t_0$]")
    if not errors:
        axes.text(0.5, 0.5, "no torque errors given", transform=axes.transAxes, ha="center", color=style.GREY)


def _legend(axes, fits):
    """Fill an empty panel with the names that all panels share."""
    for model in ("exact", *MODELS):
        words = SHORT[model]
        for exponent in fits[(fits.model == model) & (fits.kind == "single")].exponent:
            words += rf", $\propto N^{{{exponent:.2f}}}$"
        axes.plot([], [], label=words, **LOOK[model])
    axes.plot([], [], color=style.GREY, marker="o", label="one replica at a time")
    axes.plot([], [], color=style.GREY, marker="o", label="a batch, per replica", **OPEN)
    axes.plot([], [], color=style.GREY, linewidth=3.5, alpha=0.35, label="power law fitted to (a)")
    axes.legend(loc="center", fontsize=8)
    axes.set_axis_off()


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
