"""Freezing of a quench: torque, energy, step between snapshots, magnetization.

The step is shown only between snapshots whose times have the ratio 10^0.1 of the grid: early times are rounded
to whole time steps and the last one is the end of the run, and a longer or shorter interval changes more or less.
"""

import numpy as np
from matplotlib.lines import Line2D

from sdglass_study.figures import engines, style

# Decades between the snapshots of the logarithmic grid, and how far an interval may be off.
_DECADES, _TOLERANCE = 0.1, 0.02


def on_grid(frame):
    """Return which rows of the table follow the snapshot before them by one step of the logarithmic grid."""
    return (np.log10(frame.ratio.where(frame.ratio > 0)) - _DECADES).abs() < _TOLERANCE


def draw(tables):
    """Draw the four quantities against time for every ensemble."""
    frame = tables["freezing"]
    frame = frame.assign(step=(1.0 - frame.step_overlap).where(on_grid(frame)))
    figure = style.new_figure(5.2)
    panels = figure.subplots(2, 2, sharex=True)
    looks = engines.colours(frame.engine)
    dampings, sizes = sorted(frame.damping.unique(), reverse=True), sorted(frame.n_sites.unique())
    columns = (
        ("torque_rms", "torque_rms_error", r"rms torque component [$t_0$]"),
        ("gain", "energy_error", r"$[E(t) - E(t_{\mathrm{first}})]/N$ [$t_0$]"),
        ("step", "step_overlap_error", r"$1 -$ overlap with previous snapshot"),
        ("magnetization", "magnetization_error", "magnetization $|\\mathbf{m}|$ per site"),
    )
    for (_, engine, damping, n_sites), curve in frame.groupby(["ensemble", "engine", "damping", "n_sites"]):
        curve = curve.sort_values("time")
        curve = curve.assign(gain=curve.energy_per_site - curve.energy_per_site.iloc[0])
        curve = curve[curve.time > 0]
        color = looks[engine]
        look = {
            "color": color,
            "dashes": ((), (4, 1.5), (1, 1))[dampings.index(damping) % 3],
            "linewidth": 0.8 + 0.9 * sizes.index(n_sites),
        }
        for axes, (value, error, _) in zip(panels.flat, columns, strict=True):
            x, y, half = curve.time, curve[value].to_numpy(), curve[error].to_numpy()
            axes.plot(x, y, marker="." if len(curve) == 1 else "", **look)
            if value == "magnetization":  # bands of several ensembles would cover each other
                axes.plot(x, half, color=color, dashes=(1, 1), linewidth=0.7)
                continue
            low = y - half
            # A band that reaches zero has no end on a logarithmic axis.
            low = low if value == "gain" else np.where(low > 0, low, np.nan)
            style.band(axes, x, low, y + half, color, alpha=0.12)
    for axes, (value, _, words), text in zip(panels.flat, columns, "abcd", strict=True):
        axes.set(ylabel=words)
        style.logarithmic(axes, "xy" if value in ("torque_rms", "step") else "x")
        style.letter(axes, text)
    panels[1, 1].set_ylim(bottom=0)
    for axes in panels[1]:
        axes.set_xlabel(r"time $t$ [$1/(\gamma t_0)$]")
    handles = [
        Line2D([], [], linewidth=3, color=color, label=engines.words(engine)) for engine, color in looks.items()
    ]
    for k, damping in enumerate(dampings):
        words = rf"$\alpha = {damping:g}\,\gamma$"
        handles.append(Line2D([], [], color=style.GREY, dashes=((), (4, 1.5), (1, 1))[k % 3], label=words))
    for k, n_sites in enumerate(sizes):
        handles.append(Line2D([], [], color=style.GREY, linewidth=0.8 + 0.9 * k, label=f"$N = {n_sites:g}$"))
    handles.append(Line2D([], [], color=style.GREY, linewidth=0.7, dashes=(1, 1), label="standard error, (d)"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure
