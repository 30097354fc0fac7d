"""How the neighbourhood of Fig. 1 becomes the numbers that a network reads: shells and triangles of bonds."""

import numpy as np

from sdglass.plotting.arrows import COLOURS
from sdglass_study.figures import _style as style
from sdglass_study.figures import figure


@figure(
    tables={
        "fig1_neighbourhood": "site x y z sx sy sz distance is_centre cutoff",
        "descriptor": "function:str sign pair_distance shell value width cutoff pair_width",
    },
    title="From a neighbourhood to the numbers that a network reads (paper Eqs. 8-13)",
    caption=(
        "The symmetry functions of the neighbourhood in Fig. 1. (a) Bond variables of its neighbours against "
        "their distance (colours as there); each shell (pale, one of them blue) collects the bonds near its "
        "radius, less of them towards the cutoff (dashed). (b) What the shells collect: the radial functions "
        "G2. (c) The angular functions take two neighbours at about the same distance d, weighted by the "
        "angle between them and by how near they are to d' from each other; their bond variable is collected. "
        "(d) The angular functions G3 of this neighbourhood. Every value of (b) and (d) is one input of the "
        "network; none changes when all spins, or all sites, are rotated."
    ),
    chapter="method",
    order=2,
)
def draw(tables, look):
    """Draw what goes into G2 (a) and its values (b), a triangle of G3 (c) and its values (d)."""
    sites, table = tables["fig1_neighbourhood"], tables["descriptor"]
    radial, angular = table[table.function == "G2"], table[table.function == "G3"]
    strongest = radial.loc[radial.value.abs().idxmax()] if len(radial) else None
    page, ((bonds, shells), (triangle, triples)) = style.panels(4.3, 2, 2, width_ratios=(1, 1.15))
    _bonds(bonds, sites, radial, strongest)
    _values(shells, radial, strongest)
    _triangle(triangle)
    _triples(triples, angular)
    return page


def _bonds(axes, sites, radial, strongest):
    """The bond variables of the neighbours against their distance, with the shells that collect them."""
    import matplotlib as mpl

    from sdglass.forcefields.behler_parrinello.symmetry_functions import cutoff_function, f2

    centre = sites[sites.is_centre.astype(bool)].iloc[0]
    others = sites[~sites.is_centre.astype(bool)]
    values = others[["sx", "sy", "sz"]].to_numpy() @ centre[["sx", "sy", "sz"]].to_numpy(dtype=float)
    width, cutoff = radial.width.iloc[0], radial.cutoff.iloc[0]
    r = np.linspace(0, cutoff, 600)
    for row in radial.itertuples():
        axes.plot(r, f2(r, row.shell, width, cutoff), color=style.PALE, linewidth=0.5, zorder=1)
    axes.plot(r, cutoff_function(r, cutoff), color=style.GREY, dashes=(4, 2), linewidth=0.8, label=r"$f_c(R)$")
    if strongest is not None:
        chosen = f2(r, strongest.shell, width, cutoff)
        axes.fill_between(r, chosen, color=style.SKY, alpha=0.6, linewidth=0, zorder=2)
        axes.plot(r, chosen, color=style.BLUE, linewidth=0.9, label=rf"$F_2$ at $d = {strongest.shell:.2f}\,\ell$")
    axes.vlines(others.distance, 0, values, color=style.GREY, linewidth=0.5, zorder=3)
    colours = mpl.colormaps[COLOURS](0.5 * (1 + values))
    axes.scatter(others.distance, values, s=16, c=colours, edgecolors="#444444", linewidths=0.4, zorder=4)
    axes.axhline(0.0, color=style.GREY, linewidth=0.6)
    axes.set(xlabel=r"$R_{ij}$ [$\ell$]", ylabel=r"bond $\mathbf{S}_i\cdot\mathbf{S}_j$", xlim=(0, 1.02 * cutoff),
             ylim=(-1.1, 1.35))  # fmt: skip
    axes.legend(loc="upper left", ncols=2, columnspacing=1.0)


def _values(axes, radial, strongest):
    axes.axhline(0.0, color=style.GREY, linewidth=0.6)
    axes.vlines(radial.shell, 0, radial.value, color=style.GREY, linewidth=0.7)
    axes.plot(radial.shell, radial.value, "o", color=style.BLACK, markersize=2.5)
    if strongest is not None:
        axes.plot(strongest.shell, strongest.value, "o", color=style.BLUE, markersize=5)
    axes.set(xlabel=r"radius of the shell $d$ [$\ell$]", ylabel=r"$G_2(d)$")
    formula = r"$G_2(d) = \sum_j F_2(R_{ij}; d)\ \mathbf{S}_i\cdot\mathbf{S}_j$"
    axes.text(0.97, 0.06, formula, ha="right", va="bottom", transform=axes.transAxes)


def _triangle(axes):
    """Two neighbours of a site: what F3 looks at."""
    from matplotlib.patches import Arc, Circle

    axes.set(xlim=(-0.5, 3.5), ylim=(-0.85, 1.9), aspect="equal")
    axes.set_axis_off()
    i, j, k = np.array([0.2, 0.0]), np.array([2.3, 0.05]), np.array([1.35, 1.55])
    for a, b, colour, dashes in ((i, j, style.GREY, ()), (i, k, style.GREY, ()), (j, k, style.VERMILLION, (4, 2))):
        axes.plot(*zip(a, b, strict=True), color=colour, linewidth=1.1, dashes=dashes, zorder=1)
    angle = np.degrees(np.arctan2(*(k - i)[::-1]))
    axes.add_patch(Arc(i, 1.1, 1.1, theta1=1.4, theta2=angle, color=style.GREY, linewidth=0.8))
    axes.text(0.95, 0.32, r"$\theta$", ha="center", va="center")
    arrow = {"arrowstyle": "-|>", "color": style.BLUE, "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
    spins = ((i, 100, "i", (-0.28, 0)), (j, -60, "j", (0.32, -0.05)), (k, 20, "k", (-0.25, 0.2)))
    for place, turn, name, shift in spins:
        step = 0.3 * np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
        axes.annotate("", place + step, place - step, zorder=3, arrowprops=arrow)
        axes.add_patch(Circle(place, 0.07, facecolor="#444444", edgecolor="none", zorder=4))
        axes.text(*(place + shift), rf"$\mathbf{{S}}_{name}$", ha="center", va="center")
    axes.text(1.25, -0.16, r"$R_{ij}\approx d$", ha="center", va="top")
    axes.text(0.55, 0.95, r"$R_{ik}\approx d$", ha="right", va="center")
    axes.text(1.95, 0.95, r"$R_{jk}$ near $d^\prime$", ha="left", va="center", color=style.VERMILLION)
    formula = (
        r"$G_3(d) \propto \sum_{jk}\ (1+\lambda\cos\theta)^\zeta\ F_2(R_{ij}; d)\ F_2(R_{ik}; d)"
        r"\ F_2(R_{jk}; d^\prime)\ \mathbf{S}_j\cdot\mathbf{S}_k$"
    )
    axes.text(1.5, -0.72, formula, ha="center", va="center", fontsize=8)


def _triples(axes, angular):
    axes.axhline(0.0, color=style.GREY, linewidth=0.6)
    for k, ((sign, distance), curve) in enumerate(angular.groupby(["sign", "pair_distance"])):
        words = rf"$\lambda = {sign:+g}$, $d^\prime = {distance:g}\,\ell$"
        axes.plot(curve.shell, curve.value, marker=style.MARKERS[k % len(style.MARKERS)], markersize=2.5,
                  linewidth=0.8, color=style.CYCLE[k % len(style.CYCLE)], label=words)  # fmt: skip
    axes.set(xlabel=r"radius of the shell $d$ [$\ell$]", ylabel=r"$G_3(d)$")
    axes.legend(loc="best")
