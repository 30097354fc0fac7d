"""Fig. 5 again with the locator force field: what a better force field changes, and what a larger box does."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_DASHED = (0, (3, 1.5))
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
    page = style.new_figure(7.4)
    panels = page.subplots(4, len(dampings), squeeze=False)
    for column, damping in enumerate(dampings):
        mine = [frame[frame.damping == damping] for frame in (curves, numbers, differences)]
        first, second, third, fourth = panels[:, column]
        first.set_title(rf"$\alpha = {damping:g}\,\gamma$", pad=3)
        _correlations(first, mine[0], look, usual)
        _lengths(second, mine[1], look, usual)
        _differences(third, mine[2], "xi_naive", look)
        _differences(fourth, mine[2], "energy", look, units=1e3)
        for axes in panels[1:, column]:
            axes.set_xscale("log")
            axes.set_xlabel(r"time $t$ [$1/(\gamma t_0)$]")
        for row, axes in enumerate(panels[:, column]):
            style.letter(axes, "abcdefghijklmnop"[row * len(dampings) + column])
    for axes, words in zip(
        panels[:, 0],
        (
            r"$C(r)$, last common time",
            r"$\xi$ [$\ell$]",
            r"$\xi - \xi_{\mathrm{reference}}$ [$\ell$]",
            r"$(E - E_{\mathrm{reference}})/N$ [$10^{-3}\,t_0$]",
        ),
        strict=True,
    ):
        axes.set_ylabel(words)
    _legend(page, numbers, look, usual)
    return page


def _style(rows, look, usual):
    """Return colour and dash of an ensemble; another size than the usual one is dashed."""
    row = rows.iloc[0]
    return {"color": look.color(row.model), "linestyle": "-" if row.n_sites == usual else _DASHED}


def _correlations(axes, curves, look, usual):
    axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    furthest = curves[curves.n_sites == usual].distance.max()
    for _, rows in curves.groupby("ensemble", sort=False):
        rows = rows[rows.distance <= furthest]
        line = _style(rows, look, usual)
        axes.plot(rows.distance, rows.correlation, **line)
        axes.fill_between(rows.distance, rows.low, rows.high, color=line["color"], alpha=0.2, linewidth=0)
    axes.set_xlabel(r"distance $r$ [$\ell$]")


def _lengths(axes, numbers, look, usual):
    for _, rows in numbers[(numbers.quantity == "xi_naive") & (numbers.time > 0)].groupby("ensemble", sort=False):
        line = _style(rows, look, usual)
        axes.plot(rows.time, rows.value, **line)
        axes.fill_between(rows.time, rows.low, rows.high, color=line["color"], alpha=0.2, linewidth=0)


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


def _legend(page, numbers, look, usual):
    shown = numbers[["model", "n_sites"]].drop_duplicates()
    handles = []
    for row in shown.sort_values(["n_sites"], kind="stable").itertuples():
        line = style.line(color=look.color(row.model), linestyle="-" if row.n_sites == usual else _DASHED)
        handles.append((line, f"{look.label(row.model)}, $N = {row.n_sites:g}$"))
    page.legend(*zip(*handles, strict=True), loc="outside lower center", ncols=3)
