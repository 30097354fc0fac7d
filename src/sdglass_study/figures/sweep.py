"""What a parameter does to the study: correlations, length, error of the force fields, electrons."""

from sdglass_study.figures import style

NAME = "sweep"
AXES = {
    "coupling": r"coupling $J$ [$t_0$]",
    "filling": "filling $f$",
    "density": r"density [$\ell^{-3}$]",
    "temperature": r"temperature $T$ [$t_0$]",
    "seed": "seed",
}
# Panel, quantity, label of its axis.
PANELS = (
    ("b", "correlation_at_contact", r"$C(r_{\rm min})$ at the end"),
    ("c", "correlation_length_naive", r"$\xi$ at the end [$\ell$]"),
    ("d", "torque_error", "torque error / rms torque"),
    ("e", "gap", r"gap with the coupling on [$t_0$]"),
    ("f", "dos_at_fermi_level", r"$\rho(E_F)$ [$1/t_0$]"),
)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")


def draw(tables):
    """Draw C(r) at the last time for every value, and everything else against the value."""
    frame = tables["sweep"]
    parameter = frame.parameter.iloc[0]
    figure = style.new_figure(4.6)
    panels = figure.subplots(2, 3).ravel()
    _curves(panels[0], tables.get("sweep_correlation"), parameter)
    style.letter(panels[0], "a")
    for axes, (letter, quantity, words) in zip(panels[1:], PANELS, strict=True):
        style.letter(axes, letter)
        axes.set(xlabel=AXES.get(parameter, parameter), ylabel=words)
        some = frame[frame.quantity == quantity]
        if some.empty:
            axes.text(0.5, 0.5, "not made", transform=axes.transAxes, ha="center", va="center")
            continue
        _against(axes, some)
    return figure


def _curves(axes, frame, parameter):
    """Draw C(r) of the first run, from exact diagonalization."""
    axes.set(xlabel=r"distance $r$ [$\ell$]", ylabel=r"$C(r)$ at the end")
    if frame is None:
        axes.text(0.5, 0.5, "not made", transform=axes.transAxes, ha="center", va="center")
        return
    frame = frame[frame.run == frame.run.iloc[0]]
    frame = frame[frame.engine == style.in_order(frame.engine)[0]]
    colours = style.time_colours(sorted(frame.value.unique()))
    for value, colour in colours.items():
        one = frame[frame.value == value].sort_values("distance")
        axes.plot(one.distance, one.correlation, color=colour, label=f"{value:g}")
        style.band(axes, one.distance, one.low, one.high, colour)
    axes.axhline(0.0, color=style.GREY, linewidth=0.6)
    axes.legend(title=f"{parameter}, {frame.run.iloc[0]}", title_fontsize=8)


def _against(axes, frame):
    """Draw a quantity against the value of the parameter, a line per run and engine."""
    runs, engines = list(dict.fromkeys(frame.run)), style.in_order(frame.engine)
    for run in runs:
        for engine in engines:
            one = frame[(frame.run == run) & (frame.engine == engine)].sort_values("value")
            if one.empty:
                continue
            colour = style.look(engine, engines)["color"] if len(engines) > 1 else style.CYCLE[runs.index(run) % 7]
            open_ = {"markerfacecolor": "white"} if runs.index(run) % 2 else {}
            bars = style.error_bars(one.result, one.low, one.high)
            words = run if len(engines) == 1 else f"{run}, {engine}"
            axes.errorbar(one.value, one.result, bars, color=colour, marker=_MARKERS[runs.index(run) % 8],
                          linewidth=0.8, elinewidth=0.8, label=words, **open_)  # fmt: skip
    axes.legend(fontsize=7)
