"""Torque errors of the locator force field beside those of the symmetry functions, by size and stage."""

import numpy as np

from sdglass_study.figures import style

# The tables call "frozen" what a few steps of descent leave of random spins; in that of the torque errors the word
# means the last states of quenches.
STAGES = {"random": "random spins", "frozen": "descended states", "late": "late in quenches"}


def draw(tables):
    """Draw relative errors of every model: a panel per stage, sizes side by side."""
    frame = tables["locator_errors"]
    models = style.in_order(frame.sort_values("relative", ascending=False).model)
    sizes = sorted(frame.n_sites.unique())
    figure = style.new_figure(2.9)
    stages = [stage for stage in STAGES if (frame.stage == stage).any()]
    panels = figure.subplots(1, len(stages), sharey=True)
    for panel, (axes, stage) in enumerate(zip(panels, stages, strict=True)):
        for number, model in enumerate(models):
            some = frame[(frame.stage == stage) & (frame.model == model)].sort_values("n_sites")
            place = np.searchsorted(sizes, some.n_sites) + 0.12 * (number - 0.5 * (len(models) - 1))
            bars = style.error_bars(some.relative, some.relative_low, some.relative_high)
            axes.errorbar(place, some.relative, bars, linestyle="", elinewidth=0.8, markersize=5,
                          label=style.label(model), **style.look(model, models))  # fmt: skip
        axes.set_xticks(range(len(sizes)), [f"{size:g}" for size in sizes])
        axes.set_xlim(-0.5, len(sizes) - 0.5)
        axes.set_xlabel("sites $N$")
        axes.set_title(STAGES[stage], pad=3)
        axes.set_yscale("log")
        style.letter(axes, "abc"[panel])
    panels[0].set_ylabel("torque error / rms torque")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(models))
    return figure
