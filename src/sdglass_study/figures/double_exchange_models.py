"""Correlations after quenches with approximate forces beside those with exact ones."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._domains import RUN, plain_axes


@figure(
    tables={
        "double_exchange_order": f"{RUN} quantity:str time value low high",
        "double_exchange_difference": f"{RUN} time difference paired scatter",
    },
    title="Quenches with exact and with approximate forces",
    caption=(
        "From the same initial spins with the same noise: (a) correlation of nearest neighbours, (b) rms "
        "difference of C(r, t) to exact forces over distances up to 4, of the means over runs; dashed: how much "
        "the means of as many exact runs would differ from each other by chance. Bands: intervals over runs."
    ),
    chapter="dynamics",
    order=1,
)
def draw(tables, look):
    """Draw the quench with several models."""
    difference, order = tables["double_exchange_difference"], tables["double_exchange_order"]
    name = difference.ensemble.iloc[0]
    page, (left, right) = style.panels(3.2, 1, 2)
    for model in look.order(["exact", *difference.model]):
        line = {"label": look.label(model), **look.line(model), "markersize": 2.5}
        some = order[(order.ensemble == name) & (order.model == model) & (order.quantity == "first_neighbours")]
        some = some[some.time > 0]
        style.curve(left, some.time, some.value, some.low, some.high, **line)
        some = style.positive(difference[difference.model == model], "time", "difference")
        right.plot(some.time, some.difference, **line)
    some = style.positive(difference.drop_duplicates("time"), "time", "scatter")
    right.plot(some.time, some.scatter, color=style.BLACK, dashes=(4, 2), linewidth=0.8)
    style.time_axis(left)
    style.time_axis(right, "xy")
    left.set_ylabel(r"$\langle S_i\cdot S_j\rangle$ of neighbours")
    right.set_ylabel("rms difference of $C(r)$")
    style.legend_below(page, left.get_legend_handles_labels()[0], ncols=3)
    plain_axes(page)
    return page
