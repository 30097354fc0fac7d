"""C(r, t) in the large box: what the correlation length is made of."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_TIMES = 6


@figure(
    tables={"fig5_correlation": "ensemble:str model:str damping time distance correlation low high"},
    title="Correlations in the large box",
    caption=(
        "C(r, t) of the ensembles from which the correlation length is computed, with confidence "
        "bands[[: the negative contact correlation grows first, the weak positive peak behind it later]]. "
        "At large r the curves are noise around zero, which |C| turns into a positive weight."
    ),
    chapter="growth",
    order=1,
)
def draw(tables, look):
    """Draw a panel per ensemble, curves at several times with their confidence bands."""
    frame = tables["fig5_correlation"]
    names = list(dict.fromkeys(frame.ensemble))
    rows = -(-len(names) // 3)
    page, panels = style.panels(0.3 + 2.6 * rows, rows, min(len(names), 3), False, sharex=True, sharey=True)
    style.letters(panels.flat[: len(names)])
    for axes, name in zip(panels.flat, names, strict=False):
        some = frame[frame.ensemble == name]
        times = style.spread_out(some.time, _TIMES, first=3.0)
        colours = style.time_colours(times)
        axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
        for time in times:
            curve = some[some.time == time].sort_values("distance")
            line = {"color": colours[time], "label": style.clock(time)}
            style.curve(axes, curve.distance, curve.correlation, curve.low, curve.high, **line)
        axes.set(xlabel=r"distance $r$ [$\ell$]")
        axes.tick_params(labelbottom=True)
        axes.set_title(look.run(some.model.iloc[0], some.damping.iloc[0]), pad=3)
        axes.legend(title=r"$t$ [$1/(\gamma t_0)$]", loc="lower right", ncols=2, title_fontsize=8)
    for axes in panels.flat[len(names) :]:
        axes.set_axis_off()
    for axes in panels.flat[:: panels.shape[-1]]:
        axes.set_ylabel(r"$C(r, t)$")
    return page
