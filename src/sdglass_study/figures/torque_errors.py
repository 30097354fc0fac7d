"""Torque errors of every model, absolute and relative, by state of the spins and by set."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._labels import MOST, ordered_sets, set_words

_STAGES = ("random", "relaxed", "late")
_NOT_DRAWN = ("validation",)  # nearly the training set's, and not for linear models
_PAPER = 1.0e-3  # [t0], read off the paper's Fig. 3


@figure(
    tables={"torque_errors": "model:str member:str set:str stage:str n_sites rmse low high rms relative"},
    title="Torque errors of every model",
    caption=(
        "Root mean square error of a torque component (top) and the same divided by the rms torque (bottom), "
        "for random, relaxed and late states (late: the second half of quenches); of the first eight models. "
        "Filled symbols: the committee, or the linear models, with Student t intervals over atomic "
        "realizations; small dots: single networks on average (the main symbol where there is no committee); "
        "bars: the torque itself[[; dashed: the paper's 0.001]]. Intervals of two models may overlap although one "
        "is better on every realization: paired.csv compares them on the same ones. A model is useful where "
        "its relative error is well below one; late states are the test."
    ),
    chapter="models",
    order=4,
)
def draw(tables, look):
    """Draw rmse (top) and rmse / rms (bottom): a column per set, groups of points per stage."""
    frame = tables["torque_errors"]
    models = look.order(frame.model)[:MOST]
    frame = frame[frame.model.isin(models)]
    sets = ordered_sets(frame.set)
    sets = [name for name in sets if name not in _NOT_DRAWN] or sets
    stages = [s for s in _STAGES if (frame.stage == s).any()] or list(dict.fromkeys(frame.stage))
    page, panels = style.panels(4.9, 2, len(sets), sharex=True, sharey="row")
    dashed = {"color": style.BLACK, "dashes": (4, 2), "linewidth": 0.8}
    for (top, bottom), name in zip(panels.T, sets, strict=True):
        some = frame[frame.set == name]
        _points(top, some, "rmse", models, stages, look)
        _points(bottom, some, "relative", models, stages, look)
        _signal(top, some, stages)
        if look.of_paper:
            top.axhline(_PAPER, zorder=1, **dashed)
        sizes = ", ".join(f"{n:g}" for n in sorted(some.n_sites.dropna().unique()))
        top.set_title(set_words(name) + (f", $N = {sizes}$" if sizes else ""), pad=3)
        bottom.set_xticks(range(len(stages)), stages)
        bottom.set_xlim(-0.5, len(stages) - 0.5)
        for axes in (top, bottom):
            style.logarithmic(axes, "y")
            axes.tick_params(axis="x", length=0)
    panels[0, 0].set_ylabel(r"torque error [$t_0$]")
    panels[1, 0].set_ylabel("torque error / rms torque")
    handles = [style.line(linestyle="", label=look.label(model), **look.line(model)) for model in models]
    handles.append(style.line(color=style.PALE, linewidth=5, label="rms torque"))
    if look.of_paper:
        handles.append(style.line(label="paper, about 0.001", **dashed))
    style.legend_below(page, handles, ncols=3)
    return page


def _points(axes, some, quantity, models, stages, look):
    for k, model in enumerate(models):
        for place, stage in enumerate(stages):
            rows = some[(some.model == model) & (some.stage == stage) & (some[quantity] > 0)]
            x = place + 0.75 * ((k + 0.5) / len(models) - 0.5)
            single = rows.member == "single"
            if len(rows) == 1:  # nothing else to show: sets that some members were trained on have no committee
                single &= False
            axes.plot(np.full(single.sum(), x), rows[quantity][single], linestyle="", marker=".", markersize=2.5,
                      color=look.color(model), alpha=0.6, zorder=3)  # fmt: skip
            whole = rows[~single]
            # The relative error inherits the interval of the error.
            scale = (whole[quantity] / whole.rmse).to_numpy()
            bars = style.error_bars(whole[quantity], whole.low * scale, whole.high * scale)
            axes.errorbar(np.full(len(whole), x), whole[quantity], bars, linestyle="", elinewidth=0.8,
                          markersize=4, zorder=4, **look.line(model))  # fmt: skip


def _signal(axes, some, stages):
    """Mark the rms torque of each stage: what a model would miss that predicted nothing at all."""
    for place, stage in enumerate(stages):
        rms = some.rms[some.stage == stage].median()
        if np.isfinite(rms) and rms > 0:
            axes.plot([place - 0.42, place + 0.42], [rms, rms], color=style.PALE, linewidth=5, zorder=0,
                      solid_capstyle="butt")  # fmt: skip
