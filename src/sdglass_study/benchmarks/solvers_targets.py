"""What the solvers of the electrons were to reach and what they did, and the figure, from `solvers.csv`.

python -m sdglass_study.benchmarks.solvers_targets --tables results/benchmarks --out TARGETS.csv --png S.png
"""

import numpy as np
import pandas as pd

from sdglass.io import write_csv
from sdglass_study.benchmarks.summary import options, power_law
from sdglass_study.figures import _style as style

LATTICES = {"square J=6 f=0.485": "square", "triangular J=3 f=0.25": "triangular"}
RANDOM, RELAXED = 0.10, 0.05  # torque errors that polynomials were to reach at a fifth of the exact time
LOOK = {
    "diagonalization": ("diagonalization", style.BLACK, "o"),
    "greens-function": ("Green's functions", style.BLUE, "s"),
    "kpm 32": ("polynomials, order 32", style.VERMILLION, "^"),
    "kpm 64": ("polynomials, order 64", style.GREEN, "v"),
}


def times(frame, magnet, key):
    """Return the rows of one solver on a lattice with random spins, by the number of sites."""
    solver, _, order = key.partition(" ")
    wanted = f"order={order} kernel=dirichlet" if order else ""
    part = frame[(frame.magnet == magnet) & (frame.solver == solver) & (frame.state == "random")]
    return part[part.options == wanted].sort_values("n_sites")


def targets(frame):
    """Yield one row per number that has a target."""

    def row(number, case, measured, target, unit=""):
        return {"number": number, "case": case, "measured": measured, "target": target, "unit": unit}

    for magnet, name in LATTICES.items():
        exact, diagonal = times(frame, magnet, "greens-function"), times(frame, magnet, "diagonalization")
        both = exact.merge(diagonal, on="n_sites", suffixes=("", "_diagonal"))
        for one in both[both.n_sites == 900].itertuples():
            yield row("time / diagonalization", f"{name} 30 x 30", one.seconds / one.seconds_diagonal, 0.2)
        for one in exact[exact.n_sites == 10_000].itertuples():
            yield row("time of an exact field", f"{name} 100 x 100", one.seconds, 20.0, "s")
            yield row("peak memory", f"{name} 100 x 100", one.peak_mib / 1024, 4.0, "GiB")
            yield row("torque error against 1.4 times the poles", f"{name} 100 x 100", one.error, 1e-4)
            yield from _polynomials(frame, magnet, name, one.seconds, row)
        for key, target in (("greens-function", 1.8), ("kpm 32", 1.1)):
            some = times(frame, magnet, key)
            some = some[some.n_sites >= 900]
            if len(some) > 2:
                case = f"{LOOK[key][0]}, {name} 30 x 30 to {round(some.n_sites.max() ** 0.5)} x ..."
                yield row("exponent of the time in N", case, power_law(some.n_sites, some.seconds)[1], target)


def _polynomials(frame, magnet, name, exact, row):
    """Yield what polynomials take at the errors that were wanted, the cheapest of those measured at both sizes."""
    kpm = frame[(frame.magnet == magnet) & (frame.solver == "kpm")]
    small = kpm[kpm.n_sites == 900].pivot_table(index="options", columns="state", values="error")
    large = kpm[kpm.n_sites == 10_000].set_index("options").seconds
    good = small[(small.get("random", 1) <= RANDOM) & (small.get("relaxed", 1) <= RELAXED)]
    there = large[large.index.isin(good.index)]
    case = f"{name} 100 x 100, torque error {RANDOM:.0%} random, {RELAXED:.0%} relaxed"
    if there.empty:
        yield row("polynomials / exact time", f"{case}: no order up to 256", np.inf, 0.2)
    else:
        yield row("polynomials / exact time", f"{case}: {there.idxmin()}", there.min() / exact, 0.2)


def draw(frame):
    """Return the figure: times against N, ratios to diagonalization, error against time."""
    figure = style.new_figure(5.6)
    panels = figure.subplots(2, 2)
    for magnet, line in zip(LATTICES, ("-", (0, (4, 2))), strict=True):
        diagonal = times(frame, magnet, "diagonalization").set_index("n_sites").seconds
        for key, (_, color, marker) in LOOK.items():
            part = times(frame, magnet, key)
            look = {"color": color, "marker": marker, "linestyle": line, "markersize": 4}
            panels[0, 0].plot(part.n_sites, part.seconds, **look)
            part = part[part.n_sites.isin(diagonal.index)]
            if key != "diagonalization":
                panels[0, 1].plot(part.n_sites, part.seconds / diagonal[part.n_sites].to_numpy(), **look)
    for words, color, marker in LOOK.values():
        panels[0, 0].plot([], [], color=color, marker=marker, markersize=4, label=words)
    for magnet, line in zip(LATTICES, ("-", (0, (4, 2))), strict=True):
        panels[0, 0].plot([], [], color=style.GREY, linestyle=line, label=LATTICES[magnet])
    panels[0, 0].set(xlabel="number of sites $N$", ylabel="time of a field [s]")
    panels[0, 1].axhline(1.0, color=style.GREY, linewidth=0.8, zorder=0)
    panels[0, 1].set(xlabel="number of sites $N$", ylabel="time / time of diagonalization")
    _errors(panels[1, 0], frame[frame.n_sites == 900], LATTICES, "lattices, $N = 900$")
    amorphous = {name: name for name in frame.magnet.unique() if name.startswith("amorphous")}
    _errors(panels[1, 1], frame[frame.n_sites.isin([500, 1000, 2000])], amorphous, "amorphous, $f = 0.25$")
    for axes in panels.flat:
        style.logarithmic(axes)
    style.plain_log_axis(panels[0, 1].xaxis)
    panels[1, 1].set_ylim(bottom=0.004)  # room for the names
    style.letters(panels.flat)
    handles, words = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _errors(axes, frame, magnets, title):
    """Draw torque errors of polynomials against time; filled symbols are relaxed spins."""
    markers = iter("^vD<>p")
    for magnet, color in zip(magnets, (style.VERMILLION, style.PURPLE), strict=False):
        for n, part in frame[frame.magnet == magnet].groupby("n_sites"):
            marker = next(markers)
            for state, face in (("random", "white"), ("relaxed", color)):
                some = part[(part.solver == "kpm") & (part.state == state)]
                some = some[some.options.str.contains("dirichlet") & ~some.options.str.contains("spacing")]
                some = some.sort_values("seconds")
                axes.plot(some.seconds, some.error, color=color, marker=marker, markersize=4,
                          markerfacecolor=face, linewidth=0.8)  # fmt: skip
            exact = part[part.solver == "diagonalization"].seconds
            if len(exact):
                axes.axvline(exact.min(), color=color, linewidth=0.6, linestyle=(0, (1, 2)))
            words = f"{LATTICES.get(magnet, magnet.split()[1])}" + ("" if magnet in LATTICES else f", $N = {n}$")
            axes.plot([], [], color=color, marker=marker, markersize=4, label=words)
    axes.set(
        xlabel="time of a field [s]; dotted: diagonalization", ylabel="torque error / rms torque", title=title
    )
    axes.legend(fontsize=7, title="open: random, filled: relaxed", title_fontsize=7)


def main():
    """Write the table and draw the figure."""
    args = options(__doc__, out=True)
    frame = pd.read_csv(f"{args.tables}/solvers.csv").fillna({"options": ""})
    found = pd.DataFrame([*targets(frame)], columns=["number", "case", "measured", "target", "unit"])
    found["verdict"] = np.where(found.measured <= found.target, "met", "missed")
    print(found.to_string(index=False))
    write_csv(args.out, found)
    with style.journal():
        style.save(draw(frame), args.png, args.pdf)


if __name__ == "__main__":
    main()
