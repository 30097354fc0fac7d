"""The disconnected part of the correlation, which Eq. 20 subtracts."""

from sdglass_study.figures import engines, style

# More columns than this are too narrow for their titles: they go on below.
_COLUMNS = 4
_BOXES = {"small": "small box", "large": "large box"}  # first word of an ensemble's name


def draw(tables):
    """Draw the latest time of every ensemble: correlation and, below it, disconnected part, a column each."""
    frame = tables["disconnected"]
    ensembles, looks = list(dict.fromkeys(frame.ensemble)), engines.colours(frame.engine)
    rows = -(-len(ensembles) // _COLUMNS)
    columns = -(-len(ensembles) // rows)
    figure = style.new_figure(0.5 + 2.7 * rows)
    grid = figure.subplots(2 * rows, columns, sharex=True, squeeze=False)
    for kind in (0, 1):  # one scale for all correlations, one for all disconnected parts
        same = grid[kind::2].ravel()
        for axes in same[1:]:
            axes.sharey(same[0])
    shown = {}
    for place, ensemble in enumerate(ensembles):
        row, column = divmod(place, columns)
        top, bottom = grid[2 * row : 2 * row + 2, column]
        some = frame[frame.ensemble == ensemble]
        latest = some[some.time == some.time.max()]
        style.letter(top, "abcdefghijklmnopqrstuvwxyz"[place % 26])
        for axes in (top, bottom):
            axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
        for engine in style.in_order(latest.engine):
            curve = latest[latest.engine == engine].sort_values("distance")
            marker, error = style.look(engine, looks)["marker"], curve.standard_error.to_numpy()
            top.plot(curve.distance, curve.correlation, color=looks[engine])
            shown[engine] = bottom.errorbar(
                curve.distance, curve.disconnected, style.error_bars(0, -error, error), fmt=marker, markersize=2,
                elinewidth=0.6, color=looks[engine]
            )  # fmt: skip
        top.set_title(_words(ensemble, some), pad=3, fontsize=8)
    _label(grid, len(ensembles))
    handles = [shown[engine] for engine in looks if engine in shown]
    words = [engines.words(engine) for engine in looks if engine in shown]
    figure.legend(handles, words, loc="outside lower center", ncols=4)
    return figure


def _words(ensemble, some):
    """Return box, damping and latest time of an ensemble; engines are in the legend."""
    box = _BOXES.get(ensemble.partition("-")[0], ensemble)
    return box + "\n" + rf"$\alpha = {some.damping.iloc[0]:g}\,\gamma$, $t = {style.clock(some.time.max())}$"


def _label(grid, count):
    """Write axis labels at the edges and take away the panels without an ensemble."""
    columns = grid.shape[1]
    for place in range(grid.size // 2):
        row, column = divmod(place, columns)
        top, bottom = grid[2 * row : 2 * row + 2, column]
        if place >= count:
            top.remove()
            bottom.remove()
            continue
        if column == 0:
            top.set_ylabel(r"$C(r, t)$")
            bottom.set_ylabel("disconnected part")
        else:
            top.tick_params(labelleft=False)
            bottom.tick_params(labelleft=False)
        if place + columns >= count:  # nothing below
            bottom.set_xlabel(r"$r$ [$\ell$]")
            bottom.tick_params(labelbottom=True)
