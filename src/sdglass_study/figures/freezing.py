"""Freezing of a quench: torque, energy, step between snapshots, magnetization.

The step is shown only between snapshots whose times have the ratio 10^0.1 of the grid: early times are rounded
to whole time steps and the last one is the end of the run, and a longer or shorter interval changes more or less.
"""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

# Decades between the snapshots of the logarithmic grid, and how far an interval may be off.
_DECADES, _TOLERANCE = 0.1, 0.02
_DASHES = ((), (4, 1.5), (1, 1))


def on_grid(frame):
    """Return which rows of the table follow the snapshot before them by one step of the logarithmic grid."""
    return (np.log10(frame.ratio.where(frame.ratio > 0)) - _DECADES).abs() < _TOLERANCE


@figure(
    tables={
        "freezing": (
            "ensemble:str model:str damping n_sites time torque_rms torque_rms_error energy_per_site "
            "energy_error step_overlap step_overlap_error magnetization magnetization_error ratio"
        )
    },
    title="Does the system freeze? Torque, energy, and how far the spins still turn",
    caption=(
        "(a) Rms torque, (b) energy gained since the first snapshot, (c) one minus the overlap of the spins "
        "with those of the previous snapshot, and (d) magnetization, for every ensemble; bands: standard "
        "errors. [[The torque shrinks and the energy levels off (a, b), as in a system that freezes; "
        "whether||Whether]] the spins stand still is seen in (c) alone. Its snapshots are 0.1 decades "
        "apart; those with another ratio of times (early ones, rounded to time steps, and the end of a run) "
        "are left out there. In a system that stands still (c) falls to zero; where it stays flat, ever "
        "longer intervals bring equal changes, and where it rises, larger ones. The magnetization is the "
        "norm of the mean spin over all replicas; without a net moment it is about as large as its "
        "standard error (dotted)."
    ),
    chapter="dynamics",
    order=4,
)
def draw(tables, look):
    """Draw the four quantities against time for every ensemble."""
    frame = tables["freezing"]
    frame = frame.assign(step=(1.0 - frame.step_overlap).where(on_grid(frame)))
    page, panels = style.panels(5.2, 2, 2, sharex=True)
    models = look.order(frame.model)
    dampings, sizes = sorted(frame.damping.unique(), reverse=True), sorted(frame.n_sites.unique())
    columns = (
        ("torque_rms", "torque_rms_error", r"rms torque component [$t_0$]"),
        ("gain", "energy_error", r"$[E(t) - E(t_{\mathrm{first}})]/N$ [$t_0$]"),
        ("step", "step_overlap_error", r"$1 -$ overlap with previous snapshot"),
        ("magnetization", "magnetization_error", "magnetization $|\\mathbf{m}|$ per site"),
    )
    for (_, model, damping, n_sites), curve in frame.groupby(["ensemble", "model", "damping", "n_sites"]):
        curve = curve.sort_values("time")
        curve = curve.assign(gain=curve.energy_per_site - curve.energy_per_site.iloc[0])
        curve = curve[curve.time > 0]
        color = look.color(model)
        line = {"color": color, "dashes": _DASHES[dampings.index(damping) % 3]}
        line["linewidth"] = 0.8 + 0.9 * sizes.index(n_sites)
        for axes, (value, error, _) in zip(panels.flat, columns, strict=True):
            x, y, half = curve.time, curve[value].to_numpy(), curve[error].to_numpy()
            axes.plot(x, y, marker="." if len(curve) == 1 else "", **line)
            if value == "magnetization":  # bands of several ensembles would cover each other
                axes.plot(x, half, color=color, dashes=(1, 1), linewidth=0.7)
            else:  # a band that reaches zero has no end on a logarithmic axis
                low = np.where((y > half) | (value == "gain"), y - half, np.nan)
                style.band(axes, x, low, y + half, color, alpha=0.12)
    for axes, (value, _, words) in zip(panels.flat, columns, strict=True):
        axes.set(ylabel=words)
        style.logarithmic(axes, "xy" if value in ("torque_rms", "step") else "x")
    panels[1, 1].set_ylim(bottom=0)
    for axes in panels[1]:
        axes.set_xlabel(r"time $t$ [$1/(\gamma t_0)$]")
    handles = [style.line(linewidth=3, color=look.color(model), label=look.label(model)) for model in models]
    for k, damping in enumerate(dampings):
        words = rf"$\alpha = {damping:g}\,\gamma$"
        handles.append(style.line(color=style.GREY, dashes=_DASHES[k % 3], label=words))
    for k, n_sites in enumerate(sizes):
        handles.append(style.line(color=style.GREY, linewidth=0.8 + 0.9 * k, label=f"$N = {n_sites:g}$"))
    handles.append(style.line(color=style.GREY, linewidth=0.7, dashes=(1, 1), label="standard error, (d)"))
    style.legend_below(page, handles)
    return page
