"""What the locator force field was to reach, met or missed; and error against cost beside the other force fields.

    python -m sdglass_study.benchmarks.locator_targets --tables results/benchmarks --errors results/paper/tables
        --out results/benchmarks/locator_targets.csv --png results/benchmarks/pareto.png

Errors are those of the study, on structures that no model was fitted to.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from sdglass.io import write_csv
from sdglass_study.benchmarks.summary import options, power_law, read
from sdglass_study.figures import _style as style

STAGES = {"random": "random spins", "minimised": "minimised states", "late": "late in quenches"}
ERRORS = {100: 2e-5, 500: 3e-5, 1000: 3e-5}  # random spins [t0], by number of sites
RELATIVE, SPEED_UP, EXPONENT, MEMORY_KB = 0.005, 1000, 1.05, 20
MODELS = (
    ("pair", "pair model", style.VERMILLION, "^"),
    ("paper", "paper's network", style.BLUE, "s"),
    ("small", "small network", style.WINE, "p"),
    ("locator", "locator expansion", style.TEAL, "D"),
)


def main():
    """Write the table and draw the figure."""
    args = options(__doc__, errors=True, out=True)
    times, errors = read(args.tables, "locator"), pd.read_csv(Path(args.errors) / "locator_errors.csv")
    found = pd.DataFrame([*accuracy(errors), *speed(times)])
    better = np.where(found.unit == "times", found.measured >= found.target, found.measured <= found.target)
    found["verdict"] = np.where(found.target.isna(), "for information", np.where(better, "met", "missed"))
    print(found.to_string(index=False))
    write_csv(args.out, found)
    with style.journal():
        style.save(draw(times, errors), args.png, args.pdf)


def accuracy(errors):
    """Yield the rows on torque errors."""
    for row in errors[errors.model == "locator"].sort_values(["stage", "n_sites"]).itertuples():
        if row.stage == "random":
            values, target, unit = (row.rmse, row.low, row.high), ERRORS.get(row.n_sites, np.nan), "t0"
            words = "torque error, random spins"
        else:
            values, target, unit = (row.relative, row.relative_low, row.relative_high), RELATIVE, "of rms torque"
            words = f"torque error, {STAGES[row.stage]}"
        case = f"N = {row.n_sites}, {row.realizations} realizations"
        yield dict(zip(("number", "case", "measured", "low", "high", "target", "unit"),
                       (words, case, *values, target, unit), strict=True))  # fmt: skip


def speed(times):
    """Yield the rows on the speed-up, the growth of the time and the memory."""
    exact = times[times.model == "exact"].iloc[0]
    locator = times[times.model == "locator"]
    here = locator[locator.n_sites == exact.n_sites]
    for replicas, target in ((here.replicas.max(), SPEED_UP), (1, np.nan)):
        row = here[here.replicas == replicas].iloc[0]
        low, high = (exact.seconds_per_replica / (row[f"seconds_{end}"] / replicas) for end in ("high", "low"))
        case = f"N = {exact.n_sites}, batch of {replicas}" if replicas > 1 else f"N = {exact.n_sites}, one replica"
        value = exact.seconds_per_replica / row.seconds_per_replica
        yield {"number": "speed-up over diagonalization", "case": case, "unit": "times", "target": target,
               "measured": value, "low": low, "high": high}  # fmt: skip
    for replicas in (1, 16):
        some = locator[locator.replicas == replicas]
        _, exponent, error = power_law(some.n_sites, some.seconds_per_replica)
        words = "one replica" if replicas == 1 else f"{replicas} replicas"
        case = f"N = {some.n_sites.min()} to {some.n_sites.max()}, {words}"
        yield {"number": "exponent of the time", "case": case, "unit": "", "target": EXPONENT,
               "measured": exponent, "low": exponent - error, "high": exponent + error}  # fmt: skip
    largest = locator[(locator.replicas == 1) & (locator.n_sites == locator.n_sites.max())].iloc[0]
    for words, column, target in (("", "evaluation_peak_mib", MEMORY_KB), (", set-up", "setup_peak_mib", np.nan)):
        yield {"number": f"memory per spin{words}", "case": f"N = {largest.n_sites}, one replica", "unit": "kB",
               "target": target, "low": np.nan, "high": np.nan,
               "measured": (largest[column] - largest.empty_mib) * 2**20 / 1e3 / largest.n_sites}  # fmt: skip


def draw(times, errors):
    """Return the figure: torque error against seconds per evaluation, for each stage of the spins."""
    exact = times[times.model == "exact"].iloc[0]
    errors = errors[errors.n_sites == errors.n_sites.max()]
    figure = style.new_figure(3.1)
    stages = {stage: words for stage, words in STAGES.items() if (errors.stage == stage).any()}
    panels = figure.subplots(1, len(stages), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (stage, words), letter in zip(panels, stages.items(), "abc", strict=False):
        for model, name, color, marker in MODELS:
            rows = errors[(errors.model == model) & (errors.stage == stage)]
            costs = times[(times.model == model) & (times.n_sites == exact.n_sites)]
            if rows.empty or costs.empty:
                continue
            row = rows.iloc[0]
            low, high = row.relative - row.relative_low, row.relative_high - row.relative
            ends = [costs.loc[costs.replicas.idxmin()], costs.loc[costs.replicas.idxmax()]]
            x = [end.seconds_per_replica for end in ends]
            axes.plot(x, [row.relative] * 2, color=color, linewidth=0.8, zorder=1)
            for place, face in zip(x, ("white", color), strict=True):
                look = {"color": color, "marker": marker, "markersize": 5.5, "markerfacecolor": face}
                axes.errorbar(place, row.relative, [[max(low, 0)], [high]], linestyle="", elinewidth=0.8, **look)
            axes.plot([], [], color=color, marker=marker, markersize=5.5, linestyle="",
                      label=f"{name}, {parameters(row.parameters)}")  # fmt: skip
        axes.axvline(exact.seconds_per_replica, color=style.BLACK, linewidth=0.8, linestyle=(0, (4, 2)))
        axes.text(exact.seconds_per_replica, 0.5, "exact (ED), no error ", rotation=90, ha="right", va="center",
                  transform=axes.get_xaxis_transform(), fontsize=8)  # fmt: skip
        axes.set(xscale="log", yscale="log", title=words)
        style.letter(axes, letter)
        axes.set_xlabel(f"time per replica, $N = {exact.n_sites}$ [s]")
    panels[0].set_ylabel("torque error / rms torque")
    batch = times[(times.model == "locator") & (times.n_sites == exact.n_sites)].replicas.max()
    panels[0].plot([], [], "o", color=style.GREY, markersize=5.5, label=f"replicas of a batch of {batch}")
    panels[0].plot(
        [], [], "o", color=style.GREY, markersize=5.5, markerfacecolor="white", label="one replica alone"
    )
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def parameters(count):
    """Return a number of parameters in words."""
    if count < 1e3:
        return f"{count:g} parameters"
    return f"{count / 1e3:.0f} thousand" if count < 1e6 else f"{count / 1e6:.2f} million"


if __name__ == "__main__":
    main()
