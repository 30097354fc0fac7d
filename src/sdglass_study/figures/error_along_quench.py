"""Torque error of each model along a quench, absolute and relative to the torque."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_MODELS = ("pair", "linear", "paper", "small")  # other networks lie on top of these


@figure(
    tables={"error_along_quench": "model:str time rmse low high rms relative relative_low relative_high"},
    title="Torque error along a quench",
    caption=(
        "(a) Torque error of each model in the states that an exact quench visits, with the torque itself "
        "(black)[[, which shrinks as the quench goes on]]. (b) The ratio. The least-squares models and two of the "
        "networks[[; the others lie on top of these]]. Bands: Student t intervals over unseen realizations."
    ),
    chapter="dynamics",
    order=2,
)
def draw(tables, look):
    """Draw rmse and torque (left) and their ratio (right) against time."""
    frame = tables["error_along_quench"]
    models = look.order(frame.model)
    models = [name for name in models if name in _MODELS] or models
    frame = frame[(frame.time > 0) & frame.model.isin(models)]
    page, (left, right) = style.panels(2.8, 1, 2)
    for model in models:
        curve = frame[frame.model == model].sort_values("time")
        line = look.line(model) | {"markersize": 3}
        style.curve(left, curve.time, curve.rmse, curve.low, curve.high, 0.12, label=look.label(model), **line)
        shares = (100 * curve[name] for name in ("relative", "relative_low", "relative_high"))
        style.curve(right, curve.time, *shares, 0.12, **line)
    torque = frame.groupby("time").rms.median()
    left.plot(torque.index, torque, color=style.BLACK, linewidth=1.4, label="rms torque")
    style.time_axis(left, "xy")
    style.time_axis(right)
    right.set_ylim(bottom=0)
    left.set_ylabel(r"rms torque component [$t_0$]")
    right.set_ylabel("torque error / rms torque [%]")
    style.legend_below(page, *left.get_legend_handles_labels(), ncols=5)
    return page
