"""Holes in space, at some times of one run of each quench."""

from sdglass_study.figures import figure
from sdglass_study.figures._domains import hole_scale, site_maps


@figure(
    tables={"hole_map": "ensemble:str model:str coupling damping temperature n_sites time x y holes"},
    title="Holes on the lattice",
    caption="Holes per site, 1 minus the electrons, of one run of each quench with exact forces, at some times.",
    chapter="growth",
    order=0,
)
def draw(tables, look):
    """Draw a row of maps for each quench."""
    return site_maps(tables["hole_map"], look, "holes", hole_scale(), "holes per site")
