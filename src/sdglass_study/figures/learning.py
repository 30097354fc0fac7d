"""Learning curves of the networks, every variant and fold."""

import math

from matplotlib.ticker import MaxNLocator

from sdglass_study.figures import style

_COLUMNS = 4
_LONGEST = 30  # letters of a title in one line


def draw(tables):
    """Draw the losses, a panel per variant, with the gain of the last third of the epochs."""
    frame, summary = tables["learning_curves"], tables.get("training")
    variants = style.in_order(frame.variant)
    columns = min(_COLUMNS, len(variants))
    rows = math.ceil(len(variants) / columns)
    figure = style.new_figure(0.7 + 1.45 * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, variant in zip(panels.flat, variants, strict=False):
        some = frame[frame.variant == variant]
        for fold, curve in some.groupby("fold", sort=True):
            curve, color = curve.sort_values("epoch"), _color(frame, fold)
            # A single epoch is a point; a line would not show it.
            mark = "." if len(curve) == 1 else ""
            axes.plot(curve.epoch, curve.train_loss, color=color, dashes=(3, 1.5), linewidth=0.8, marker=mark)
            axes.plot(curve.epoch, curve.validation_loss, color=color, linewidth=0.9, marker=mark)
        axes.set_title(_title(variant), fontsize=8, pad=3, linespacing=1.0)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        style.logarithmic(axes, "y")
        if summary is not None and (summary.variant == variant).any():
            gain = f"{100 * summary.last_third[summary.variant == variant].max():.1f}"
            words = "no gain" if float(gain) == 0 else rf"$-{gain}\,\%$"
            axes.text(0.95, 0.93, f"last third: {words}", transform=axes.transAxes, ha="right",
                      va="top", fontsize=7, bbox={"color": "white", "alpha": 0.7, "pad": 1})  # fmt: skip
    for axes in panels.flat[len(variants) :]:
        axes.remove()
    for column in range(columns):
        panels[(len(variants) - 1 - column) // columns, column].set_xlabel("epoch")
    for axes in panels[:, 0]:
        axes.set_ylabel("loss")
    dashed = panels[0, 0].plot([], [], color=style.GREY, dashes=(3, 1.5), linewidth=0.8)[0]
    full = panels[0, 0].plot([], [], color=style.GREY, linewidth=0.9)[0]
    handles = [dashed, full]
    words = ["training part", "validation part"]
    for fold in sorted(frame.fold.unique()):
        handles += panels[0, 0].plot([], [], color=_color(frame, fold), linewidth=3)
        words.append(f"fold {fold}")
    figure.legend(handles, words, loc="outside lower center", ncols=7)
    return figure


def _title(variant):
    """Return the words for a variant, in two lines if they are too long for the width of a panel."""
    words = style.label(variant)
    return words if len(words) <= _LONGEST else words.replace(", ", ",\n", 1)


def _color(frame, fold):
    return style.CYCLE[sorted(frame.fold.unique()).index(fold) % len(style.CYCLE)]
