"""Clusters of holes after a quench: how many, how large, and whether they move."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._domains import RUN, plain_axes, run_lines


@figure(
    tables={
        "hole_clusters": f"{RUN} threshold quantity:str time value low high",
        "hole_motion": f"{RUN} time later overlap low high alternation alternation_at_holes",
    },
    title="Where the holes go",
    caption=(
        "Sites with more holes than a threshold, joined to neighbours of their kind, are clusters; thick: the "
        "threshold of the claims, thin: others, in the first quench. (a) Clusters per 100 sites, (b) holes per "
        "cluster, (c) share of all holes in the largest one, against time, exact forces. (d) Share of the holes "
        "that are still in their place at the next time, against the alternation of the spins, -<S.S> of "
        "neighbours: 1 where holes do not move. Bands: intervals over runs."
    ),
    chapter="growth",
    order=2,
)
def draw(tables, look):
    """Draw the numbers of clusters, and the overlap of hole densities."""
    frame, motion = tables["hole_clusters"], tables["hole_motion"]
    lines, first = run_lines(frame, look), frame.ensemble.iloc[0]
    page, panels = style.panels(4.8, 2, 2)
    chosen = frame.threshold.iloc[0]
    words = {
        "clusters": "clusters per 100 sites",
        "holes per cluster": "holes per cluster",
        "largest": "share of holes in the largest",
    }
    for axes, (quantity, label) in zip(panels.flat, words.items(), strict=False):
        for key, line in lines.items():
            for threshold in frame.threshold.unique():
                some = frame[(frame.ensemble == key[0]) & (frame.threshold == threshold)]
                some = some[(some.quantity == quantity) & (some.time > 0)]
                if threshold == chosen:
                    style.curve(axes, some.time, some.value, some.low, some.high, **line)
                elif key[0] == first:
                    axes.plot(some.time, some.value, color=line["color"], linewidth=0.4)
        axes.set(ylabel=label, ylim=(0, 1.15 * frame.value[frame["quantity"] == quantity].max()))
        style.time_axis(axes)
    for key, line in lines.items():
        some = motion[motion.ensemble == key[0]].sort_values("alternation")
        panels[1, 1].plot(some.alternation, some.overlap, marker="o", **line)
    panels[1, 1].set(xlabel=r"$-\langle S_i\cdot S_j\rangle$ of neighbours", ylabel="overlap of the holes")
    plain_axes(page)
    handles = [style.line(color=line["color"], label=line["label"]) for line in lines.values()]
    handles.append(style.line(color=style.GREY, linewidth=0.4, label="thin: other thresholds"))
    style.legend_below(page, handles, ncols=2)
    return page
