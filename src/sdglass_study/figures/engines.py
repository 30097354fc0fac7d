"""Colours and words of the engines where dynamics of several are in one figure, and ticks that people read."""

from matplotlib.ticker import NullFormatter

from sdglass_study.figures import networks, style

_USUAL = ("exact", "network", "pair", "linear", "locator")
_PLAIN = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)


def colours(engines):
    """Return {engine: colour}: that of the other figures, but no colour twice as long as there are others."""
    found = {}
    for engine in style.in_order(engines):
        color = style.look(engine, engines)["color"]
        free = [one for one in style.CYCLE if one not in found.values()]
        found[engine] = free[0] if color in found.values() and free else color
    return found


def words(engine):
    """Return the words for an engine: the network that drives the quenches, or another one."""
    known = engine in _USUAL or networks.words_of(engine) is not None
    return style.label(engine) if known else f"network “{engine}”"


def ensemble_words(frame, name):
    """Return the words for an ensemble in a figure: its engine and its damping."""
    row = frame[frame.ensemble == name].iloc[0]
    return rf"{words(row.engine)}, $\alpha = {row.damping:g}\,\gamma$"


def plain_log_axis(axis):
    """Label a logarithmic axis of less than three decades by 1, 2, 5, 10, and a longer one by its decades."""
    low, high = axis.get_view_interval()
    axis.set_minor_formatter(NullFormatter())
    if 0 < low < high < 1e3 * low:
        shown = [value for value in _PLAIN if low <= value <= high]
        axis.set_ticks(shown, [f"{value:g}" for value in shown])
