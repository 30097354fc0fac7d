"""Torque errors against the number of parameters: how large the network has to be."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.text import BASELINES

_STAGES = ("random", "late")


@figure(
    tables={
        "network_size": (
            "model:str parameters linear_term:str layers:str set:str stage:str n_sites rmse low high rms relative"
        )
    },
    title="How large the network has to be",
    caption=(
        "Torque error relative to the rms torque against the number of parameters, for random (top) and late "
        "states (bottom), on unseen structures of the size that the models were trained on and on larger "
        "ones. Networks of the same fold only; full symbols: with a linear term that starts from least "
        "squares, open symbols: without it, as in the paper. The least-squares models stand at their numbers "
        "of coefficients. Bars: Student t intervals over atomic realizations (those of a few realizations "
        "leave the frame), the same ones for all models: the ratios in the table, realization by realization, "
        "are far better known. Where the curve is flat, more parameters buy nothing."
    ),
    chapter="models",
    order=6,
)
def draw(tables, look):
    """Draw relative errors against parameters: a row per stage, a column per set of structures."""
    frame = tables["network_size"]
    sets = list(dict.fromkeys(frame.set))
    stages = [stage for stage in _STAGES if (frame.stage == stage).any()] or list(dict.fromkeys(frame.stage))
    models = look.order(frame.sort_values("parameters").model)
    height = 0.9 + 2.1 * len(stages)
    page, panels = style.panels(height, len(stages), len(sets), sharex=True, sharey="row")
    panels = panels.reshape(len(stages), len(sets))
    for row, stage in zip(panels, stages, strict=True):
        for axes, name in zip(row, sets, strict=True):
            some = frame[(frame.set == name) & (frame.stage == stage)]
            _points(axes, some, models, look)
            size = f"$N = {some.n_sites.iloc[0]:g}$, " if len(some) else ""
            axes.set_title(f"{size}{stage}", pad=3)
            style.logarithmic(axes)
        # Intervals of two or three realizations may be far longer than what there is to see.
        values = style.positive(frame[frame.stage == stage], "relative").relative
        if len(values):
            row[0].set_ylim(0.75 * values.min(), 1.35 * values.max())
        row[0].set_ylabel("torque error / rms torque")
    for axes in panels[-1]:
        axes.set_xlabel("parameters")
    handles = [
        style.line(linestyle="", label=_words(frame, model, look), **_line(frame, model, look)) for model in models
    ]
    style.legend_below(page, handles, ncols=2)
    return page


def _points(axes, some, models, look):
    started = some[(some.linear_term == "True") & ~some.model.isin(BASELINES)].sort_values("parameters")
    axes.plot(started.parameters, started.relative, color=style.PALE, linewidth=1.0, zorder=1)
    for model in models:
        rows = some[some.model == model]
        # Models of about the same size stand side by side.
        earlier = some.parameters[some.model.isin(models[: models.index(model)])].to_numpy()
        beside = 1.25 ** np.sum(np.abs(np.log(rows.parameters.min() / earlier)) < 0.1)
        scale = (rows.relative / rows.rmse).to_numpy()
        bars = style.error_bars(rows.relative, rows.low * scale, rows.high * scale)
        axes.errorbar(beside * rows.parameters, rows.relative, bars, linestyle="", elinewidth=0.8, markersize=5,
                      **_line(some, model, look))  # fmt: skip


def _line(frame, model, look):
    return look.line(model) | ({"markerfacecolor": "white"} if _is_open(frame, model) else {})


def _is_open(frame, model):
    """Whether it is a network without a linear term, drawn as an open symbol."""
    return (frame.linear_term[frame.model == model] == "False").any() and model not in BASELINES


def _words(frame, model, look):
    return look.label(model) if model in BASELINES else f"{look.label(model)} ({_layers(frame, model)})"


def _layers(frame, model):
    layers = frame.layers[frame.model == model].iloc[0].split("-")
    return "-".join(layers) if len(layers) <= 3 else f"{len(layers)} layers, {layers[0]} to {layers[-1]}"
