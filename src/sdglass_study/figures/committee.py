"""Spread of a committee of networks against its true error."""

import numpy as np
from matplotlib.lines import Line2D

from sdglass_study.figures import style


def draw(tables):
    """Draw spread against error, a panel per set; the diagonal is an honest error bar."""
    frame = style.positive(tables["committee"], "spread", "rmse")
    frame = frame[frame.model.isin(style.principal(frame.model))]
    sets = style.in_order(frame.set)
    figure = style.new_figure(2.9)
    panels = figure.subplots(1, max(len(sets), 1), sharex=True, sharey=True, squeeze=False)[0]
    models, stages = style.in_order(frame.model), list(dict.fromkeys(frame.stage))
    ends = np.array([0.7, 1.4]) * _range(frame)
    for axes, name, text in zip(panels, sets, "abcdefgh", strict=False):
        axes.plot(ends, ends, color=style.BLACK, linewidth=0.8)
        for _, row in frame[frame.set == name].iterrows():
            marker = style.MARKERS[stages.index(row.stage) % len(style.MARKERS)]
            axes.plot(
                row.rmse, row.spread, marker=marker, markersize=5, color=style.look(row.model, models)["color"]
            )
        axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel=r"error of the mean [$t_0$]")
        sizes = ", ".join(f"{n:g}" for n in sorted(frame.n_sites[frame.set == name].unique()))
        axes.set_title(f"{style.set_words(name)}, $N = {sizes}$", pad=3)
        style.letter(axes, text)
    panels[0].set_ylabel(r"spread of the committee [$t_0$]")
    handles = [
        Line2D([], [], linewidth=3, color=style.look(m, models)["color"], label=style.label(m)) for m in models
    ]
    handles += [
        Line2D([], [], linestyle="", color=style.GREY, marker=style.MARKERS[k % len(style.MARKERS)], label=stage)
        for k, stage in enumerate(stages)
    ]
    handles.append(Line2D([], [], color=style.BLACK, linewidth=0.8, label="spread = error"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _range(frame):
    values = frame[["spread", "rmse"]].to_numpy()
    return np.array([values.min(), values.max()]) if values.size else np.array([1e-4, 1e-3])
