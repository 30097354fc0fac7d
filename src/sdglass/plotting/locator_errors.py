"""Torque errors of the locator force field beside those of the symmetry functions, by size and stage."""

import numpy as np

from sdglass.plotting import style

_STAGES = ("random", "frozen")


def draw(tables):
    """Draw relative errors of every model: a panel per stage, sizes side by side."""
    frame = tables["locator_errors"]
    models = style.in_order(frame.sort_values("relative", ascending=False).model)
    sizes = sorted(frame.n_sites.unique())
    figure = style.new_figure(2.9)
    panels = figure.subplots(1, len(_STAGES), sharey=True)
    for panel, (axes, stage) in enumerate(zip(panels, _STAGES, strict=True)):
        for number, model in enumerate(models):
            some = frame[(frame.stage == stage) & (frame.model == model)].sort_values("n_sites")
            place = np.searchsorted(sizes, some.n_sites) + 0.12 * (number - 0.5 * (len(models) - 1))
            bars = style.error_bars(some.relative, some.relative_low, some.relative_high)
            axes.errorbar(place, some.relative, bars, linestyle="", elinewidth=0.8, markersize=5,
                          label=style.label(model), **style.look(model, models))  # fmt: skip
        axes.set_xticks(range(len(sizes)), [f"{size:g}" for size in sizes])
        axes.set_xlim(-0.5, len(sizes) - 0.5)
        axes.set_xlabel("sites $N$")
        axes.set_title("random spins" if stage == "random" else "frozen states", pad=3)
        axes.set_yscale("log")
        style.letter(axes, "ab"[panel])
    panels[0].set_ylabel("torque error / rms torque")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(models))
    return figure
