"""Energies of ordered states of the triangular lattice against J."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_LOOK = {
    "ferromagnet": (style.VERMILLION, "^"),
    "stripes": (style.GREEN, "s"),
    "120 degrees": (style.PURPLE, "D"),
}


@figure(
    tables={"tetrahedral_energies": "coupling filling order:str energy_per_site gap"},
    title="Where tetrahedral order has the lowest energy",
    caption=(
        "Energy per site of ordered states of the triangular lattice above that of tetrahedral order, against "
        "J, with hopping -1, for each filling (with hopping +1 it is 1 minus the filling). Below zero another "
        "order wins. Crosses: gap of the tetrahedral state, divided by 10. From the bands on a fine grid of "
        "wave vectors; on a small lattice they agree with exact diagonalization to rounding. Only these four "
        "orders are compared."
    ),
    chapter="data",
)
def draw(tables, look):
    """Draw differences of energy, a panel per filling."""
    frame = tables["tetrahedral_energies"]
    fillings = sorted(frame.filling.unique())
    page, panels = style.panels(2.7, 1, len(fillings))
    for axes, filling in zip(panels, fillings, strict=True):
        some = frame[frame.filling == filling]
        ours = some[some.order == "tetrahedral"].set_index("coupling")
        for name, (color, marker) in _LOOK.items():
            other = some[some.order == name].set_index("coupling")
            difference = other.energy_per_site - ours.energy_per_site
            axes.plot(difference.index, difference, color=color, marker=marker, label=name)
        axes.plot(ours.index, ours.gap / 10, color=style.GREY, marker="x", linewidth=0.6, label="gap / 10")
        axes.axhline(0.0, color=style.BLACK, linewidth=0.8)
        axes.set(xlabel=r"coupling $J$ [$t_0$]", ylabel=r"energy above tetrahedral [$t_0$/site]")
        axes.set_title(f"$f = {filling:g}$", pad=3)
        axes.legend()
    return page
