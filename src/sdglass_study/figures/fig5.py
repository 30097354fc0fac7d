"""Fig. 5: growth of the correlation length, and the barrier exponent psi on every window."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.psi_choices import PAPER_PSI, main_ensembles

_ESTIMATORS = {"naive": "paper's formula", "split": "without the bias of $|C|$"}
_LATEST_PSI = 60.0  # end of the axis of psi; larger values are marked by arrows


@figure(
    tables={
        "fig5_length": ("ensemble:str model:str damping time estimator:str xi low high realizations replicas"),
        "fig5_fits": (
            "ensemble:str model:str damping estimator:str start stop law:str time_unit exponent exponent_low "
            "exponent_high amplitude"
        ),
    },
    title="Growth of the correlation length, and the barrier exponent[[ (paper Fig. 5)]]",
    caption=(
        "(a) Correlation length by the paper's formula against log t, both axes logarithmic: a law (log "
        "t)^(1/psi) is a straight line. C is the first term of Eq. 20; the second is in the figure "
        "'disconnected'. Full lines: fits of that law, dashed: of a power law of t, both on the window with "
        "significant growth (lower end of the slope's interval above zero) that starts latest, and the widest "
        "of those. Every window ends at no less than 4 times its start (a run too short for that has its "
        "widest): in a narrower one log t hardly changes. A line is drawn whether or not it describes the "
        "points.[[ Dotted: the slope of the paper's psi = 1.02.]] (b) The same with |C| from independent halves "
        "of the replicas, free of the upward bias that noise gives |C|. Triangles at an edge of (a) or (b): "
        "lengths beyond it. (c) Both together from the first window on, in linear scale. (d) How psi depends "
        "on the unit of time inside the logarithm, on the window of (a) or (b). (e) psi for every window, for "
        "one unit of time; a window ends with its run at the latest. Arrows: the upper end is infinite or off "
        "the scale; crosses: xi shrinks, so that there is no exponent. An exponent that the data determine "
        "would be the same in every column. Runs with fewer than half the trajectories of the largest are "
        "controls: their |C| has another bias by noise, and they are in the figure 'fig5_control'."
    ),
    chapter="growth",
    order=2,
)
def draw(tables, look):
    """Draw xi against log t for both estimators, xi(t) on a linear scale, and psi against unit and window."""
    # Controls with fewer trajectories are compared in pairs, in a figure of their own.
    lengths = main_ensembles(tables["fig5_length"])
    fits = tables["fig5_fits"][lambda frame: frame.ensemble.isin(lengths.ensemble)]
    names = list(dict.fromkeys(lengths.ensemble))
    marks = {name: {"color": style.CYCLE[k % 7], "marker": style.MARKERS[k % 7]} for k, name in enumerate(names)}
    page = style.new_figure(8.0)
    grid = page.add_gridspec(4, 2, height_ratios=(1.25, 0.12 * len(names), 1, 1))
    panels = [page.add_subplot(grid[place]) for place in ((0, 0), (0, 1), (2, 0), (2, 1))]
    panels.append(page.add_subplot(grid[3, :]))
    for axes, text in zip(panels, "abcde", strict=True):
        style.letter(axes, text)
    for column, (axes, (estimator, words)) in enumerate(zip(panels[:2], _ESTIMATORS.items(), strict=True)):
        axes.set_title(words, pad=3)
        shown, lines_of = lengths[lengths.estimator == estimator], fits[fits.estimator == estimator]
        lines = _log_log(axes, shown, lines_of, marks, look.of_paper)
        # A legend inside the panel would hide points.
        below = page.add_subplot(grid[1, column])
        below.set_axis_off()
        below.legend(handles=lines, loc="center")
    _same_scale(panels[:2], marks)
    _late(panels[2], lengths[lengths.time >= fits.start.min()], marks)
    _units(panels[3], fits, marks)
    _windows(panels[4], fits, marks)
    for axes in panels[3:]:
        _psi_axis(axes, look.of_paper)
    handles = [style.line(linestyle="", label=_words(lengths, name, look), **marks[name]) for name in names]
    for estimator, words in _ESTIMATORS.items():
        filled = "none" if estimator == "naive" else style.GREY
        handles.append(style.line(linestyle="", color=style.GREY, marker="o", mfc=filled, label=words))
    handles.append(style.line(color=style.GREY, label=r"fit of $(\log t)^{1/\psi}$"))
    handles.append(style.line(color=style.BLACK, linewidth=0.8, dashes=(4, 2), label=r"fit of $t^{1/z}$"))
    if look.of_paper:
        handles.append(style.line(color=style.BLACK, dashes=(1, 1), label=rf"$\psi = {PAPER_PSI}$ (paper)"))
    panels[4].legend(handles=handles, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.38))
    return page


def best_window(fits, law, time_unit=None):
    """Return the row of an ensemble's headline exponent, or None if xi grows significantly in no window.

    Only exponents with a finite interval count: the others have a slope that may be zero. Of these windows the
    latest start is taken, where the law should hold best, and the widest window that starts there.
    """
    finite = np.isfinite(fits[["exponent", "exponent_low", "exponent_high"]]).all(axis=1)
    rows = fits[(fits.law == law) & finite]
    if time_unit is not None:
        rows = rows[np.isclose(rows.time_unit, time_unit)]
    if rows.empty:
        return None
    return rows.sort_values(["start", "stop"]).iloc[-1]


def _words(lengths, name, look):
    row = lengths[lengths.ensemble == name].iloc[0]
    return look.run(row.model, row.damping)


def _main_unit(fits):
    """The unit of time 1/(gamma t0), or the one nearest to it."""
    units = fits.time_unit[np.isfinite(fits.time_unit) & (fits.time_unit > 0)].unique()
    return units[np.argmin(np.abs(np.log(units)))] if len(units) else None


def _log_log(axes, lengths, fits, marks, of_paper):
    """Draw xi against log t, both logarithmic, with the fitted laws; return legend handles with psi."""
    unit = _main_unit(fits) or 1.0
    lengths = lengths[(lengths.time > 2.0 * unit) & (lengths.xi > 0)]
    lines = []
    for name, mark in marks.items():
        curve, mine = lengths[lengths.ensemble == name].sort_values("time"), fits[fits.ensemble == name]
        if curve.empty:
            continue
        x = np.log(curve.time / unit)
        style.band(axes, x, curve.low, curve.high, mark["color"], alpha=0.15)
        axes.plot(x, curve.xi, linestyle="", markerfacecolor="white", markeredgewidth=0.8, **mark)
        barrier, power = best_window(mine, "barrier", unit), best_window(mine, "power_law")
        words = "no significant growth in any window"
        if barrier is not None:
            t = np.geomspace(barrier.start, barrier.stop, 60)
            law = barrier.amplitude * np.log(t / unit) ** (1 / barrier.exponent)
            axes.plot(np.log(t / unit), law, color=mark["color"], linewidth=1.3)
            ends = f"{style.number(barrier.exponent_low, 2)},\\,{style.number(barrier.exponent_high, 2)}"
            window = rf"${style.clock(barrier.start)}\leq t\leq{style.clock(barrier.stop)}$"
            words = rf"$\psi = {style.number(barrier.exponent, 2)}\ [{ends}]$, {window}"
        if power is not None:
            t = np.geomspace(power.start, power.stop, 60)
            law = power.amplitude * t ** (1 / power.exponent)
            axes.plot(np.log(t / unit), law, color=style.BLACK, linewidth=0.8, dashes=(4, 2), zorder=3)
        lines.append(style.line(linestyle="-", markerfacecolor="white", label=words, **mark))
    style.logarithmic(axes)
    axes.set(ylabel=r"$\xi$ [$\ell$]")
    axes.set_xlabel(r"$\ln t$" if unit == 1.0 else rf"$\ln(t/{unit:g})$")
    if lengths.empty:
        return lines
    if of_paper:
        _paper_slope(axes, lengths, unit)
    _plain_ticks(axes.xaxis, (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10))
    top = axes.secondary_xaxis("top", functions=(lambda x: x, lambda x: x))
    axes.tick_params(axis="x", which="both", top=False)
    seen = lengths.time.max()
    decades = [t for t in (3, 10, 30, 100, 1e3, 1e4, 1e5) if lengths.time.min() <= t <= 1.01 * seen]
    top.set_xticks([np.log(t / unit) for t in decades], [style.clock(t) for t in decades], fontsize=7)
    top.set_xticks([], minor=True)
    top.tick_params(pad=1)
    return lines


def _paper_slope(axes, lengths, unit):
    """A short dotted line with the slope of the paper's psi, above the latest lengths."""
    late = lengths[lengths.time >= 0.1 * lengths.time.max()]
    x = np.log(late.time.max() / unit) * np.array([0.92, 1.0])
    y = 1.03 * late.xi.max() * (x / x[0]) ** (1 / PAPER_PSI)
    axes.plot(x, y, color=style.BLACK, dashes=(1, 1), linewidth=1.0, zorder=4)


def _same_scale(panels, marks):
    """Let both estimators share their vertical scale; triangles at its ends stand for points beyond them."""
    drawn = [np.ravel(line.get_ydata()) for axes in panels for line in axes.get_lines()]
    drawn = np.concatenate(drawn) if drawn else np.zeros(1)
    drawn = drawn[drawn > 0]
    # Early lengths without the bias are noise: they may leave the frame.
    low, high = np.nanpercentile(drawn, [2, 99.5]) if len(drawn) else (0.0, 0.0)
    low, high = 0.97 * low, 1.03 * high
    markers = {mark["marker"] for mark in marks.values()}
    for axes in panels if low > 0 else ():
        points = [line for line in axes.get_lines() if line.get_marker() in markers]
        for line in points:
            x, y = (np.asarray(values, dtype=float) for values in line.get_data())
            for beyond, edge, marker in ((y > high, 0.99 * high, "^"), (y < low, 1.01 * low, "v")):
                axes.plot(x[beyond], np.full(np.count_nonzero(beyond), edge), linestyle="", marker=marker,
                          markersize=3, color=line.get_color())  # fmt: skip
        axes.set_ylim(low, high)
        _plain_ticks(axes.yaxis, (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 4.0))


def _plain_ticks(axis, values):
    """Ticks of a logarithmic axis as plain numbers."""
    low, high = axis.get_view_interval()
    shown = [value for value in values if low <= value <= high]
    axis.set_ticks(shown, [f"{value:g}" for value in shown])
    axis.set_ticks([], minor=True)
    axis.set_view_interval(low, high, ignore=True)


def _late(axes, lengths, marks):
    """Both estimators in one frame, without the early lengths that are noise."""
    for name, mark in marks.items():
        for estimator in _ESTIMATORS:
            curve = lengths[(lengths.ensemble == name) & (lengths.estimator == estimator)].sort_values("time")
            filled = "white" if estimator == "naive" else mark["color"]
            axes.plot(curve.time, curve.xi, markerfacecolor=filled, linewidth=0.6, markersize=2.8,
                      markeredgewidth=0.7, **mark)  # fmt: skip
            style.band(axes, curve.time, curve.low, curve.high, mark["color"], alpha=0.12)
    axes.set(xlabel=r"time $t$ [$1/(\gamma t_0)$]", ylabel=r"$\xi$ [$\ell$]")
    style.logarithmic(axes, "x")
    shown = lengths.xi.dropna()
    if len(shown):
        margin = 0.15 * np.ptp(shown) + 0.01
        axes.set_ylim(shown.min() - margin, shown.max() + margin)


def _units(axes, fits, marks):
    """psi against the unit of time, on the window of each ensemble's headline exponent."""
    for k, (name, mark) in enumerate(marks.items()):
        for estimator in _ESTIMATORS:
            mine = fits[(fits.ensemble == name) & (fits.estimator == estimator) & (fits.law == "barrier")]
            row = best_window(mine, "barrier", _main_unit(mine))
            if row is None:
                continue
            mine = mine[(mine.start == row.start) & (mine.stop == row.stop)].sort_values("time_unit")
            shift = 1.07 ** (2 * k + (estimator == "split") - len(marks) + 0.5)
            _exponents(axes, mine.time_unit * shift, mine, mark, estimator)
            axes.plot(mine.time_unit * shift, mine.exponent, color=mark["color"], linewidth=0.5)
    style.logarithmic(axes, "x")
    axes.set(xlabel=r"unit of time inside the logarithm [$1/(\gamma t_0)$]")


def _windows(axes, fits, marks):
    """psi against the window, for one unit of time."""
    unit = _main_unit(fits)
    barrier = fits[fits.law == "barrier"]
    barrier = barrier[np.isclose(barrier.time_unit, unit)] if unit else barrier
    windows = sorted(set(zip(barrier.start, barrier.stop, strict=True)))
    place = {window: k for k, window in enumerate(windows)}
    total = 2 * len(marks)
    for k, (name, mark) in enumerate(marks.items()):
        for estimator in _ESTIMATORS:
            mine = barrier[(barrier.ensemble == name) & (barrier.estimator == estimator)]
            x = np.array([place[window] for window in zip(mine.start, mine.stop, strict=True)], dtype=float)
            x += 0.72 * ((2 * k + (estimator == "split") + 0.5) / total - 0.5)
            _exponents(axes, x, mine, mark, estimator)
    for k in range(0, len(windows), 2):
        axes.axvspan(k - 0.5, k + 0.5, color=style.PALE, alpha=0.4, linewidth=0, zorder=-1)
    words = [f"{style.clock(start)} –\n{style.clock(stop)}" for start, stop in windows]
    axes.set_xticks(range(len(windows)), words)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.5, max(len(windows), 1) - 0.5)
    axes.set_xlabel(r"window of the fit [$1/(\gamma t_0)$]" + (f", unit of time {unit:g}" if unit else ""))


def _exponents(axes, x, rows, mark, estimator):
    """Points with intervals; an upper end that is infinite, or off the scale, becomes an arrow."""
    x = np.asarray(x, dtype=float)
    psi, low, high = (rows[c].to_numpy(dtype=float) for c in ("exponent", "exponent_low", "exponent_high"))
    top = np.minimum(high, _LATEST_PSI)
    filled = "white" if estimator == "naive" else mark["color"]
    bars = style.error_bars(psi, low, np.where(np.isnan(high), np.nan, top))
    axes.errorbar(x, psi, bars, fmt=mark["marker"], color=mark["color"], markerfacecolor=filled, markersize=3.2,
                  markeredgewidth=0.8, elinewidth=0.8)  # fmt: skip
    # No exponent: a cross at the lower edge, so that the point is not simply absent.
    axes.plot(x[np.isnan(psi)], np.full(np.isnan(psi).sum(), 0.79), linestyle="", marker="x", color=mark["color"])
    open_end = (high > _LATEST_PSI) & np.isfinite(psi)
    axes.plot(x[open_end], top[open_end] * 0.93, linestyle="", marker=(3, 0, 0), markersize=3, color=mark["color"])


def _psi_axis(axes, of_paper):
    if of_paper:
        axes.axhline(PAPER_PSI, color=style.BLACK, dashes=(1, 1), linewidth=1.0, zorder=1)
    axes.set(yscale="log", ylabel=r"barrier exponent $\psi$", ylim=(0.7, _LATEST_PSI))
    _plain_ticks(axes.yaxis, (1, 2, 5, 10, 20, 50))
