"""What fitted force fields were to reach and what they did, and the figure, from `force_fields.csv`.

python -m sdglass_study.benchmarks.force_fields_targets --tables results/benchmarks --out TARGETS.csv --png F.png
"""

import numpy as np
import pandas as pd

from sdglass.io import write_csv
from sdglass_study.benchmarks.force_fields import LARGE
from sdglass_study.benchmarks.summary import options
from sdglass_study.figures import _style as style

# Magnet: torque errors wanted of random and of late spins.
WANTED = {
    "amorphous J=6 f=0.5": (0.0014, None),
    "amorphous J=2 f=0.25": (0.05, 0.03),
    "amorphous J=6 f=0.25": (0.05, 0.03),
    "square J=3.5 f=0.48": (0.08, None),
    "square J=6 f=0.485": (0.10, 0.05),
    "triangular J=3 f=0.25": (0.10, 0.05),
}
# And of a quicker one; its time as a share of that of the first, or [s].
QUICKER = {"square J=6 f=0.485": (0.20, 0.12, "share", 0.1), "square J=3.5 f=0.48": (0.20, None, "s", 0.028)}
SHARE, CHIRALITY = 0.2, 0.75
EXACT = "diagonalization"
KINDS = {
    "pair": ("pair couplings", style.GREY, "x"),
    "locator": ("locator expansion", style.PURPLE, "P"),
    "kernel": ("learned kernel", style.GREEN, "v"),
    "poles": ("learned poles", style.VERMILLION, "o"),
    "diagonalization, float32": ("diagonalization, float32", style.ORANGE, "s"),
    "Green's functions": ("Green's functions, exact", style.BLUE, "^"),
}


def by_state(frame, magnet, largest=False):
    """Return errors by state, and seconds, of each model of a magnet, on the structure of its errors."""
    part = frame[(frame.magnet == magnet) & (frame.quantity == "torque error")]
    part = part[(part.n_sites == LARGE) == largest]
    table = part.pivot_table(index="model", columns="state", values="value")
    return table.join(part.groupby("model").seconds.min())


def fits(table):
    """Return the rows of what is fitted."""
    return table[~table.index.isin([EXACT, "diagonalization, float32", "Green's functions"])]


def reached(table, random, late):
    """Return the quickest row with these errors at most; of least worst ratio to them, if none has."""
    worst = table.random / random
    if late is not None and "late" in table:
        worst = np.maximum(worst, table.late / late)
    good = table[worst <= 1]
    return good.loc[good.seconds.idxmin()] if len(good) else table.loc[worst.idxmin()]


def targets(frame):
    """Yield one row per number that has a target."""
    for magnet, (random, late) in WANTED.items():
        table = by_state(frame, magnet)
        if fits(table).empty:
            continue
        exact = table.seconds[[name for name in (EXACT, "Green's functions") if name in table.index]].min()
        first = reached(fits(table), random, late)
        asked = [(first, (random, late, None, None))]
        if magnet in QUICKER:
            asked.append((reached_at(fits(table), first, QUICKER[magnet]), QUICKER[magnet]))
        for row, (one, two, measure, most) in asked:
            words = row.name if measure is None else f"{row.name}, the quicker one"
            for state, target in (("random", one), ("late", two)):
                if target is not None and state in table:
                    yield line(magnet, f"torque error, {state}", words, row[state], target)
            if measure == "share":
                yield line(magnet, "time / that of the first", words, row.seconds / first.seconds, most)
            elif measure == "s":
                yield line(magnet, "time of 900 spins [s]", words, row.seconds, most)
            yield line(magnet, "time / exact", words, row.seconds / exact, np.nan)
        large = by_state(frame, magnet, largest=True)
        if EXACT in large.index and len(large) > 1:
            others = large.drop(index=EXACT)
            quick = others[others.random <= random].seconds
            if len(quick):
                number = f"time / diagonalization, N = {LARGE}"
                yield line(magnet, number, quick.idxmin(), quick.min() / large.seconds[EXACT], SHARE)
    chiral = frame[frame.quantity == "chirality"]
    for row in chiral.itertuples():
        target = np.nan if row.model == EXACT else CHIRALITY
        yield line(row.magnet, "chirality of 12 x 12 quenches", row.model, row.value, target, more=True)


def reached_at(table, first, wanted):
    """Return what comes nearest to errors and a time together."""
    random, late, measure, most = wanted
    limit = most * (first.seconds if measure == "share" else 1.0)
    worst = np.maximum(table.random / random, table.seconds / limit)
    if late is not None:
        worst = np.maximum(worst, table.late / late)
    return table.loc[worst.idxmin()]


def line(magnet, number, model, measured, target, more=False):
    """Return a row with its verdict; `more` is wanted, not less."""
    good = measured >= target if more else measured <= target
    verdict = "" if np.isnan(target) else ("met" if good else "missed")
    return {
        "magnet": magnet, "number": number, "model": model, "measured": measured, "target": target,
        "verdict": verdict,
    }  # fmt: skip


def draw(frame):
    """Return the figure: torque error against the time per spin, one panel for each magnet."""
    magnets = [magnet for magnet in WANTED if not fits(by_state(frame, magnet)).empty]
    figure = style.new_figure(2.7 * -(-len(magnets) // 2))
    panels = figure.subplots(-(-len(magnets) // 2), 2, squeeze=False)
    for axes, magnet in zip(panels.flat, magnets, strict=False):
        table = by_state(frame, magnet)
        sites = frame[(frame.magnet == magnet) & (frame.n_sites != LARGE)].n_sites.max()
        for kind, (_, color, marker) in KINDS.items():
            some = table[[name == kind or name.rpartition("-")[0] == kind for name in table.index]]
            some = some.sort_values("seconds")
            for state, face in (("random", "white"), ("late", color)):
                if state in some:
                    axes.plot(1e6 * some.seconds / sites, some[state], color=color, marker=marker,
                              markersize=4, markerfacecolor=face, linewidth=0.8)  # fmt: skip
        axes.axvline(1e6 * table.seconds[EXACT] / sites, color=style.BLACK, linewidth=0.8, linestyle=(0, (2, 2)))
        for target, shape in zip(WANTED[magnet], ((0, (1, 2)), (0, (4, 2))), strict=True):
            if target is not None:
                axes.axhline(target, color=style.GREY, linewidth=0.7, linestyle=shape, zorder=0)
        axes.set_title(f"{magnet.replace(' f', ', f').replace(' J', ', J')}, N = {sites}", fontsize=8)
        axes.set(xlabel="time per spin [µs]", ylabel="torque error / rms torque")
        style.logarithmic(axes)
    for axes in panels.flat[len(magnets) :]:
        axes.set_visible(False)
    style.letters(panels.flat[: len(magnets)])
    for words, color, marker in KINDS.values():
        panels[0, 0].plot([], [], color=color, marker=marker, markersize=4, label=words)
    panels[0, 0].plot([], [], color=style.BLACK, linestyle=(0, (2, 2)), label="time of diagonalization")
    panels[0, 0].plot([], [], color=style.GREY, linestyle=(0, (1, 2)), label="target, random")
    panels[0, 0].plot([], [], color=style.GREY, linestyle=(0, (4, 2)), label="target, late")
    handles, words = panels[0, 0].get_legend_handles_labels()
    title = "open symbols: random spins, filled: late ones"
    figure.legend(handles, words, loc="outside lower center", ncols=3, fontsize=7, title=title, title_fontsize=7)
    return figure


def main():
    """Write the table and draw the figure."""
    args = options(__doc__, out=True)
    frame = pd.read_csv(f"{args.tables}/force_fields.csv")
    found = pd.DataFrame([*targets(frame)])
    print(found.to_string(index=False))
    write_csv(args.out, found)
    with style.journal():
        style.save(draw(frame), args.png, args.pdf)


if __name__ == "__main__":
    main()
