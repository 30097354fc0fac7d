"""Spins of the double-exchange magnet after a quench."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._domains import RUN, plain_axes, run_lines


@figure(
    tables={
        "double_exchange_order": f"{RUN} quantity:str time value low high",
        "double_exchange_length": f"{RUN} definition:str time length low high",
    },
    title="Order of the spins after the quench, exact forces",
    caption=(
        "(a) Energy per site. (b) Rms torque per component; at late times it is that of thermal motion. (c) "
        "Correlation of nearest neighbours. (d) Staggered structure factor over the number of sites, 1 of "
        "perfect alternation. (e), (f) Length of the staggered order: first moment of its structure factor, and "
        "where its correlation has fallen to 1/2. Bands: intervals over runs."
    ),
    chapter="growth",
    order=1,
)
def draw(tables, look):
    """Draw order and lengths against time."""
    order, lengths = (tables[f"double_exchange_{name}"] for name in ("order", "length"))
    order, lengths = (frame[frame.model == "exact"] for frame in (order, lengths))
    lines, last = run_lines(order, look), order.groupby("ensemble").time.max()
    # Of quenches that differ in nothing but their duration the longest is drawn.
    longest = {lines[key]["label"]: key for key in sorted(lines, key=lambda key: last[key[0]])}
    lines = {key: line for key, line in lines.items() if longest[line["label"]] == key}
    page, panels = style.panels(4.6, 2, 3)
    words = {
        "energy_per_site": "energy per site\n" + r"above its minimum [$t_0$]",
        "torque_rms": r"rms torque [$t_0$]",
        "first_neighbours": r"$\langle S_i\cdot S_j\rangle$ of neighbours",
        "staggered": r"$S(\pi,\pi)/N$",
    }
    for axes, (quantity, label) in zip(panels.flat, words.items(), strict=False):
        for key, line in lines.items():
            some = order[(order.ensemble == key[0]) & (order.quantity == quantity) & (order.time > 0)]
            if quantity == "energy_per_site":
                some = some.assign(**{name: some[name] - some.value.min() for name in ("low", "high", "value")})
            style.curve(axes, some.time, some.value, some.low, some.high, **line)
            if quantity == "staggered":
                axes.set_ylim(-0.03, 1.03)  # intervals of two runs go below zero
        axes.set_ylabel(label)
        style.time_axis(axes, "xy" if quantity == "torque_rms" else "x")
    for axes, definition in zip(panels.flat[4:], ("structure factor", "correlation"), strict=True):
        for key, line in lines.items():
            some = lengths[(lengths.ensemble == key[0]) & (lengths.definition == definition)]
            some = style.positive(some, "time", "length")
            style.curve(axes, some.time, some.length, some.low, some.high, **line)
        axes.set_ylabel(r"$L$ [spacings]")
        axes.set_title(definition, pad=3)
        style.time_axis(axes, "xy")
    plain_axes(page)
    handles = [style.line(color=line["color"], label=line["label"]) for line in lines.values()]
    style.legend_below(page, handles, ncols=2)
    return page
