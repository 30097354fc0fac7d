"""Spread of a committee of networks against its true error."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._labels import MOST, ordered_sets, set_words


@figure(
    tables={"committee": "model:str set:str stage:str n_sites spread rmse"},
    title="Does the spread of the committee know its error?",
    caption=(
        "Spread of the networks of a committee against the true error of its mean. On the diagonal the spread "
        "would be an honest error bar. Where the ratio is below one (below the line; column ratio of the "
        "table) the spread is no error bar: the networks agree with one another better than with the truth, "
        "since they share their features and most of their training data."
    ),
    chapter="models",
    order=5,
)
def draw(tables, look):
    """Draw spread against error, a panel per set; the diagonal is an honest error bar."""
    frame = style.positive(tables["committee"], "spread", "rmse")
    models = look.order(frame.model)[:MOST]
    frame = frame[frame.model.isin(models)]
    sets = ordered_sets(frame.set)
    page, panels = style.panels(2.9, 1, max(len(sets), 1), sharex=True, sharey=True)
    stages = list(dict.fromkeys(frame.stage))
    ends = np.array([0.7, 1.4]) * _range(frame)
    for axes, name in zip(panels, sets, strict=False):
        axes.plot(ends, ends, color=style.BLACK, linewidth=0.8)
        for _, row in frame[frame.set == name].iterrows():
            marker = style.MARKERS[stages.index(row.stage) % len(style.MARKERS)]
            axes.plot(row.rmse, row.spread, marker=marker, markersize=5, color=look.color(row.model))
        axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel=r"error of the mean [$t_0$]")
        sizes = ", ".join(f"{n:g}" for n in sorted(frame.n_sites[frame.set == name].unique()))
        axes.set_title(f"{set_words(name)}, $N = {sizes}$", pad=3)
    panels[0].set_ylabel(r"spread of the committee [$t_0$]")
    handles = [style.line(linewidth=3, color=look.color(m), label=look.label(m)) for m in models]
    handles += [
        style.line(linestyle="", color=style.GREY, marker=style.MARKERS[k % len(style.MARKERS)], label=stage)
        for k, stage in enumerate(stages)
    ]
    handles.append(style.line(color=style.BLACK, linewidth=0.8, label="spread = error"))
    page.legend(handles=handles, loc="outside lower center", ncols=3)
    return page


def _range(frame):
    values = frame[["spread", "rmse"]].to_numpy()
    return np.array([values.min(), values.max()]) if values.size else np.array([1e-4, 1e-3])
