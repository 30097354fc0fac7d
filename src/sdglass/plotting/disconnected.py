"""The disconnected part of the correlation, which Eq. 20 subtracts."""

from sdglass.plotting import style


def draw(tables):
    """Draw the latest time of every ensemble: correlation and disconnected part, which is enlarged below."""
    frame = tables["disconnected"]
    groups = list(frame.groupby(["ensemble", "engine"], sort=False))
    figure = style.new_figure(3.4)
    panels = figure.subplots(2, len(groups), sharex=True, sharey="row", squeeze=False, height_ratios=(1.5, 1))
    for (top, bottom), ((ensemble, engine), some) in zip(panels.T, groups, strict=True):
        latest = some[some.time == some.time.max()].sort_values("distance")
        error = latest.standard_error.to_numpy()
        top.plot(latest.distance, latest.correlation, color=style.BLUE, label="correlation")
        for axes in (top, bottom):
            axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
            axes.errorbar(latest.distance, latest.disconnected, style.error_bars(0, -error, error), fmt="o",
                          markersize=2.5, color=style.VERMILLION, elinewidth=0.7,
                          label="disconnected part")  # fmt: skip
        top.set_title(f"{ensemble} ({style.label(engine)})\n" + rf"$t = {style.clock(some.time.max())}$", pad=3)
        bottom.set_xlabel(r"distance $r$ [$\ell$]")
    for axes, text in zip(panels.flat, "abcdefghijklmnop", strict=False):
        style.letter(axes, text)
    panels[0, 0].set_ylabel(r"$C(r, t)$")
    panels[1, 0].set_ylabel("disconnected\npart")
    panels[0, 0].legend(loc="lower right")
    return figure
