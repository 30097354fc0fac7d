"""Chiral domains in space, at some times of one run."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._domains import run_names, site_map


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
    frame = tables["chirality_map"]
    frame = frame[frame.model == "exact"]
    names = run_names(frame, look)
    times = {key: sorted(frame.time[frame.ensemble == key[0]].unique()) for key in names}
    columns = min(6, max(map(len, times.values())))
    page, panels = style.panels(1.15 * len(names) + 0.3, len(names), columns, lettered=False)
    panels = panels.reshape(len(names), columns)
    for row, (key, words) in zip(panels, names.items(), strict=True):
        shown = style.spread_out(times[key], columns)
        for axes in row:
            axes.set_axis_off()
        for axes, time in zip(row, shown, strict=False):
            some = frame[(frame.ensemble == key[0]) & (frame.time == time)]
            drawn = site_map(axes, some, "chirality", 1.0)
            axes.set_title(f"$t = {style.clock(time)}$", pad=2)
        row[0].text(0.0, -0.12, words, transform=row[0].transAxes, fontsize=7).set_in_layout(False)
    page.colorbar(drawn, ax=panels, shrink=0.5, label=r"$\chi_i$ / perfect")
    return page
