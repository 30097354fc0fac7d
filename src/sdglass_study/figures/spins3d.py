"""The spins of one realization before and after a quench, coloured by their local energies."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure


@figure(
    tables={"spins3d": "time site box_x box_y box_z x y z sx sy sz local_energy model:str damping"},
    title="A realization before and after a quench",
    caption=(
        "All spins of one realization that no model was trained on, in its periodic box (edges in ell, "
        "farther spins paler), (a) at random and (b) at the end of a quench. Colour is the local energy e_i = "
        "[E(S) - E(S with S_i reversed)] / 2: turning the spin over would cost -2 e_i; for pair couplings it "
        "is -S_i . H_i. Purple spins are satisfied, orange ones frustrated. (c) Distribution of the local "
        "energies at both times.[[ The directions look as random after the quench as before; the local energies "
        "do not.]]"
    ),
    chapter="method",
    order=3,
)
def draw(tables, look):
    """Draw the first and the last snapshot side by side, with the distribution of the local energies."""
    from sdglass_study.figures._scene import Scene, energy_scale

    frame = tables["spins3d"]
    times = [frame.time.min(), frame.time.max()]
    scale = energy_scale(frame.local_energy)
    page, (*boxes, side) = style.panels(3.0, 1, 3, width_ratios=(1, 1, 0.34))
    for axes, time, words in zip(boxes, times, ("before", "after"), strict=True):
        some = frame[frame.time == time].sort_values("site")
        scene = Scene(axes, some[["x", "y", "z"]], some[["box_x", "box_y", "box_z"]].iloc[0])
        scene.show(some[["sx", "sy", "sz"]], scale.to_rgba(some.local_energy)[:, :3])
        axes.set_title(rf"{words} the quench, $t = {style.clock(time)}$", pad=3)
    bar = page.colorbar(scale, ax=boxes, location="right", shrink=0.9, aspect=26, pad=0.01, extend="both")
    bar.set_label(r"local energy $e_i$ [$t_0$]")
    bar.outline.set_linewidth(0.5)
    _distribution(side, frame, times)
    return page


def _distribution(axes, frame, times):
    """Histogram of the local energies at both times, on its side."""
    low, high = frame.local_energy.min(), frame.local_energy.max()
    edges = np.linspace(low, high, 25)
    for time, line in zip(times, ({"color": style.GREY}, {"color": style.BLACK, "linewidth": 1.4}), strict=True):
        counts, _ = np.histogram(frame.local_energy[frame.time == time], edges)
        line["label"] = f"$t = {style.clock(time)}$"
        axes.stairs(counts, edges, orientation="horizontal", baseline=None, **line)
    axes.axhline(0.0, color=style.GREY, linewidth=0.6, linestyle=":")
    axes.set(xlabel="spins", xlim=(0, None))
    axes.legend(loc="upper right", handlelength=1.0, fontsize=7)
