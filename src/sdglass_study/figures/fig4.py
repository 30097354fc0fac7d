"""Fig. 4: C(r, t) of quenches with exact and with learned fields, and their difference."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

_TIMES = 5


@figure(
    tables={
        "fig4_correlation": "run:str damping model:str time distance correlation low high",
        "fig4_difference": "run:str model:str time distance difference low high",
    },
    title="Spin correlations after a quench: exact against learned dynamics[[ (paper Fig. 4)]]",
    caption=(
        "Top: C(r, t), the first term of Eq. 20 (the second is in the figure 'disconnected'), from exact "
        "diagonalization (symbols, with confidence intervals) and from the learned fields (lines), a column "
        "per damping[[; the paper states 0.05 gamma]]. No pair is closer than r_min (shaded). Below: model minus "
        "exact at the same times, with confidence bands of the difference (all models start from the same "
        "spins and feel the same noise, so that it is far better known than the curves themselves). A band "
        "that excludes zero shows a difference to be significant; it counts where it is larger than a symbol "
        "above."
    ),
    chapter="dynamics",
    order=3,
)
def draw(tables, look):
    """Draw one column per run: the curves on top, model minus exact below, a strip per time."""
    frame, differences = tables["fig4_correlation"], tables["fig4_difference"]
    runs = list(dict.fromkeys(frame.run))
    chosen = {run: _times(frame[frame.run == run]) for run in runs}
    strips = max(map(len, chosen.values()))
    page = style.new_figure(3.1 + 0.62 * strips)
    page.get_layout_engine().set(h_pad=0.012, hspace=0.0)
    grid = page.subplots(1 + strips, len(runs), sharey="row", squeeze=False, height_ratios=(2.7, *[0.62] * strips))
    for axes in grid.flat:
        axes.tick_params(labelleft=True)
    panels, below = grid[0], grid[1:]
    style.letters([*panels, *below[0]])
    models = [model for model in look.order(frame.model) if model != "exact"]
    ends = _least_distance(frame), frame.distance.max() + 0.1
    for column, run in enumerate(runs):
        some, times = frame[frame.run == run], chosen[run]
        _curves(panels[column], some, times, ends, look)
        panels[column].set_title(rf"$\alpha = {some.damping.iloc[0]:g}\,\gamma$", pad=3)
        for axes, time in zip(below[:, column], times, strict=False):
            _difference(axes, differences[differences.run == run], time, models, ends, look)
            axes.tick_params(labelbottom=False)
        for axes in below[len(times) :, column]:
            axes.set_axis_off()
        below[len(times) - 1, column].set_xlabel(r"distance $r$ [$\ell$]")
        below[len(times) - 1, column].tick_params(labelbottom=True)
    shown = [frame[(frame.run == run) & frame.time.isin(chosen[run])] for run in runs]
    values = np.concatenate([part[["correlation", "low", "high"]].to_numpy().ravel() for part in shown])
    low, high = np.nanmin(values), np.nanmax(values)
    panels[0].set_ylim(low - 0.08 * (high - low), high + 0.25 * (high - low))
    panels[0].set_ylabel(r"$C(r, t)$")
    _scale_strips(below)
    below[strips // 2, 0].set_ylabel(r"$C_{\mathrm{model}} - C_{\mathrm{exact}}$")
    handles = [style.line(label=look.label(m), color=look.color(m), dashes=_dashes(m)) for m in models]
    if handles:
        below[0, -1].legend(handles=handles, loc="upper right", ncols=min(len(models), 3))
    return page


def _times(some):
    """Times that every model of the run has, early to late."""
    shared = set.intersection(*(set(group) for _, group in some.groupby("model").time))
    return list(style.spread_out(list(shared) or some.time, _TIMES, first=3.0))


def _at(some, model, time):
    return some[(some.model == model) & np.isclose(some.time, time, rtol=1e-9)].sort_values("distance")


def _curves(axes, some, times, ends, look):
    colours = style.time_colours(times)
    others = [model for model in some.model.unique() if model != "exact"]
    drawn = look.learned(others) or (others[0] if others else None)
    for time in times:
        exact, model = _at(some, "exact", time), _at(some, drawn, time)
        if len(exact):
            bars = style.error_bars(exact.correlation, exact.low, exact.high)
            axes.errorbar(exact.distance, exact.correlation, bars, fmt="o", color=colours[time], markersize=2.6,
                          elinewidth=0.6, markerfacecolor="white", markeredgewidth=0.7)  # fmt: skip
        axes.plot(model.distance, model.correlation, color=colours[time], label=style.clock(time))
    _frame(axes, ends)
    first = axes.legend(title=r"$t$ [$1/(\gamma t_0)$]", loc="lower right", ncols=2, title_fontsize=8)
    axes.add_artist(first)
    kinds = [axes.errorbar([], [], [], fmt="o", color=style.GREY, markersize=2.6, markerfacecolor="white")]
    kinds += axes.plot([], [], color=style.GREY)
    words = [look.label("exact"), look.label(drawn) if drawn else "no model"]
    axes.legend(kinds, words, loc="upper right", ncols=2)
    axes.set_xlabel(r"distance $r$ [$\ell$]")


def _difference(axes, differences, time, models, ends, look):
    for model in models:
        curve = _at(differences, model, time)
        line = {"color": look.color(model), "linewidth": 0.9, "dashes": _dashes(model)}
        style.curve(axes, curve.distance, curve.difference, curve.low, curve.high, 0.2, **line)
    _frame(axes, ends)
    place = {"ha": "right", "va": "bottom", "transform": axes.transAxes}
    axes.text(0.955, 0.08, rf"$t = {style.clock(time)}$", fontsize=8, **place)


def _dashes(model):
    return (3, 1.5) if model == "pair" else ()


def _frame(axes, ends):
    axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    axes.axvspan(0.0, ends[0], color=style.PALE, linewidth=0, zorder=-1)
    axes.set_xlim(0.0, ends[1])


def _least_distance(frame):
    """Return the left edge of the first bin, r_min [ell]: half a bin before its centre."""
    centres = np.unique(frame.distance)
    return centres[0] - (0.5 * np.diff(centres).min() if len(centres) > 1 else 0.0)


def _scale_strips(below):
    """Give all strips one symmetric scale, wide enough for everything that they show."""
    reach = 1e-3
    for axes in below.flat:
        drawn = [line.get_ydata() for line in axes.get_lines()]
        drawn += [path.vertices[:, 1] for shade in axes.collections for path in shade.get_paths()]
        values = np.abs(np.concatenate(drawn)) if drawn else np.zeros(0)
        reach = max(reach, *values[np.isfinite(values)], 0.0)
    # A tick that is a round number and far enough from the edges for its label.
    digits = 10.0 ** np.floor(np.log10(0.85 * reach))
    tick = max(round_number * digits for round_number in (1, 2, 5) if round_number * digits <= 0.85 * reach)
    for axes in below.flat:
        axes.set_yticks([-tick, 0.0, tick])
        axes.set_ylim(-1.25 * reach, 1.25 * reach)
