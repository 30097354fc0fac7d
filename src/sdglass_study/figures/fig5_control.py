"""Control of Fig. 5: the engines of the large quenches on the realizations and replicas that they share."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter

from sdglass_study.figures import engines, style

_TIMES = 3
_MOST_COLUMNS = 4


def draw(tables):
    """Draw a column per reference and damping: C(r, t), its differences, xi(t), and differences of that."""
    curves, numbers = tables["large_difference"], tables["large_paired"]
    keys = ["reference", "reference_ensemble", "damping"]
    columns = list(dict.fromkeys(curves[keys].itertuples(index=False, name=None)))[:_MOST_COLUMNS]
    figure = style.new_figure(7.6)
    panels = figure.subplots(4, len(columns), squeeze=False)
    # Differences keep a scale for each column: the noise of one would hide another.
    for row in (panels[0], panels[2]):
        for axes in row[1:]:
            axes.sharey(row[0])
            axes.tick_params(labelleft=False)
    names = style.in_order([*curves.engine, *curves.reference[curves.reference != "none"]])
    looks = engines.colours(names)
    for column, (reference, ensemble, damping) in enumerate(columns):
        mine = curves[(curves.reference_ensemble == ensemble) & (curves.damping == damping)]
        lengths = numbers[(numbers.reference_ensemble == ensemble) & (numbers.damping == damping)]
        lengths = lengths[lengths.quantity == "xi_naive"]
        first, second, third, fourth = panels[:, column]
        words = "nothing to compare" if reference == "none" else f"against {engines.words(reference)}"
        drawn = _correlations(first, mine)
        words += f"\nlines: {engines.words(drawn)}" if drawn else ""
        first.set_title(words + "\n" + rf"$\alpha = {damping:g}\,\gamma$", pad=3)
        _differences(second, mine, looks)
        _lengths(third, fourth, lengths, looks)
        for row, axes in enumerate(panels[:, column]):
            style.letter(axes, "abcdefghijklmnop"[row * len(columns) + column])
    for axes, words in zip(
        panels[:, 0],
        (
            r"$C(r, t)$",
            r"$C - C_{\mathrm{reference}}$",
            r"$\xi$ [$\ell$]",
            r"$\xi - \xi_{\mathrm{reference}}$ [$\ell$]",
        ),
        strict=True,
    ):
        axes.set_ylabel(words)
    _zoom(panels[2])
    for axes in panels[3]:
        _zoom([axes], late=True)
    for axes in panels[[1, 3]].flat:
        axes.yaxis.set_major_locator(MaxNLocator(5))
    models = [name for name in names if name in set(curves.engine)]
    handles = [Line2D([], [], label=engines.words(one), color=looks[one]) for one in models]
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    return figure


def _latest(frame):
    """Return the rows of the last time of each engine, and the words for the trajectories that are behind them."""
    return frame[frame.time == frame.groupby("ensemble").time.transform("max")]


def _correlations(axes, mine):
    """Draw C(r, t), the reference as symbols, the engine nearest to it as lines; return that engine."""
    axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    axes.set_xlabel(r"distance $r$ [$\ell$]")
    if mine.time.notna().sum() == 0:
        return None
    engine = style.in_order(mine.engine)[0]
    some = mine[mine.engine == engine]
    times = style.spread_out(some.time, _TIMES, first=3.0)
    colours = style.time_colours(list(times))
    for time in times:
        curve = some[np.isclose(some.time, time)].sort_values("distance")
        axes.plot(curve.distance, curve.reference_correlation, linestyle="", marker="o", markersize=2.4,
                  markerfacecolor="white", markeredgewidth=0.7, color=colours[time])  # fmt: skip
        axes.plot(curve.distance, curve.correlation, color=colours[time], label=style.clock(time))
    axes.legend(title="$t$", loc="lower right", title_fontsize=8)
    return engine


def _differences(axes, mine, looks):
    """Difference of C(r) at the last shared time, with the band of the paired resamples."""
    axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    axes.set_xlabel(r"distance $r$ [$\ell$]")
    latest = _latest(mine.dropna(subset="time"))
    for engine in style.in_order(latest.engine):
        curve = latest[latest.engine == engine].sort_values("distance")
        color = looks[engine]
        axes.plot(curve.distance, curve.difference, color=color, linewidth=0.9)
        style.band(axes, curve.distance, curve.low, curve.high, color, alpha=0.18)
    if len(latest):
        axes.set_title(rf"$t = {style.clock(latest.time.max())}$", pad=3, fontsize=8)


def _lengths(top, bottom, lengths, looks):
    """xi(t) on the shared trajectories, and the paired differences with their intervals."""
    bottom.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    lengths = lengths[lengths.time > 0]
    for engine in style.in_order(lengths.engine):
        curve, color = lengths[lengths.engine == engine].sort_values("time"), looks[engine]
        top.plot(curve.time, curve.value, color=color)
        # Another engine may share other quenches with the reference: hence the colour of this one.
        top.plot(curve.time, curve.reference_value, linestyle="", marker="o", markersize=2.4, color=color,
                 markerfacecolor="white", markeredgewidth=0.7, zorder=1)  # fmt: skip
        bottom.plot(curve.time, curve.difference, color=color, linewidth=0.9)
        style.band(bottom, curve.time, curve.low, curve.high, color, alpha=0.18)
    sizes = sorted(
        {
            f"{row.realizations:.0f} × {row.replicas:.0f}"
            for row in lengths[["realizations", "replicas"]].itertuples()
        }
    )
    if sizes:
        top.set_title(" or ".join(sizes) + " quenches", pad=3, fontsize=8, loc="right")
    for axes in (top, bottom):
        style.logarithmic(axes, "x")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(r"time $t$ [$1/(\gamma t_0)$]")


def _zoom(row, late=False):
    """Scale panels alike by what they show late: what xi is before the correlations have grown is noise.

    The minimum of xi comes early and belongs into the frame, unless `late` is given.
    """
    values, everything = [], []
    for axes in row:
        drawn = [line.get_xydata() for line in axes.get_lines() if len(line.get_xdata()) > 2]
        drawn += [path.vertices for shade in axes.collections for path in shade.get_paths()]
        for points in drawn:
            points = points[np.isfinite(points).all(axis=1)]
            if len(points):
                everything.append(points[:, 1])
                values.append(points[points[:, 0] >= 0.03 * points[:, 0].max(), 1])
    if not values:
        return
    values = np.concatenate(values)
    low, high = (values if late else np.concatenate(everything)).min(), values.max()
    if high > low:
        row[0].set_ylim(low - 0.1 * (high - low), high + (0.1 if late else 0.3) * (high - low))
