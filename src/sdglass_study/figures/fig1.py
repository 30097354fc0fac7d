"""Fig. 1: one neighbourhood of the study with its spins, and how the model reads it."""

from itertools import pairwise

import numpy as np

from sdglass.plotting.arrows import COLOURS, LENGTH, SHAFT, arrow_mesh, fade, lit, rotation
from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_VIEW = rotation(25.0, 20.0)


@figure(
    tables={"fig1_neighbourhood": "site x y z sx sy sz distance is_centre cutoff"},
    title="A magnetic neighbourhood and the model that reads it[[ (paper Fig. 1)]]",
    caption=(
        "(a) One spin of the study (ringed) with every spin inside its cutoff sphere, in orthographic "
        "projection. Colour is the bond variable with the centre, S_i . S_j; grey lines are hoppings from the "
        "centre, their width proportional to t(R); paler is farther away. (b) Bond variables go through the "
        "symmetry functions into one network, the same for all spins, whose local energies add up; local "
        "fields are minus the gradient of the sum. A local energy depends on the spins inside its sphere "
        "alone, which is what locality means here; the field on a spin is the gradient of all local energies "
        "whose spheres hold it, and so reaches two cutoff radii far."
    ),
    chapter="method",
    order=1,
)
def draw(tables, look):
    """Draw the neighbourhood (left) and the scheme of the model (right)."""
    import matplotlib as mpl

    sites = tables["fig1_neighbourhood"]
    page, (left, right) = style.panels(3.5, 1, 2, width_ratios=(1.1, 1))
    _neighbourhood(left, sites)
    _scheme(right)
    scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(-1, 1), COLOURS)
    bar = page.colorbar(scale, ax=left, location="left", shrink=0.6, aspect=22, pad=0.02, ticks=(-1, 0, 1))
    bar.set_label(r"$\mathbf{S}_i\cdot\mathbf{S}_j$", labelpad=-2)
    bar.outline.set_linewidth(0.5)
    return page


def _neighbourhood(axes, sites):
    import matplotlib as mpl
    from matplotlib.patches import Circle

    centre = sites[sites.is_centre.astype(bool)]
    centre = (centre if len(centre) else sites.nsmallest(1, "distance")).iloc[0]
    origin = centre[["x", "y", "z"]].to_numpy(dtype=float)
    cutoff = float(sites.cutoff.iloc[0])
    position = (sites[["x", "y", "z"]].to_numpy(dtype=float) - origin) @ _VIEW.T
    spins = sites[["sx", "sy", "sz"]].to_numpy(dtype=float) @ _VIEW.T
    bonds = spins @ (centre[["sx", "sy", "sz"]].to_numpy(dtype=float) @ _VIEW.T)
    _sphere(axes, cutoff)
    colours = mpl.colormaps[COLOURS](0.5 * (1 + bonds))[:, :3]
    # Painted from back to front; farther is paler.
    for rank, site in enumerate(np.argsort(position[:, 2])):
        haze = 0.55 * np.clip(0.5 - 0.5 * position[site, 2] / cutoff, 0, 1)
        distance = np.linalg.norm(position[site])
        order, size = 10 + rank, LENGTH
        if distance > 0:
            thickness = 4.0 * np.exp(-distance)  # proportional to t(R), paper Eq. 18
            grey = fade(np.full(3, 0.55), haze)
            axes.plot([0, position[site, 0]], [0, position[site, 1]], color=grey, linewidth=thickness, zorder=9,
                      solid_capstyle="round")  # fmt: skip
        else:  # the centre, larger and never hidden
            haze, order, size = 0.0, 500, 1.35 * LENGTH
            ring = {"facecolor": "#FFFFFFB0", "edgecolor": style.VERMILLION, "lw": 1.5, "zorder": 499}
            axes.add_patch(Circle((0, 0), 0.33, **ring))
        _arrow(axes, position[site], spins[site], colours[site], haze, order, size)
    reach = 1.12 * cutoff
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set_axis_off()
    outward = _emptiest_direction(position[:, :2])
    edge = cutoff * outward
    axes.annotate("", edge, 0.33 * outward, arrowprops={"arrowstyle": "->", "lw": 0.9, "shrinkA": 0, "shrinkB": 0},
                  zorder=400)  # fmt: skip
    words = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
    axes.text(*(0.7 * edge), rf"$R_c = {cutoff:g}\,\ell$", ha="center", va="center", bbox=words, zorder=601)
    axes.text(0.27, 0.27, r"$\mathbf{S}_i$", fontsize=11, ha="left", va="bottom", bbox=words, zorder=602)


def _emptiest_direction(points):
    """Unit vector in the picture along which the fewest sites would be hidden by a label."""
    angles = np.radians(np.arange(0, 360, 5))
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    along = points @ rays.T
    across = np.abs(points[:, :1] * rays[:, 1] - points[:, 1:] * rays[:, 0])
    return rays[np.argmin(np.sum(np.exp(-((across / 0.35) ** 2)) * (along > 0.2), axis=0))]


def _sphere(axes, cutoff):
    """Outline of the cutoff sphere with its equator and two meridians, dashed where they are behind."""
    from matplotlib.patches import Circle

    axes.add_patch(Circle((0, 0), cutoff, facecolor="#F4F6F8", edgecolor="#555555", linewidth=0.9, zorder=1))
    angle = np.linspace(0, 2 * np.pi, 181)
    flat = np.zeros_like(angle)
    for circle in ((np.cos(angle), np.sin(angle), flat), (np.cos(angle), flat, np.sin(angle))):
        x, y, z = _VIEW @ (cutoff * np.array(circle))
        for front, dashes in ((z >= 0, ()), (z < 0, (3, 3))):
            shown = np.where(front, y, np.nan)
            axes.plot(x, shown, color="#AAAAAA", linewidth=0.6, dashes=dashes, zorder=800 if not dashes else 2)


def _arrow(axes, position, spin, colour, haze, order, size):
    """Paint a solid arrow of a spin, centred on its site, facet by facet with one lamp."""
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Circle

    facets, normals = arrow_mesh(spin, size)
    facing = normals[:, 2] > 0
    facets, normals = facets[facing], normals[facing]
    back_to_front = np.argsort(facets[:, :, 2].mean(axis=1))
    facets, normals = facets[back_to_front], normals[back_to_front]
    shade = lit(colour, normals)
    painted = PolyCollection(facets[:, :, :2] + position[:2], facecolors=fade(shade, haze), zorder=order)
    # The same colour on the edges closes the seams between the facets.
    painted.set(edgecolors=fade(shade * 0.9, haze), linewidths=0.15)
    axes.add_collection(painted, autolim=False)
    ball = fade(np.full(3, 0.25), haze)
    axes.add_patch(Circle(position[:2], 1.25 * SHAFT, facecolor=ball, edgecolor="none", zorder=order + 0.5))


def _scheme(axes):
    """Boxes from the neighbourhood to the local field; equations as numbered in the paper."""
    from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

    axes.set(xlim=(0, 10), ylim=(0, 10))
    axes.set_axis_off()
    boxes = (
        (8.75, r"bonds $\mathbf{S}_j\!\cdot\mathbf{S}_k$,  "
         r"chirality $\mathbf{S}_i\!\cdot\mathbf{S}_j\!\times\mathbf{S}_k$",
         "invariant under rotation of all spins"),
        (6.55, r"symmetry functions $G_2^m,\ G_3^m,\ G_3^\chi$",
         "invariant under rotation of all sites"),
        (1.05, r"$E = \sum_i \epsilon_i$,   $\mathbf{H}_i = -\,\partial E/\partial\mathbf{S}_i$",
         "local fields drive the LLG equation"),
    )  # fmt: skip
    for height, first, second in boxes:
        box = FancyBboxPatch((0.6, height - 0.8), 8.8, 1.6, boxstyle="round,pad=0.05,rounding_size=0.25")
        box.set(facecolor="#EEF3F8", edgecolor="#4A6A85", linewidth=0.8)
        axes.add_patch(box)
        middle = {"ha": "center", "va": "center"}
        axes.text(5, height + 0.28, first, fontsize=9, **middle)
        axes.text(5, height - 0.42, second, fontsize=7.5, color="#444444", style="italic", **middle)
    layers = ((1.7, 5), (3.6, 6), (5.4, 6), (7.2, 4), (8.8, 1))
    nodes = [[(x, 3.95 + 0.42 * (k - (n - 1) / 2)) for k in range(n)] for x, n in layers]
    for before, after in pairwise(nodes):
        for a in before:
            for b in after:
                axes.plot(*zip(a, b, strict=True), color="#B9C4CE", linewidth=0.35, zorder=1)
    for layer, colour in zip(nodes, ("#56B4E9", *["#FFFFFF"] * 3, style.VERMILLION), strict=True):
        for node in layer:
            axes.add_patch(Circle(node, 0.15, facecolor=colour, edgecolor="#4A6A85", linewidth=0.7, zorder=2))
    axes.text(9.15, 3.95, r"$\epsilon_i$", ha="left", va="center", fontsize=10)
    axes.text(0.95, 3.95, r"$G_k$", ha="right", va="center", fontsize=10)
    for x, start, end in ((5, 7.9, 7.45), (1.7, 5.7, 5.1), (8.8, 3.65, 1.95)):
        axes.add_patch(FancyArrowPatch((x, start), (x, end), arrowstyle="-|>", mutation_scale=8, color="#4A6A85"))
