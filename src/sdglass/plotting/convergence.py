"""Convergence of the integrators with the time step."""

import numpy as np

from sdglass.plotting import style


def draw(tables):
    """Draw the error of the spins and the drift of the energy against the time step."""
    frame = tables["time_step"]
    figure = style.new_figure(2.6)
    left, right = figure.subplots(1, 2)
    for axes, column, text in ((left, "error", "a"), (right, "energy_drift", "b")):
        shown = style.positive(frame.assign(**{column: frame[column].abs()}), "time_step", column)
        for name in style.in_order(shown.integrator):
            for k, (damping, curve) in enumerate(shown[shown.integrator == name].groupby("damping")):
                words = style.label(name)
                if frame.damping.nunique() > 1:
                    words += rf", $\alpha = {damping:g}\,\gamma$"
                curve = curve.sort_values("time_step")
                look = style.look(name, style.in_order(frame.integrator))
                axes.plot(curve.time_step, curve[column], label=words, dashes=(4, 1.5) if k else (), **look)
        style.logarithmic(axes)
        axes.set(xlabel=r"time step $\Delta t$ [$1/(\gamma t_0)$]")
        style.letter(axes, text)
        if len(shown):
            steps = np.unique(shown.time_step)
            axes.set_xticks(steps, [f"{step:g}" for step in steps])
            axes.set_xticks([], minor=True)
            axes.legend(loc="upper left")
    if frame.damping.nunique() == 1:
        left.set_title(rf"$\alpha = {frame.damping.iloc[0]:g}\,\gamma$", pad=3)
    right.set_title(r"$\alpha = 0$", pad=3)
    left.set_ylabel("rms spin difference\nto a finer step")
    right.set_ylabel(r"rms energy drift per site [$t_0$]")
    _guide(left, style.positive(frame, "time_step", "error"))
    return figure


def _guide(axes, shown):
    """Draw a line of slope 2 below the data."""
    if shown.time_step.nunique() < 2:
        return
    steps = np.array([shown.time_step.min(), shown.time_step.max()])
    anchor = (shown.error / shown.time_step**2).min() * 0.4
    axes.plot(steps, anchor * steps**2, color=style.BLACK, dashes=(4, 2), linewidth=0.8)
    middle = np.sqrt(steps.prod())
    axes.text(1.1 * middle, 0.8 * anchor * middle**2, r"$\propto \Delta t^2$", ha="left", va="top")
