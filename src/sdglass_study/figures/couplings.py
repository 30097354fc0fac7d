"""Effective pair couplings against distance."""

import numpy as np

from sdglass_study.figures import style

_WORDS = {"second-order": r"second order, $t^2/(2J)$"}
_RINGS = {"linestyle": "", "marker": "o", "markerfacecolor": "white", "markersize": 2.5, "markeredgewidth": 0.7}


def draw(tables):
    """Draw the coupling per pair on a linear (left) and on a logarithmic scale (right)."""
    frame = tables["couplings"]
    models = style.in_order(frame.model)
    figure = style.new_figure(2.9)
    left, right = figure.subplots(1, 2)
    left.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    for k, model in enumerate(models):
        curve = frame[frame.model == model].sort_values("distance")
        color = style.look(model, models)["color"]
        dashes = (4, 1.5) if model == "second-order" else ()
        r, value = curve.distance.to_numpy(), curve.coupling.to_numpy()
        # Models that agree lie on top of each other: thinner lines later, so that all are seen.
        width = 0.8 if model == "second-order" else max(2.6 - 0.9 * k, 0.8)
        mark = "o" if len(curve) == 1 else ""
        left.plot(
            r,
            1e3 * value,
            color=color,
            dashes=dashes,
            linewidth=width,
            marker=mark,
            label=_WORDS.get(model, style.label(model)),
        )
        style.band(left, r, 1e3 * curve.low, 1e3 * curve.high, color)
        # Full line where antiferromagnetic, small circles where the sign is negative.
        right.plot(r, np.where(value > 0, value, np.nan), color=color, dashes=dashes, linewidth=width, marker=mark)
        negative = value < 0
        right.plot(r[negative], -value[negative], color=color, **_RINGS)
    left.set_ylabel(r"coupling per pair [$10^{-3}\,t_0$]")
    right.set_ylabel(r"|coupling per pair| [$t_0$]")
    sizes = frame.coupling.abs()
    style.logarithmic(right, "y")
    if (sizes > 0).any():
        right.set_ylim(max(sizes[sizes > 0].min(), 3e-5 * sizes.max()), 2 * sizes.max())
    if (frame.coupling < 0).any():
        right.plot([], [], color=style.GREY, label="ferromagnetic", **_RINGS)
        right.legend(loc="upper right")
    left.legend(loc="upper right")
    for axes, text in ((left, "a"), (right, "b")):
        axes.set_xlabel(r"distance $r$ [$\ell$]")
        style.letter(axes, text)
    return figure
