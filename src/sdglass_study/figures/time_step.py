"""Convergence of the integrators with the time step."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_DASHES = ((), (4, 1.5), (1, 1))
_WORDS = {"heun": "Heun", "semi_implicit": "semi-implicit"}
_KINDS = {
    "heun": {"color": style.BLUE, "marker": "o"},
    "semi_implicit": {"color": style.VERMILLION, "marker": "s"},
}


@figure(
    tables={"time_step": "integrator:str damping duration time_step error energy_drift"},
    title="Convergence with the time step",
    caption=(
        "(a) Rms difference of the spins (per component) at the end of a run without noise to the same run "
        "with half the finest step, for both integrators and every damping; the dashed black line has the "
        "slope of second order. (b) Rms drift of the energy per site in the same runs without damping, where "
        "the energy is conserved."
    ),
    chapter="dynamics",
    order=1,
)
def draw(tables, look):
    """Draw the error of the spins and the drift of the energy against the time step."""
    frame = tables["time_step"]
    page, (left, right) = style.panels(2.6, 1, 2)
    names, dampings = list(dict.fromkeys(frame.integrator)), sorted(frame.damping.unique())
    for name in names:
        line, mine = _KINDS.get(name, {}), frame[frame.integrator == name]
        for k, damping in enumerate(dampings):
            words = rf"{_WORDS.get(name, name)}, $\alpha = {damping:g}\,\gamma$"
            curve = style.positive(mine[mine.damping == damping], "time_step", "error").sort_values("time_step")
            left.plot(curve.time_step, curve.error, label=words, dashes=_DASHES[k % 3], **line)
        # Without damping: the same in the rows of every damping.
        curve = style.positive(mine.drop_duplicates("time_step"), "time_step", "energy_drift")
        curve = curve.sort_values("time_step")
        right.plot(curve.time_step, curve.energy_drift, label=_WORDS.get(name, name), **line)
    steps = np.unique(frame.time_step[frame.time_step > 0])
    for axes in (left, right):
        style.logarithmic(axes)
        axes.set(xlabel=r"time step $\Delta t$ [$1/(\gamma t_0)$]")
        axes.set_xticks(steps, [f"{step:g}" for step in steps])
        axes.set_xticks([], minor=True)
        axes.legend(loc="upper left")
    right.set_title(r"$\alpha = 0$", pad=3)
    left.set_ylabel("rms spin difference\nto a finer step")
    right.set_ylabel(r"rms energy drift per site [$t_0$]")
    _guide(left, style.positive(frame, "time_step", "error"))
    return page


def _guide(axes, shown):
    """Draw a line of slope 2 below the data."""
    if shown.time_step.nunique() < 2:
        return
    steps = np.array([shown.time_step.min(), shown.time_step.max()])
    anchor = (shown.error / shown.time_step**2).min() * 0.4
    axes.plot(steps, anchor * steps**2, color=style.BLACK, dashes=(4, 2), linewidth=0.8)
    middle = np.sqrt(steps.prod())
    axes.text(1.1 * middle, 0.8 * anchor * middle**2, r"$\propto \Delta t^2$", ha="left", va="top")
