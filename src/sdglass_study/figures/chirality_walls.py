"""Directions of domain walls, and the scaling of the structure factor."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._domains import RUN, plain_axes, run_lines


@figure(
    tables={
        "chirality_walls": f"{RUN} time angle density",
        "chirality_anisotropy": f"{RUN} time sixfold low high",
        "chirality_spectrum": f"{RUN} time scaled_wave scaled_spectrum",
    },
    title="Walls and scaling",
    caption=(
        "(a) Distribution of the direction of the normal to the walls, folded to 60 degrees (0: along a bond), "
        "at the time with the most walls among those of exact forces; 1 everywhere for round domains. (b) <cos "
        "6 theta>, weighted with the length of walls: above zero normals are along bonds, below zero between "
        "them. (c) Structure factor of the site chirality, scaled by the size of the domains, of the first "
        "quench, from dark to bright with time; the dashed line falls as q^-3 (Porod), curves on each other "
        "would be dynamical scaling."
    ),
    chapter="growth",
    order=2,
)
def draw(tables, look):
    """Draw angles, anisotropy and the scaled spectrum."""
    walls, six, spectrum = (tables[f"chirality_{name}"] for name in ("walls", "anisotropy", "spectrum"))
    walls, six = (frame[frame.model.isin(["exact", "control"])] for frame in (walls, six))
    lines = run_lines(six, look)
    page, (left, middle, right) = style.panels(3.2, 1, 3)
    for key, line in lines.items():
        mine = six[(six.ensemble == key[0]) & (six.model == key[1])].sort_values("time")
        style.curve(middle, mine.time, mine.sixfold, mine.low, mine.high, marker="o", **line)
        some = walls[(walls.ensemble == key[0]) & (walls.model == key[1])]
        some = some[some.time == sorted(some.time.unique())[len(some.time.unique()) // 2]]
        left.plot(some.angle, some.density, **line)
    left.set(xlabel="direction of the normal [degrees]", ylabel="share of wall length / even", xlim=(0, 60))
    left.axhline(1.0, color=style.BLACK, linewidth=0.6)
    middle.axhline(0.0, color=style.BLACK, linewidth=0.6)
    style.time_axis(middle)
    middle.set_ylabel(r"$\langle\cos 6\theta\rangle$")
    first = spectrum[(spectrum.ensemble == spectrum.ensemble.iloc[0]) & (spectrum.model == "exact")]
    for time, colour in style.time_colours(sorted(first.time.unique())).items():
        some = style.positive(first[first.time == time], "scaled_wave", "scaled_spectrum")
        right.plot(some.scaled_wave, some.scaled_spectrum, color=colour, label=f"$t = {style.clock(time)}$")
    span = [1.5, 6.0]
    right.plot(span, [0.3 * (q / 1.5) ** -3 for q in span], color=style.BLACK, dashes=(4, 2), linewidth=0.8)
    style.logarithmic(right)
    right.set_ylim(1e-6, 3.0)  # at the corners of the zone the chirality of a site vanishes
    right.set(xlabel=r"$qL/2\pi$", ylabel=r"$S(q)\,a / (L^2\langle\chi^2\rangle)$")
    right.legend(fontsize=7)
    handles = [style.line(color=line["color"], label=line["label"]) for line in lines.values()]
    style.legend_below(page, handles, ncols=2)
    plain_axes(page)
    return page
