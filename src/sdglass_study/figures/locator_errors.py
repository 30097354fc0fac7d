"""Torque errors of the locator force field beside those of the symmetry functions, by size and stage."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._labels import STAGE_WORDS


@figure(
    tables={"locator_errors": "model:str set:str stage:str n_sites relative relative_low relative_high"},
    title="A force field from the locator expansion, beside the symmetry functions'",
    caption=(
        "Torque error over the rms torque of the exact labels, on realizations that no model was fitted to: "
        "random spins; minimised states, which a few steps along the exact torque without precession and "
        "noise leave of these; and states late in quenches at the temperature of Fig. 4, those of the larger "
        "boxes driven by the pair model. Minimised states are not the late states of the torque errors above, "
        "which come from quenches. The pair couplings of the locator expansion contain the surroundings of "
        "each pair exactly, and closed loops of four spins come on top; a handful of numbers is fitted. [[What "
        "limits the symmetry functions is what they describe, not the network that reads them. ]]Intervals: "
        "Student's t over atomic realizations."
    ),
    chapter="models",
    order=8,
)
def draw(tables, look):
    """Draw relative errors of every model: a panel per stage, sizes side by side."""
    frame = tables["locator_errors"]
    models = look.order(frame.sort_values("relative", ascending=False).model)
    sizes = sorted(frame.n_sites.unique())
    stages = [stage for stage in STAGE_WORDS if (frame.stage == stage).any()]
    page, panels = style.panels(2.9, 1, len(stages), sharey=True)
    for axes, stage in zip(panels, stages, strict=True):
        for number, model in enumerate(models):
            some = frame[(frame.stage == stage) & (frame.model == model)].sort_values("n_sites")
            place = np.searchsorted(sizes, some.n_sites) + 0.12 * (number - 0.5 * (len(models) - 1))
            bars = style.error_bars(some.relative, some.relative_low, some.relative_high)
            axes.errorbar(place, some.relative, bars, linestyle="", elinewidth=0.8, markersize=5,
                          label=look.label(model), **look.line(model))  # fmt: skip
        axes.set_xticks(range(len(sizes)), [f"{size:g}" for size in sizes])
        axes.set_xlim(-0.5, len(sizes) - 0.5)
        axes.set_xlabel("sites $N$")
        axes.set_title(STAGE_WORDS[stage], pad=3)
        axes.set_yscale("log")
    panels[0].set_ylabel("torque error / rms torque")
    style.legend_below(page, *panels[0].get_legend_handles_labels(), ncols=len(models))
    return page
