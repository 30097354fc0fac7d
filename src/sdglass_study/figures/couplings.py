"""Effective pair couplings against distance."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_SECOND_ORDER = r"second order, $t^2/(2J)$"
_RINGS = {"linestyle": "", "marker": "o", "markerfacecolor": "white", "markersize": 2.5, "markeredgewidth": 0.7}


@figure(
    tables={"couplings": "model:str distance coupling low high"},
    title="Effective pair couplings that the models have learned",
    caption=(
        "Coupling per pair against distance (mean in a bin; band: 16 to 84 % of the pairs), on a linear (a) "
        "and a logarithmic scale (b). Positive is antiferromagnetic. A wide band means that a coupling "
        "depends on the surroundings of its pair, which a function of the distance cannot express. The cutoff "
        "forces the couplings of every trained model to zero at R_c: a change of sign at larger distances "
        "cannot be seen in them."
    ),
    chapter="models",
    order=1,
)
def draw(tables, look):
    """Draw the coupling per pair on a linear (left) and on a logarithmic scale (right)."""
    frame = tables["couplings"]
    models = look.order(frame.model)
    page, (left, right) = style.panels(2.9, 1, 2)
    left.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    for k, model in enumerate(models):
        curve = frame[frame.model == model].sort_values("distance")
        # Models that agree lie on top of each other: thinner lines later, so that all are seen.
        words, line = look.label(model), {"color": look.color(model), "linewidth": max(2.6 - 0.9 * k, 0.8)}
        if model == "second-order":
            words, line = _SECOND_ORDER, {"color": style.BLACK, "linewidth": 0.8, "dashes": (4, 1.5)}
        line["marker"] = "o" if len(curve) == 1 else ""
        r, value = curve.distance.to_numpy(), curve.coupling.to_numpy()
        style.curve(left, r, 1e3 * value, 1e3 * curve.low, 1e3 * curve.high, label=words, **line)
        # Full line where antiferromagnetic, small circles where the sign is negative.
        right.plot(r, np.where(value > 0, value, np.nan), **line)
        right.plot(r[value < 0], -value[value < 0], color=line["color"], **_RINGS)
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
    for axes in (left, right):
        axes.set_xlabel(r"distance $r$ [$\ell$]")
    return page
