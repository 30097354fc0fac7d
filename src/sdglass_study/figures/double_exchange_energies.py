"""Energies of ways to arrange the holes of the double-exchange magnet."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure


@figure(
    tables={
        "double_exchange_energies": "state:str kind:str n_sites holes energy_per_site torque_rms gain_per_hole"
    },
    title="One droplet, polarons, or none of them",
    caption=(
        "Energy per site, exact electrons, of the antiferromagnet, of separate ferromagnetic crosses of five "
        "sites (a spin reversed, polarons: one for each hole, or fewer), of one ferromagnetic disc, and of the "
        "ferromagnet: of collinear spins, and after a short descent from them with small random turns. The "
        "descent leaves the antiferromagnet, which makes room for its holes, and the ferromagnet; a lower "
        "energy of the droplet says that gathering pays, not that holes find each other."
    ),
    chapter="data",
)
def draw(tables, look):
    """Draw the energies of both kinds, state by state."""
    frame = tables["double_exchange_energies"]
    page, (axes,) = style.panels(2.6, 1, 1, lettered=False)
    states = list(dict.fromkeys(frame.state))
    for kind, color, marker in (("collinear", style.VERMILLION, "s"), ("minimised", style.BLUE, "o")):
        some = frame[frame.kind == kind].set_index("state").reindex(states)
        axes.plot(range(len(states)), some.energy_per_site, color=color, marker=marker, linewidth=0, label=kind)
        for k, energy in enumerate(some.energy_per_site):
            if np.isfinite(energy):
                axes.annotate(f"{energy:.4f}", (k, energy), (5, 3), textcoords="offset points", fontsize=7)
    axes.set_xticks(range(len(states)), states)
    axes.set(ylabel=r"energy per site [$t_0$]", xlim=(-0.5, len(states) - 0.3))
    axes.legend()
    return page
