"""Control of Fig. 5: the models of its quenches on the realizations and replicas that they share."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_TIMES = 3
_MOST_COLUMNS = 4
_QUANTITIES = (
    r"$C(r, t)$",
    r"$C - C_{\mathrm{reference}}$",
    r"$\xi$ [$\ell$]",
    r"$\xi - \xi_{\mathrm{reference}}$ [$\ell$]",
)
_OPEN = {"linestyle": "", "marker": "o", "markersize": 2.4, "markerfacecolor": "white", "markeredgewidth": 0.7}


@figure(
    tables={
        "fig5_difference": (
            "ensemble:str model:str damping reference:str reference_ensemble:str time distance correlation "
            "reference_correlation difference low high"
        ),
        "fig5_paired": (
            "ensemble:str model:str damping reference:str reference_ensemble:str realizations replicas time "
            "quantity:str value reference_value difference low high"
        ),
    },
    title="Control of Fig. 5: exact and learned dynamics of the large box on the same quenches",
    caption=(
        "A column per reference, named above it, compared with every other model of the same damping on the "
        "realizations and initial states that both have; the same spins at the start and the same noise, so "
        "that what differs is the fields. Top: C(r, t) of the reference (symbols) and of the model nearest to "
        "it (lines). Second row: difference of C at the last shared time (each panel on its own scale), with "
        "confidence bands of the paired difference. Third row: correlation length by the paper's formula on "
        "the shared quenches (realizations × initial states above the panel; symbols: the reference, on the "
        "same ones); of so few it is too large, by the noise in |C|, which is the same for both. Bottom: its "
        "difference, with confidence bands, each panel on its own scale. Where a band excludes zero the "
        "models differ, by as much as the axis says; how wide the band is says how well that is known."
    ),
    chapter="growth",
    order=3,
)
def draw(tables, look):
    """Draw a column per reference and damping: C(r, t), its differences, xi(t), and differences of that."""
    from matplotlib.ticker import MaxNLocator

    curves, numbers = tables["fig5_difference"], tables["fig5_paired"]
    keys = ["reference", "reference_ensemble", "damping"]
    columns = list(dict.fromkeys(curves[keys].itertuples(index=False, name=None)))[:_MOST_COLUMNS]
    page, panels = style.panels(7.6, 4, len(columns))
    # Differences keep a scale for each column: the noise of one would hide another.
    for row in (panels[0], panels[2]):
        for axes in row[1:]:
            axes.sharey(row[0])
            axes.tick_params(labelleft=False)
    for (first, second, third, fourth), (reference, ensemble, damping) in zip(panels.T, columns, strict=True):
        mine = curves[(curves.reference_ensemble == ensemble) & (curves.damping == damping)]
        lengths = numbers[(numbers.reference_ensemble == ensemble) & (numbers.damping == damping)]
        lengths = lengths[lengths.quantity == "xi_naive"]
        words = "nothing to compare" if reference == "none" else f"against {look.label(reference)}"
        drawn = _correlations(first, mine, look)
        words += f"\nlines: {look.label(drawn)}" if drawn else ""
        first.set_title(words + "\n" + rf"$\alpha = {damping:g}\,\gamma$", pad=3)
        _differences(second, mine, look)
        _lengths(third, fourth, lengths, look)
    for axes, words in zip(panels[:, 0], _QUANTITIES, strict=True):
        axes.set_ylabel(words)
    _zoom(panels[2])
    for axes in panels[3]:
        _zoom([axes], late=True)
    for axes in panels[[1, 3]].flat:
        axes.yaxis.set_major_locator(MaxNLocator(5))
    handles = [style.line(label=look.label(name), color=look.color(name)) for name in look.order(curves.model)]
    style.legend_below(page, handles, ncols=5)
    return page


def _correlations(axes, mine, look):
    """Draw C(r, t), the reference as symbols, the model nearest to it as lines; return that model."""
    axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    axes.set_xlabel(r"distance $r$ [$\ell$]")
    if mine.time.notna().sum() == 0:
        return None
    model = look.learned(look.order(mine.model)) or look.order(mine.model)[0]
    some = mine[mine.model == model]
    times = style.spread_out(some.time, _TIMES, first=3.0)
    colours = style.time_colours(list(times))
    for time in times:
        curve = some[np.isclose(some.time, time)].sort_values("distance")
        axes.plot(curve.distance, curve.reference_correlation, color=colours[time], **_OPEN)
        axes.plot(curve.distance, curve.correlation, color=colours[time], label=style.clock(time))
    axes.legend(title="$t$", loc="lower right", title_fontsize=8)
    return model


def _differences(axes, mine, look):
    """Difference of C(r) at the last shared time, with the band of the paired resamples."""
    axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    axes.set_xlabel(r"distance $r$ [$\ell$]")
    latest = mine[mine.time == mine.groupby("ensemble").time.transform("max")]
    for model in look.order(latest.model):
        curve = latest[latest.model == model].sort_values("distance")
        line = {"color": look.color(model), "linewidth": 0.9}
        style.curve(axes, curve.distance, curve.difference, curve.low, curve.high, 0.18, **line)
    if len(latest):
        axes.set_title(rf"$t = {style.clock(latest.time.max())}$", pad=3, fontsize=8)


def _lengths(top, bottom, lengths, look):
    """xi(t) on the shared trajectories, and the paired differences with their intervals."""
    bottom.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    lengths = lengths[lengths.time > 0]
    for model in look.order(lengths.model):
        curve, color = lengths[lengths.model == model].sort_values("time"), look.color(model)
        top.plot(curve.time, curve.value, color=color)
        # Another model may share other quenches with the reference: hence the colour of this one.
        top.plot(curve.time, curve.reference_value, color=color, zorder=1, **_OPEN)
        line = {"color": color, "linewidth": 0.9}
        style.curve(bottom, curve.time, curve.difference, curve.low, curve.high, 0.18, **line)
    sizes = sorted({f"{row.realizations:.0f} × {row.replicas:.0f}" for row in lengths.itertuples()})
    if sizes:
        top.set_title(" or ".join(sizes) + " quenches", pad=3, fontsize=8, loc="right")
    from matplotlib.ticker import NullFormatter

    for axes in (top, bottom):
        style.time_axis(axes)
        axes.xaxis.set_minor_formatter(NullFormatter())


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
