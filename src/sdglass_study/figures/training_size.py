"""Torque errors against the amount of training data."""

from matplotlib.ticker import NullLocator

from sdglass_study.figures import style

_STAGES = ("random", "frozen")
_COLOURS = (style.BLUE, style.GREEN, style.PURPLE, style.SKY, style.WINE)


def draw(tables):
    """Draw the error on unseen structures against configurations, a panel per stage, a curve per realizations."""
    frame = tables["training_size"]
    name = "unseen" if (frame.set == "unseen").any() else frame.set.iloc[0]
    frame = frame[frame.set == name]
    stages = [stage for stage in _STAGES if (frame.stage == stage).any()] or list(dict.fromkeys(frame.stage))
    networks = frame[frame.layers != ""]
    figure = style.new_figure(2.9)
    panels = figure.subplots(1, len(stages), squeeze=False)[0]
    for axes, stage, text in zip(panels, stages, "abcd", strict=False):
        some = networks[networks.stage == stage]
        for k, count in enumerate(sorted(some.realizations.unique())):
            curve = some[some.realizations == count].sort_values("configurations")
            bars = style.error_bars(curve.rmse, curve.low, curve.high)
            # Colours of no model that is drawn beside them.
            look = {"color": _COLOURS[k % len(_COLOURS)], "marker": style.MARKERS[k % 7]}
            axes.errorbar(curve.configurations, curve.rmse, bars, elinewidth=0.8,
                          label=f"{count:g} realizations", **look)  # fmt: skip
        for model in ("pair", "linear"):
            for value in frame.rmse[(frame.model == model) & (frame.stage == stage)]:
                axes.axhline(value, color=style.look(model)["color"], dashes=(4, 2), linewidth=0.8, zorder=1,
                             label=style.label(model))  # fmt: skip
        axes.set_xlabel("training configurations")
        axes.set_title(f"{style.label(name)}, {stage}", pad=3)
        style.letter(axes, text)
        style.logarithmic(axes)
        _plain_ticks(axes, some.configurations)
    panels[0].set_ylabel(r"torque error [$t_0$]")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def _plain_ticks(axes, values):
    """Write the numbers of configurations themselves: powers of ten alone would leave most points unnamed."""
    values = sorted(values.unique())
    if len(values):
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.xaxis.set_minor_locator(NullLocator())
