"""Learning curves of the networks, every model and fold."""

import math

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_COLUMNS = 4
_LONGEST = 30  # letters of a title in one line


@figure(
    tables={
        "learning_curves": "model:str fold:str epoch train_loss validation_loss validation_torque_rmse",
        "training": "model:str fold:str epochs best_epoch validation_torque_rmse last_third",
    },
    title="Training",
    caption=(
        "Loss, which is the relative squared torque error and a small part for the energy, on the training "
        "part (dashed) and on the validation part (full line), a panel per model and a colour per fold; folds "
        "are whole realizations, or single configurations where the name says so. In the panels: by how much "
        "the last third of the epochs has still made the validation torque error smaller (of all folds, the "
        "most); the rate of a cosine schedule falls to 1 % by then. Few realizations make a validation part, "
        "and they are not equally hard: where whole realizations are held out the validation loss of a fold "
        "may lie above or below its training loss. Compare the two ways of splitting, and the folds' scatter, "
        "rather than the two losses of one fold."
    ),
    chapter="models",
    order=2,
)
def draw(tables, look):
    """Draw the losses, a panel per model, with the gain of the last third of the epochs."""
    from matplotlib.ticker import MaxNLocator

    frame, summary = tables["learning_curves"], tables["training"]
    models = look.order(frame.model)
    columns = min(_COLUMNS, len(models))
    rows = math.ceil(len(models) / columns)
    page = style.new_figure(0.7 + 1.45 * rows)
    panels = page.subplots(rows, columns, sharey=True, squeeze=False)
    dashed, full = {"dashes": (3, 1.5), "linewidth": 0.8}, {"linewidth": 0.9}
    for axes, model in zip(panels.flat, models, strict=False):
        some = frame[frame.model == model]
        for fold, curve in some.groupby("fold", sort=True):
            curve, color = curve.sort_values("epoch"), _color(frame, fold)
            # A single epoch is a point; a line would not show it.
            mark = "." if len(curve) == 1 else ""
            axes.plot(curve.epoch, curve.train_loss, color=color, marker=mark, **dashed)
            axes.plot(curve.epoch, curve.validation_loss, color=color, marker=mark, **full)
        axes.set_title(_title(look.label(model)), fontsize=8, pad=3, linespacing=1.0)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        style.logarithmic(axes, "y")
        if (summary.model == model).any():
            gain = f"{100 * summary.last_third[summary.model == model].max():.1f}"
            words = "no gain" if float(gain) == 0 else rf"$-{gain}\,\%$"
            axes.text(0.95, 0.93, f"last third: {words}", transform=axes.transAxes, ha="right",
                      va="top", fontsize=7, bbox={"color": "white", "alpha": 0.7, "pad": 1})  # fmt: skip
    for axes in panels.flat[len(models) :]:
        axes.remove()
    for column in range(columns):
        panels[(len(models) - 1 - column) // columns, column].set_xlabel("epoch")
    for axes in panels[:, 0]:
        axes.set_ylabel("loss")
    kinds = (("training part", dashed), ("validation part", full))
    handles = [style.line(color=style.GREY, label=words, **line) for words, line in kinds]
    for fold in sorted(frame.fold.unique()):
        handles.append(style.line(color=_color(frame, fold), linewidth=3, label=f"fold {fold}"))
    style.legend_below(page, handles, ncols=7)
    return page


def _title(words):
    """Return the label of a model, in two lines if it is too long for the width of a panel."""
    return words if len(words) <= _LONGEST else words.replace(", ", ",\n", 1)


def _color(frame, fold):
    return style.CYCLE[sorted(frame.fold.unique()).index(fold) % len(style.CYCLE)]
