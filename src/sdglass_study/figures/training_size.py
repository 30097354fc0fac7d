"""Torque errors against the amount of training data."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._labels import set_words
from sdglass_study.text import BASELINES

_STAGES = ("random", "late")
_COLOURS = (style.BLUE, style.GREEN, style.PURPLE, style.SKY, style.WINE)


@figure(
    tables={
        "training_size": (
            "model:str layers:str realizations configurations set:str stage:str n_sites rmse low high rms relative"
        )
    },
    title="How much training data there has to be",
    caption=(
        "Torque error of one network against the number of configurations it was trained on, on unseen "
        "structures, for random and late states; a curve per number of atomic realizations. Smaller training "
        "sets are parts of the larger ones. If curves of more realizations lie lower at the same number of "
        "configurations, new structures teach more than new spins on known structures. Dashed: the "
        "least-squares models, fitted to all data. Bars: Student t intervals over unseen realizations."
    ),
    chapter="models",
    order=7,
)
def draw(tables, look):
    """Draw the error on unseen structures against configurations, a panel per stage, a curve per realizations."""
    frame = tables["training_size"]
    name = "test" if (frame.set == "test").any() else frame.set.iloc[0]
    frame = frame[frame.set == name]
    stages = [stage for stage in _STAGES if (frame.stage == stage).any()] or list(dict.fromkeys(frame.stage))
    networks = frame[frame.layers != ""]
    page, panels = style.panels(2.9, 1, len(stages))
    for axes, stage in zip(panels, stages, strict=True):
        some = networks[networks.stage == stage]
        for k, count in enumerate(sorted(some.realizations.unique())):
            curve = some[some.realizations == count].sort_values("configurations")
            bars = style.error_bars(curve.rmse, curve.low, curve.high)
            # Colours of no model that is drawn beside them.
            line = {"color": _COLOURS[k % len(_COLOURS)], "marker": style.MARKERS[k % 7]}
            axes.errorbar(curve.configurations, curve.rmse, bars, elinewidth=0.8,
                          label=f"{count:g} realizations", **line)  # fmt: skip
        for model in BASELINES:
            for value in frame.rmse[(frame.model == model) & (frame.stage == stage)]:
                axes.axhline(value, color=look.color(model), dashes=(4, 2), linewidth=0.8, zorder=1,
                             label=look.label(model))  # fmt: skip
        axes.set_xlabel("training configurations")
        axes.set_title(f"{set_words(name)}, {stage}", pad=3)
        style.logarithmic(axes)
        # The numbers themselves: powers of ten alone would leave most points unnamed.
        values = sorted(some.configurations.unique())
        if values:
            axes.set_xticks(values, [f"{value:g}" for value in values])
            axes.set_xticks([], minor=True)
    panels[0].set_ylabel(r"torque error [$t_0$]")
    style.legend_below(page, *panels[0].get_legend_handles_labels(), ncols=5)
    return page
