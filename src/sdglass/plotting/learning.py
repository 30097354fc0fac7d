"""Learning curves of the networks, every variant and fold."""

from sdglass.plotting import style


def draw(tables):
    """Draw losses (top) and validation torque error (bottom), a column per variant."""
    frame = tables["learning_curves"]
    variants = style.in_order(frame.variant)
    figure = style.new_figure(3.9)
    panels = figure.subplots(2, len(variants), sharex=True, sharey="row", squeeze=False)
    for column, variant in enumerate(variants):
        top, bottom = panels[:, column]
        some = frame[frame.variant == variant]
        for k, (_, curve) in enumerate(some.groupby("fold", sort=True)):
            curve, color = curve.sort_values("epoch"), style.CYCLE[k % len(style.CYCLE)]
            # A single epoch is a point; a line would not show it.
            mark = "." if len(curve) == 1 else ""
            top.plot(curve.epoch, curve.train_loss, color=color, dashes=(3, 1.5), linewidth=0.8, marker=mark)
            top.plot(curve.epoch, curve.validation_loss, color=color, linewidth=0.9, marker=mark)
            bottom.plot(curve.epoch, curve.validation_torque_rmse, color=color, linewidth=0.9, marker=mark)
        features, _, split = variant.partition("-")
        top.set_title(f"{features}\n(split by {split or 'realizations'})", pad=3)
        bottom.set_xlabel("epoch")
        for axes, row in ((top, 0), (bottom, 1)):
            style.logarithmic(axes, "y")
            axes.text(0.06, 0.06, f"({'abcdefghijklmnop'[row * len(variants) + column]})", fontweight="bold",
                      transform=axes.transAxes)  # fmt: skip
    panels[0, 0].set_ylabel("loss")
    panels[1, 0].set_ylabel("validation torque\n" + r"error [$t_0$]")
    dashed = panels[0, 0].plot([], [], color=style.GREY, dashes=(3, 1.5), linewidth=0.8)[0]
    full = panels[0, 0].plot([], [], color=style.GREY, linewidth=0.9)[0]
    handles = [dashed, full]
    words = ["training part", "validation part"]
    for k, fold in enumerate(sorted(frame.fold.unique())):
        handles += panels[0, 0].plot([], [], color=style.CYCLE[k % len(style.CYCLE)], linewidth=3)
        words.append(f"fold {fold}")
    figure.legend(handles, words, loc="outside lower center", ncols=7)
    return figure
