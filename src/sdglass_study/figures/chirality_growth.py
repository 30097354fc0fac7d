"""The size of chiral domains against time, and its power of time."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._domains import RUN, plain_axes, run_lines


@figure(
    tables={
        "chirality_length": f"{RUN} definition:str time length low high",
        "chirality_slopes": f"{RUN} definition:str kind:str time stop slope low high",
        "chirality_order": f"{RUN} quantity:str time value low high",
    },
    title="Growth of the domains",
    caption=(
        "(a) to (c) Size of the chiral domains against time by three definitions: first moment of the structure "
        "factor of the site chirality, distance at which its correlation has fallen to 1/2, area over length of "
        "walls. (d) to (f) The local power d ln L / d ln t; dashed lines at 1 (the claim) and 1/2 (Allen and "
        "Cahn). Both end where domains reach a share of the box that matters (0.7, 0.2, 0.3 of its edge). The "
        "grey line is the control, a scalar field on the same lattice in its own unit of time, whose domains "
        "grow as t^(1/2). (g) Energy per site, (h) chirality of a site, (i) of all sites, in units of perfect "
        "order. Bands: intervals over runs."
    ),
    chapter="growth",
    order=1,
)
def draw(tables, look):
    """Draw lengths, slopes and order, exact forces."""
    lengths, slopes, order = (tables[f"chirality_{name}"] for name in ("length", "slopes", "order"))
    lengths, slopes, order = (frame[frame.model.isin(["exact", "control"])] for frame in (lengths, slopes, order))
    lines = run_lines(lengths, look)
    page, panels = style.panels(6.6, 3, 3)
    for (upper, lower), definition in zip(panels[:2].T, lengths.definition.unique(), strict=True):
        for key, line in lines.items():
            some = style.positive(_of(lengths, key, definition=definition), "time", "length")
            some = some[some.time <= _of(slopes, key, definition=definition).stop.max()]
            style.curve(upper, some.time, some.length, some.low, some.high, **line)
            some = _of(slopes, key, definition=definition, kind="local")
            some = some[some.time > 0]
            style.curve(lower, some.time, some.slope, some.low, some.high, **line)
        style.time_axis(upper, "xy")
        style.time_axis(lower)
        upper.set_ylim(0.5, 100.0)
        upper.set_title(definition, pad=3)
        upper.set_ylabel(r"$L$ [spacings]")
        lower.set(ylabel=r"$d\ln L/d\ln t$", ylim=(-0.25, 1.75))
        for value in (0.5, 1.0):
            lower.axhline(value, color=style.BLACK, dashes=(4, 2), linewidth=0.6)
    words = {
        "energy_per_site": r"energy per site [$t_0$]",
        "local_chirality": r"$\langle|\chi_i|\rangle$",
        "net_chirality": r"$|\langle\chi_i\rangle|$",
    }
    for axes, (quantity, label) in zip(panels[2], words.items(), strict=True):
        for key, line in lines.items():
            some = _of(order, key, quantity=quantity)
            some = some[some.time > 0]
            if len(some):
                value = some.value - (some.value.min() if quantity == "energy_per_site" else 0)
                shift = value - some.value
                style.curve(axes, some.time, value, some.low + shift, some.high + shift, **line)
        style.time_axis(axes)
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(
            label if quantity != "energy_per_site" else "energy per site\n" + r"above its minimum [$t_0$]"
        )
    handles = [style.line(color=line["color"], label=line["label"]) for line in lines.values()]
    style.legend_below(page, handles, ncols=2)
    plain_axes(page)
    return page


def _of(frame, key, **where):
    chosen = (frame.ensemble == key[0]) & (frame.model == key[1])
    for column, value in where.items():
        chosen &= frame[column] == value
    return frame[chosen & np.isfinite(frame.time)].sort_values("time")
