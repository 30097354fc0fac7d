"""Holes in space, at some times of one run of each quench."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._domains import run_names, site_map


@figure(
    tables={"hole_map": "ensemble:str model:str coupling damping temperature n_sites time x y holes"},
    title="Holes on the lattice",
    caption="Holes per site, 1 minus the electrons, of one run of each quench with exact forces, at some times.",
    chapter="growth",
    order=0,
)
def draw(tables, look):
    """Draw a row of maps for each quench."""
    frame = tables["hole_map"]
    names = run_names(frame, look)
    times = {key: sorted(frame.time[frame.ensemble == key[0]].unique()) for key in names}
    columns = min(6, max(map(len, times.values())))
    page, panels = style.panels(1.4 * len(names) + 0.3, len(names), columns, lettered=False)
    panels = panels.reshape(len(names), columns)
    for row, (key, words) in zip(panels, names.items(), strict=True):
        for axes in row:
            axes.set_axis_off()
        for axes, time in zip(row, style.spread_out(times[key], columns), strict=False):
            some = frame[(frame.ensemble == key[0]) & (frame.time == time)]
            drawn = site_map(axes, some, "holes", 0.5, cmap="viridis", low=0.0)
            axes.set_title(f"$t = {style.clock(time)}$", pad=2)
        row[0].text(0.0, -0.14, words, transform=row[0].transAxes, fontsize=7)
    page.colorbar(drawn, ax=panels, shrink=0.5, label="holes per site")
    return page
