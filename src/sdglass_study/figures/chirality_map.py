"""Chiral domains in space, at some times of one run."""

from sdglass_study.figures import figure
from sdglass_study.figures._domains import chirality_scale, site_maps


@figure(
    tables={
        "chirality_map": "ensemble:str model:str coupling damping temperature n_sites time x y chirality",
    },
    title="Domains of either chirality",
    caption=(
        "Chirality of each site (mean over its six triangles), in units of that of perfect tetrahedral order, "
        "at some times of one run of each quench with exact forces: red and blue are the two kinds of domain, "
        "white is no chirality."
    ),
    chapter="growth",
    order=0,
)
def draw(tables, look):
    """Draw a row of maps for each quench with exact forces."""
    return site_maps(tables["chirality_map"], look, "chirality", chirality_scale(), r"$\chi_i$ / perfect")
