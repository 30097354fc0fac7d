"""Torque errors of force fields on the states of an exact quench."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._domains import plain_axes


@figure(
    tables={"torque_along_quench": "ensemble:str model:str time torque_rms rmse relative low high"},
    title="Errors of the torque along an exact quench",
    caption=(
        "(a) Rms error of the torque, per component, of force fields on the states through which exact forces "
        "lead, relative to the rms torque of these states; bands: intervals over runs. At 1 a force field is as "
        "good as none. (b) The rms torque itself (black) and the absolute errors. The state at t = 0 is drawn "
        "at half of the first time."
    ),
    chapter="models",
)
def draw(tables, look):
    """Draw relative and absolute errors against time."""
    frame = tables["torque_along_quench"]
    first = frame.time[frame.time > 0].min()
    frame = frame.assign(time=frame.time.clip(lower=first / 2))
    page, (left, right) = style.panels(2.7, 1, 2)
    for model in look.order(frame.model):
        some = frame[frame.model == model].sort_values("time")
        line = {"label": look.label(model), **look.line(model)}
        style.curve(left, some.time, some.relative, some.low, some.high, **line)
        right.plot(some.time, some.rmse, **line)
    same = frame.drop_duplicates("time").sort_values("time")
    right.plot(same.time, same.torque_rms, color=style.BLACK, label="rms torque")
    left.axhline(1.0, color=style.GREY, linewidth=0.6)
    for axes in (left, right):
        style.time_axis(axes, "xy")
    left.set_ylabel("torque error / rms torque")
    right.set_ylabel(r"torque [$t_0$]")
    style.legend_below(page, right.get_legend_handles_labels()[0], ncols=3)
    plain_axes(page)
    return page
