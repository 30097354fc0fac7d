"""The disconnected part of the correlation, which Eq. 20 subtracts."""

from sdglass.plotting import style


def draw(tables):
    """Draw the latest time of every ensemble: correlation (top) and disconnected part (below), a column each."""
    frame = tables["disconnected"]
    ensembles, engines = list(dict.fromkeys(frame.ensemble)), style.in_order(frame.engine)
    figure = style.new_figure(3.5)
    panels = figure.subplots(2, len(ensembles), sharex=True, sharey="row", squeeze=False)
    shown = {}
    for (top, bottom), ensemble in zip(panels.T, ensembles, strict=True):
        some = frame[frame.ensemble == ensemble]
        latest = some[some.time == some.time.max()]
        for axes in (top, bottom):
            axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
        for engine in style.in_order(latest.engine):
            curve = latest[latest.engine == engine].sort_values("distance")
            look, error = style.look(engine, engines), curve.standard_error.to_numpy()
            top.plot(curve.distance, curve.correlation, color=look["color"])
            bars = style.error_bars(0, -error, error)
            shown[engine] = bottom.errorbar(
                curve.distance, curve.disconnected, bars, fmt=look["marker"], markersize=2, elinewidth=0.6,
                color=look["color"]
            )  # fmt: skip
        top.set_title(f"{ensemble}\n" + rf"$t = {style.clock(some.time.max())}$", pad=3, fontsize=8)
        bottom.set_xlabel(r"$r$ [$\ell$]")
    panels[0, 0].set_ylabel(r"$C(r, t)$")
    panels[1, 0].set_ylabel("disconnected part")
    handles = [shown[engine] for engine in engines if engine in shown]
    words = [style.label(engine) for engine in engines if engine in shown]
    figure.legend(handles, words, loc="outside lower center", ncols=4)
    return figure
