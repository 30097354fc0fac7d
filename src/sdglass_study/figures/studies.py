"""What a parameter does to the study: correlations, length, error of the force fields, electrons."""

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

AXES = {
    "coupling": r"coupling $J$ [$t_0$]",
    "filling": "filling $f$",
    "density": r"density [$\ell^{-3}$]",
    "temperature": r"temperature $T$ [$t_0$]",
    "seed": "seed",
}
# Quantity, label of its axis.
PANELS = (
    ("correlation_at_contact", r"$C(r_{\rm min})$ at the end"),
    ("correlation_length_naive", r"$\xi$ at the end [$\ell$]"),
    ("torque_error", "torque error / rms torque"),
    ("gap", r"gap with the coupling on [$t_0$]"),
    ("dos_at_fermi_level", r"$\rho(E_F)$ [$1/t_0$]"),
)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")


@figure(
    tables={"studies": "parameter:str value study:str quantity:str run:str model:str result low high"},
    optional={
        "studies_correlation": (
            "parameter:str value study:str run:str model:str time distance correlation low high"
        )
    },
    title="Studies that differ in one parameter",
    caption=(
        "(a) Correlation C(r) at the end of the first run of Fig. 4 with exact diagonalization, for every "
        "value of the parameter. (b) C at contact at the end of all these runs. (c) Correlation length by the "
        "paper's formula at the end of the quenches of Fig. 5. (d) Torque error of the force fields on unseen "
        "structures, relative to the rms torque: random spins and late states. (e) Gap at the Fermi level "
        "with random spins. (f) Density of states at the Fermi level, without coupling (free) and with it. "
        "Bars and bands: confidence intervals over atomic realizations."
    ),
    chapter="more",
)
def draw(tables, look):
    """Draw C(r) at the last time for every value, and everything else against the value."""
    frame = tables["studies"]
    parameter = frame.parameter.iloc[0]
    page, panels = style.panels(4.6, 2, 3)
    _curves(panels[0, 0], tables.get("studies_correlation"), parameter, look)
    for axes, (quantity, words) in zip(panels.flat[1:], PANELS, strict=True):
        axes.set(xlabel=AXES.get(parameter, parameter), ylabel=words)
        some = frame[frame.quantity == quantity]
        if some.empty:
            axes.text(0.5, 0.5, "not made", transform=axes.transAxes, ha="center", va="center")
            continue
        _against(axes, some, look)
    return page


def _curves(axes, frame, parameter, look):
    """Draw C(r) of the first run, from exact diagonalization."""
    axes.set(xlabel=r"distance $r$ [$\ell$]", ylabel=r"$C(r)$ at the end")
    if frame is None:
        axes.text(0.5, 0.5, "not made", transform=axes.transAxes, ha="center", va="center")
        return
    frame = frame[frame.run == frame.run.iloc[0]]
    frame = frame[frame.model == look.order(frame.model)[0]]
    colours = style.time_colours(sorted(frame.value.unique()))
    for value, colour in colours.items():
        curve = frame[frame.value == value].sort_values("distance")
        line = {"color": colour, "label": f"{value:g}"}
        style.curve(axes, curve.distance, curve.correlation, curve.low, curve.high, **line)
    axes.axhline(0.0, color=style.GREY, linewidth=0.6)
    axes.legend(title=f"{parameter}, {frame.run.iloc[0]}", title_fontsize=8)


def _against(axes, frame, look):
    """Draw a quantity against the value of the parameter, a line per run and model."""
    runs, models = list(dict.fromkeys(frame.run)), look.order(frame.model)
    for run in runs:
        for model in models:
            curve = frame[(frame.run == run) & (frame.model == model)].sort_values("value")
            if curve.empty:
                continue
            colour = look.color(model) if len(models) > 1 else style.CYCLE[runs.index(run) % 7]
            open_ = {"markerfacecolor": "white"} if runs.index(run) % 2 else {}
            bars = style.error_bars(curve.result, curve.low, curve.high)
            words = run if len(models) == 1 else f"{run}, {look.label(model)}"
            axes.errorbar(curve.value, curve.result, bars, color=colour, marker=_MARKERS[runs.index(run) % 8],
                          linewidth=0.8, elinewidth=0.8, label=words, **open_)  # fmt: skip
    axes.legend(fontsize=7)
