"""Chiral order after quenches with exact and with approximate forces."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._domains import RUN, plain_axes


@figure(
    tables={
        "chirality_order": f"{RUN} quantity:str time value low high",
        "chirality_length": f"{RUN} definition:str time length low high",
    },
    title="Order after a quench with exact and with approximate forces",
    caption=(
        "From the same initial spins with the same noise: (a) chirality of a site in units of perfect order, "
        "(b) size of the domains from the structure factor of the site chirality, which means something while "
        "they are smaller than the box, whose edge is the end of the axis. A force "
        "field that leads to less chirality than exact forces loses the order. Bands: intervals over runs."
    ),
    chapter="dynamics",
    order=1,
)
def draw(tables, look):
    """Draw the first quench with several models."""
    order, lengths = tables["chirality_order"], tables["chirality_length"]
    counts = order.groupby("ensemble").model.nunique()
    name = counts.idxmax()
    page, (left, right) = style.panels(3.2, 1, 2)
    for model in look.order(order.model[order.ensemble == name]):
        line = {"label": look.label(model), **look.line(model), "markersize": 2.5}
        some = order[(order.ensemble == name) & (order.model == model) & (order.quantity == "local_chirality")]
        some = some[some.time > 0]
        style.curve(left, some.time, some.value, some.low, some.high, **line)
        some = lengths[(lengths.ensemble == name) & (lengths.model == model)]
        some = style.positive(some[some.definition == "structure factor"], "time", "length")
        style.curve(right, some.time, some.length, some.low, some.high, **line)
    style.time_axis(left)
    style.time_axis(right, "xy")
    right.set_ylim(1.0, (some.n_sites.iloc[0] * 0.75**0.5) ** 0.5)  # of a triangular lattice
    left.set_ylabel(r"$\langle|\chi_i|\rangle$ / perfect")
    right.set_ylabel(r"$L$ [spacings]")
    style.legend_below(page, left.get_legend_handles_labels()[0], ncols=3)
    plain_axes(page)
    return page
