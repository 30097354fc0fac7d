"""C(r, t) in the large box: what the correlation length is made of."""

from sdglass_study.figures import engines, style

_TIMES = 6


def draw(tables):
    """Draw a panel per ensemble, curves at several times with their confidence bands."""
    frame = tables["fig5_correlation"]
    names = list(dict.fromkeys(frame.ensemble))
    columns = min(len(names), 3)
    rows = -(-len(names) // 3)
    figure = style.new_figure(0.3 + 2.6 * rows)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, name, text in zip(panels.flat, names, "abcdefghijklmnop", strict=False):
        some = frame[frame.ensemble == name]
        times = style.spread_out(some.time, _TIMES, first=3.0)
        colours = style.time_colours(times)
        axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
        for time in times:
            curve = some[some.time == time].sort_values("distance")
            axes.plot(curve.distance, curve.correlation, color=colours[time], label=style.clock(time))
            style.band(axes, curve.distance, curve.low, curve.high, colours[time])
        axes.set(xlabel=r"distance $r$ [$\ell$]")
        axes.tick_params(labelbottom=True)
        axes.set_title(engines.ensemble_words(frame, name), pad=3)
        axes.legend(title=r"$t$ [$1/(\gamma t_0)$]", loc="lower right", ncols=2, title_fontsize=8)
        style.letter(axes, text)
    for axes in list(panels.flat)[len(names) :]:
        axes.set_axis_off()
    for axes in panels[:, 0]:
        axes.set_ylabel(r"$C(r, t)$")
    return figure
