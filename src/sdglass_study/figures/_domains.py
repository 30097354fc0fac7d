"""What figures of quenches on lattices share: which run a line is, and maps of a number per site."""

import matplotlib as mpl
import numpy as np
from matplotlib.collections import PolyCollection

from sdglass_study.figures import _style as style

# Columns by which tables of quenches tell one run from another.
RUN = "ensemble:str model:str coupling damping temperature n_sites"
DASHES = ((), (4, 1.5), (1, 1), (4, 1, 1, 1))


def run_names(frame, look):
    """Return {(ensemble, model): words}: J, damping and temperature, and the model where it is not exact."""
    names = {}
    for row in frame.drop_duplicates(["ensemble", "model"]).itertuples():
        if row.ensemble == "control":
            names[row.ensemble, row.model] = "control: scalar field"
            continue
        words = rf"$J = {row.coupling:g}$, $\alpha = {row.damping:g}$, $T = {row.temperature:g}$"
        words += f", $N = {row.n_sites:g}$"
        if row.model != "exact":
            words = look.label(row.model)
        names[row.ensemble, row.model] = words
    return names


def run_lines(frame, look):
    """Return {(ensemble, model): {color, dashes, label}} for matplotlib."""
    names = run_names(frame, look)
    palette = (*style.CYCLE, style.WINE, style.OLIVE, style.TEAL, style.INDIGO, style.BROWN)
    return {
        key: {
            "color": style.GREY if key[0] == "control" else palette[k % len(palette)],
            "dashes": DASHES[1] if key[1] not in ("exact", "control") else (),
            "label": words,
        }
        for k, (key, words) in enumerate(names.items())
    }


def plain_axes(page):
    """Label logarithmic axes of times and lengths by 1, 2, 5, 10 where they are short."""
    for axes in page.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                style.plain_log_axis(axis)


def site_maps(frame, look, column, scale, label):
    """Return a page with a row of maps of a number per site for each quench with exact forces."""
    frame = frame[frame.model == "exact"]
    names = run_names(frame, look)
    times = {key: sorted(frame.time[frame.ensemble == key[0]].unique()) for key in names}
    columns = min(6, max(map(len, times.values())))
    parts = {key: frame[frame.ensemble == key[0]] for key in names}
    heights = [np.ptp(some.y) / np.ptp(some.x) for some in parts.values()]
    page, panels = style.panels(
        sum(0.95 * height + 0.5 for height in heights) + 0.1, len(names), columns, lettered=False,
        gridspec_kw={"height_ratios": heights},
    )  # fmt: skip
    panels = panels.reshape(len(names), columns)
    for row, (key, words) in zip(panels, names.items(), strict=True):
        for axes in row:
            axes.set_axis_off()
        for axes, time in zip(row, style.spread_out(times[key], columns), strict=False):
            some = parts[key][parts[key].time == time]
            paint_sites(axes, some.x, some.y).set_facecolor(scale.to_rgba(some[column]))
            axes.text(0.5, -0.03, f"$t = {style.clock(time)}$", transform=axes.transAxes, ha="center", va="top")
        row[0].set_title(words, loc="left", pad=2, fontsize=7).set_in_layout(False)
    page.colorbar(scale, ax=panels, shrink=0.5, label=label)
    return page


def paint_sites(axes, x, y):
    """Return the cells around the sites of a square or triangular lattice, drawn on `axes` without a colour."""
    x, y = np.asarray(x), np.asarray(y)
    row = np.diff(np.unique(np.round(y, 3)))[0]
    spacing = np.diff(np.sort(x[np.abs(y - y[0]) < 1e-3])).min()
    if row < 0.95 * spacing:  # triangular: hexagons
        angles, radius = np.radians(30 + 60 * np.arange(6)), spacing / 3**0.5
    else:
        angles, radius = np.radians(45 + 90 * np.arange(4)), spacing / 2**0.5
    corners = radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    painted = PolyCollection(np.stack([x, y], axis=-1)[:, None] + corners, linewidths=0, antialiased=False)
    painted.set_rasterized(True)
    axes.add_collection(painted)
    axes.set(xlim=(x.min() - radius, x.max() + radius), ylim=(y.min() - radius, y.max() + radius))
    axes.set_aspect("equal")
    axes.set_axis_off()
    return painted


def chirality_scale():
    """Return the colours of a chirality in units of that of perfect order: white where there is none."""
    return mpl.cm.ScalarMappable(mpl.colors.Normalize(-1.0, 1.0), "RdBu_r")


def hole_scale():
    """Return the colours of the holes on a site."""
    return mpl.cm.ScalarMappable(mpl.colors.Normalize(0.0, 0.5), "viridis")
