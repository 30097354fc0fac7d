"""Fig. 5 again with the locator force field: what a better force field changes, and what a larger box does."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_DASHED = (0, (3, 1.5))
_QUANTITIES = (
    *(r"$C(r)$, last common time", r"$\xi$ [$\ell$]", r"$\xi - \xi_{\mathrm{reference}}$ [$\ell$]"),
    r"$(E - E_{\mathrm{reference}})/N$ [$10^{-3}\,t_0$]",
)
_ASIDE = 1.03  # ratio of the times at which two models are drawn


@figure(
    tables={
        "locator_quench": "ensemble:str model:str damping n_sites time quantity:str value low high",
        "locator_quench_difference": (
            "ensemble:str model:str damping reference:str reference_ensemble:str time quantity:str "
            "reference_value difference low high"
        ),
        "locator_quench_correlation": (
            "ensemble:str model:str damping n_sites time distance correlation low high"
        ),
    },
    title="What a better force field changes in the quenches of Fig. 5",
    caption=(
        "Quenches with the locator force field beside those with exact fields, the networks and the pair "
        "model, for each damping; dashed lines: a larger box. Top: C(r) at the last time that all have. Then "
        "xi, over the distances that fit in the smaller box, and differences of xi and of the energy per site "
        "(models drawn a little apart in time) to the best reference, on the same realizations, initial "
        "states and thermal noise (the energy is what each force field itself assigns to its states). Bars "
        "and bands: 95 % over atomic realizations."
    ),
    chapter="growth",
    order=4,
)
def draw(tables, look):
    """Draw a column per damping: C(r) at the last common time, xi(t), differences of xi and of the energy."""
    curves, numbers, differences = (
        tables[f"locator_quench{part}"] for part in ("_correlation", "", "_difference")
    )
    dampings = sorted(set(curves.damping), reverse=True)
    usual = numbers.n_sites.min()
    page, panels = style.panels(7.4, 4, len(dampings))

    def line(row):
        """Return colour and dash of an ensemble; another size than the usual one is dashed."""
        return {"color": look.color(row.model), "linestyle": "-" if row.n_sites == usual else _DASHED}

    for (first, second, third, fourth), damping in zip(panels.T, dampings, strict=True):
        correlation, lengths, mine = (frame[frame.damping == damping] for frame in (curves, numbers, differences))
        first.set_title(rf"$\alpha = {damping:g}\,\gamma$", pad=3)
        first.set_xlabel(r"distance $r$ [$\ell$]")
        first.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
        furthest = correlation[correlation.n_sites == usual].distance.max()
        for _, rows in correlation[correlation.distance <= furthest].groupby("ensemble", sort=False):
            style.curve(first, rows.distance, rows.correlation, rows.low, rows.high, 0.2, **line(rows.iloc[0]))
        lengths = lengths[(lengths.quantity == "xi_naive") & (lengths.time > 0)]
        for _, rows in lengths.groupby("ensemble", sort=False):
            style.curve(second, rows.time, rows.value, rows.low, rows.high, 0.2, **line(rows.iloc[0]))
        _differences(third, mine, "xi_naive", look)
        _differences(fourth, mine, "energy", look, units=1e3)
        for axes in (second, third, fourth):
            axes.set_xscale("log")
            axes.set_xlabel(r"time $t$ [$1/(\gamma t_0)$]")
    for axes, words in zip(panels[:, 0], _QUANTITIES, strict=True):
        axes.set_ylabel(words)
    shown = numbers[["model", "n_sites"]].drop_duplicates().sort_values("n_sites", kind="stable")
    words = [f"{look.label(row.model)}, $N = {row.n_sites:g}$" for row in shown.itertuples()]
    style.legend_below(page, [style.line(**line(row)) for row in shown.itertuples()], words, ncols=3)
    return page


def _differences(axes, differences, quantity, look, units=1.0):
    """Draw differences to the best reference there is, in `units` to that of the table."""
    axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    some = differences[(differences.quantity == quantity) & (differences.time > 0)]
    if some.empty:
        axes.text(0.5, 0.5, "nothing to compare", ha="center", va="center", transform=axes.transAxes)
        return
    reference = best_reference(some)
    curves = list(some[some.reference == reference].groupby(["model", "ensemble"], sort=False))
    for place, ((model, _), rows) in enumerate(curves):
        middle, low, high = (units * np.array(rows[name]) for name in ("difference", "low", "high"))
        # Bars at the same time would lie on one another.
        times = rows.time * _ASIDE ** (place - 0.5 * (len(curves) - 1))
        axes.errorbar(times, middle, style.error_bars(middle, low, high), color=look.color(model),
                      elinewidth=0.7, linewidth=0.9)  # fmt: skip
    axes.set_title(f"reference: {look.label(reference)}", pad=3, fontsize=8, loc="right")


def best_reference(differences):
    """Return the model to hold others against: exact dynamics, or else the locator force field."""
    return "exact" if (differences.reference == "exact").any() else differences.reference.iloc[0]
