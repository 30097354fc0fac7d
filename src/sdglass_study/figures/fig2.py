"""Fig. 2: electron density of states without and with the coupling to the spins."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure


@figure(
    tables={
        "fig2_density_of_states": (
            "system:str n_sites box_length coupling energy density_of_states standard_error"
        )
    },
    title="Electron density of states without and with the spins[[ (paper Fig. 2)]]",
    caption=(
        "(a) Without coupling, J = 0, [[for both readings of the paper (its caption says N = 100, its text N = "
        "500, in the same box), and for N = 500 at the density of N = 100, the size of Fig. 5: a peak near "
        "the Fermi level (dashed) and no gap at it. A long, thin tail of in-phase states goes on to the "
        "right. With N = 500 in so small a box the states above the peak come in the shells of the box's few "
        "long waves, between which the density touches zero, first near +0.5 t0: that is the size of the box, "
        "not a gap. (b) At the coupling of the study: lower and upper band lie about 2J apart, and the Fermi "
        "level is in a gap (shaded: no configuration has a state there).||in the study's box, for more sites in "
        "the same box, and for these at the same density; dashed: the Fermi level. (b) At the coupling of the "
        "study, with random spins; energies around the Fermi level at which no configuration has a state are "
        "shaded.]] Quoted position and height of a peak "
        "are those of the parabola through the highest bin and its neighbours. [[The system on which the force "
        "field is trained is thus not a metal. ]]All curves are normalised to one: per orbital state in (a), "
        "where the two spins are alike, and per state of the 2N in (b). Bands: standard error over atomic "
        "realizations, often thinner than the line."
    ),
    chapter="data",
    order=1,
)
def draw(tables, look):
    """Draw the density of states of the systems without coupling (left) and with it (right)."""
    frame = tables["fig2_density_of_states"]
    page, panels = style.panels(2.7, 1, 2)
    halves = (frame[frame.coupling == 0], frame[frame.coupling != 0])
    for axes, half, first in zip(panels, halves, (0, 2), strict=True):
        for k, (_, curve) in enumerate(half.groupby("system", sort=False)):
            _curve(axes, curve.sort_values("energy"), first + k)
        dashed = {"color": style.GREY, "dashes": (4, 3), "linewidth": 0.8, "zorder": 0}
        axes.axvline(0.0, ymax=0.75, label=r"$\epsilon_F$", **dashed)
        axes.set(xlabel=r"energy $\epsilon - \epsilon_F$ [$t_0$]", ylabel=r"$\rho_e(\epsilon)$ [$1/t_0$]")
        if half.empty:
            axes.text(0.5, 0.5, "no such system in the table", transform=axes.transAxes, ha="center")
            continue
        ends = [_ends(curve) for _, curve in half.groupby("system")]
        low, high = min(0.0, *(e[0] for e in ends)), max(0.0, *(e[1] for e in ends))
        margin = 0.08 * (high - low)
        axes.set_xlim(low - margin, high + margin)
        axes.set_ylim(0, 1.32 * half.density_of_states.max())
        axes.legend(loc="upper center" if first else "upper right")
    _mark_gap(panels[1], halves[1])
    return page


def _curve(axes, curve, place):
    row = curve.iloc[0]
    coupling = rf"{row.coupling:g}\,t_0" if row.coupling else "0"
    name = rf"$J = {coupling}$, $N = {row.n_sites:g}$, $L = {row.box_length:.3g}\,\ell$"
    x, y, error = (curve[c].to_numpy() for c in ("energy", "density_of_states", "standard_error"))
    color = style.CYCLE[place % len(style.CYCLE)]
    style.curve(axes, x, y, y - error, y + error, 0.35, color=color, label=name, linewidth=1.0)


def _ends(curve):
    """Energies between which the bulk of the states lies; a long, thin tail of in-phase states goes on above."""
    curve = curve.sort_values("energy")
    share = curve.density_of_states.cumsum() / curve.density_of_states.sum()
    return curve.energy[share > 0.002].min(), curve.energy[share < 0.96].max()


def empty_energies(half):
    """Return the ends of the empty bins around the Fermi level; None if they are not a gap to speak of.

    These are the energies at which no configuration has a state: less than the gap of a single one.
    """
    levels = half.energy[half.density_of_states > 0]
    below, above = levels[levels < 0], levels[levels > 0]
    if below.empty or above.empty:
        return None
    bin_width = np.diff(np.unique(half.energy)).min()
    low, high = below.max() + 0.5 * bin_width, above.min() - 0.5 * bin_width
    return (low, high) if high - low > 1.0 else None


def _mark_gap(axes, half):
    """Shade the empty bins around the Fermi level, if there are any."""
    ends = empty_energies(half)
    if ends is None:
        return
    axes.axvspan(*ends, color=style.PALE, alpha=0.5, linewidth=0, zorder=-1)
    height = 0.45 * axes.get_ylim()[1]
    axes.annotate("", (ends[0], height), (ends[1], height), arrowprops={"arrowstyle": "<->", "lw": 0.7})
    words = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.9}
    axes.text(np.mean(ends), 1.06 * height, "no states", ha="center", va="bottom", bbox=words)
