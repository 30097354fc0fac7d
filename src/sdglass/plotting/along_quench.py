"""Torque error of each model along a quench, absolute and relative to the torque."""

from sdglass.plotting import style


def draw(tables):
    """Draw rmse and torque (left) and their ratio (right) against time."""
    frame = tables["error_along_quench"]
    models = style.principal(frame.model)
    frame = frame[(frame.time > 0) & frame.model.isin(models)]
    figure = style.new_figure(2.8)
    left, right = figure.subplots(1, 2)
    for model in models:
        curve = frame[frame.model == model].sort_values("time")
        look = style.look(model, models) | {"markersize": 3}
        left.plot(curve.time, curve.rmse, label=style.label(model), **look)
        right.plot(curve.time, curve.relative, label=style.label(model), **look)
        style.band(left, curve.time, curve.low, curve.high, look["color"], alpha=0.12)
        style.band(right, curve.time, curve.relative_low, curve.relative_high, look["color"], alpha=0.12)
    torque = frame.groupby("time").rms.median()
    left.plot(torque.index, torque, color=style.BLACK, linewidth=1.4, label="rms torque")
    right.axhline(1.0, color=style.GREY, linewidth=0.6, zorder=0)
    for axes, text in ((left, "a"), (right, "b")):
        axes.set(xlabel=r"time $t$ [$1/(\gamma t_0)$]")
        style.logarithmic(axes)
        style.letter(axes, text)
    left.set_ylabel(r"rms torque component [$t_0$]")
    right.set_ylabel("torque error / rms torque")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
