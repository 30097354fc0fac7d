"""What figures of quenches on lattices share: which run a line is, and maps of a number per site."""

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


def site_map(axes, frame, column, limit, cmap="RdBu_r", low=None):
    """Draw a number per site of a lattice as colours."""
    size = 4500.0 / len(frame)  # about the distance of neighbours in a panel an inch wide
    drawn = axes.scatter(
        frame.x, frame.y, c=frame[column], cmap=cmap, vmin=-limit if low is None else low, vmax=limit, s=size,
        marker="o", linewidth=0, rasterized=True,
    )  # fmt: skip
    axes.set_aspect("equal")
    axes.set_axis_off()
    return drawn
