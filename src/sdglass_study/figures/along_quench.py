"""Torque error of each model along a quench, absolute and relative to the torque."""

from sdglass_study.figures import style

_MODELS = ("pair", "linear", "bond", "small")


def draw(tables):
    """Draw rmse and torque (left) and their ratio (right) against time."""
    frame = tables["error_along_quench"]
    # Variants with chirality or other folds lie on top of these.
    models = [name for name in _MODELS if name in set(frame.model)] or style.in_order(frame.model)
    frame = frame[(frame.time > 0) & frame.model.isin(models)]
    figure = style.new_figure(2.8)
    left, right = figure.subplots(1, 2)
    for model in models:
        curve = frame[frame.model == model].sort_values("time")
        look = style.look(model, models) | {"markersize": 3}
        left.plot(curve.time, curve.rmse, label=style.label(model), **look)
        style.band(left, curve.time, curve.low, curve.high, look["color"], alpha=0.12)
        share, low, high = (100 * curve[name] for name in ("relative", "relative_low", "relative_high"))
        right.plot(curve.time, share, **look)
        style.band(right, curve.time, low, high, look["color"], alpha=0.12)
    torque = frame.groupby("time").rms.median()
    left.plot(torque.index, torque, color=style.BLACK, linewidth=1.4, label="rms torque")
    for axes, text in ((left, "a"), (right, "b")):
        axes.set(xlabel=r"time $t$ [$1/(\gamma t_0)$]")
        style.logarithmic(axes, "xy" if axes is left else "x")
        style.letter(axes, text)
    right.set_ylim(bottom=0)
    left.set_ylabel(r"rms torque component [$t_0$]")
    right.set_ylabel("torque error / rms torque [%]")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure
