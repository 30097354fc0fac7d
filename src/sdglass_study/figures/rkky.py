"""Where simple pair interactions apply: torque error against J, and the coupling of two sites."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_KINDS = {  # of interactions: label, colour, symbol
    "second-order": ("second order", style.BLACK, "o"),
    "rkky": ("RKKY, free electrons", style.BLACK, "s"),
    "rkky-fitted-kf": (r"RKKY, fitted $k_F$", style.BLUE, "D"),
    "rkky-positive": (r"RKKY, fitted $k_F$, sign of Eq. 2", style.SKY, "v"),
    "second-order-scaled": ("second order, scaled", style.GREY, "P"),
    "strong-coupling": (r"$t^2/(2J)$", style.GREEN, "X"),
}


@figure(
    tables={"rkky": "coupling model:str relative_torque_error standard_error"},
    optional={"two_site": "coupling distance ratio_to_t2_over_J"},
    title="Where simple effective interactions apply",
    caption=(
        "(a) Relative torque error against the coupling J (curves that leave the frame go on) of: RKKY (paper "
        "Eq. 2) with k_F of free electrons, with fitted k_F and either sign, or with the sign of Eq. 2; any "
        "fitted function of the distance (pair model); perturbation theory of second order in J; t^2/(2J) for "
        "strong coupling. One is what no coupling at all would give. (b) Coupling of just two sites by exact "
        "diagonalization, in units of t^2/J: the limit at large J is 1/2 per pair[[, not 1]]."
    ),
    chapter="data",
    order=2,
)
def draw(tables, look):
    """Draw the relative torque error of each pair model (left), and two sites (right) if their table exists."""
    frame, two_site = tables["rkky"], tables.get("two_site")
    page = style.new_figure(3.2)
    left, right = page.subplots(1, 2)
    models = [name for name in dict.fromkeys([*_KINDS, *frame.model]) if name in set(frame.model)]
    for model in models:
        curve = frame[(frame.model == model) & (frame.coupling > 0)].sort_values("coupling")
        words, color, marker = _KINDS.get(model) or (look.label(model), look.color(model), look.marker(model))
        error = curve.standard_error.to_numpy()
        bars = style.error_bars(0.0, -error, error)
        left.errorbar(curve.coupling, curve.relative_torque_error, bars, elinewidth=0.8, label=words, color=color,
                      marker=marker)  # fmt: skip
    left.axhline(1.0, color=style.GREY, dashes=(1, 1), linewidth=0.8, zorder=0)
    left.set(ylabel="torque error / rms torque")
    shown = frame.relative_torque_error[frame.relative_torque_error > 0]
    if len(shown) and shown.max() > 5 * shown.min():
        style.logarithmic(left, "y")
        # Perturbation theory is wrong by powers of ten outside its range: no need to follow it there.
        left.set_ylim(0.6 * shown.min(), min(2 * shown.max(), 10.0))
    else:
        left.set_ylim(bottom=0)
    style.legend_below(page, *left.get_legend_handles_labels())
    if two_site is None:
        right.set_axis_off()
    else:
        _two_sites(right, two_site, look.of_paper)
        style.letter(right, "b")
    style.letter(left, "a")
    for axes in (left, right):
        axes.set_xlabel(r"coupling $J$ [$t_0$]")
        if axes.axison:
            style.logarithmic(axes, "x")
    return page


def _two_sites(axes, frame, of_paper):
    distances = np.unique(frame.distance)
    colours = style.time_colours(distances)
    for k, distance in enumerate(distances):
        curve = frame[frame.distance == distance].sort_values("coupling")
        axes.plot(curve.coupling, curve.ratio_to_t2_over_J, color=colours[distance], marker=style.MARKERS[k % 7],
                  label=rf"$R = {distance:g}\,\ell$")  # fmt: skip
    lines = ((0.5, r"$t^2/(2J)$"), (1.0, r"$t^2/J$ (paper)"))
    for value, words in lines if of_paper else lines[:1]:
        axes.axhline(value, color=style.BLACK, dashes=(4, 2), linewidth=0.8, zorder=0)
        axes.text(0.02, value, words, transform=axes.get_yaxis_transform(), va="bottom", fontsize=8)
    axes.set(
        ylabel=r"coupling of two sites / $(t^2/J)$", ylim=(0, 1.15 * max(1.0, frame.ratio_to_t2_over_J.max()))
    )
    axes.legend(loc="lower right")
