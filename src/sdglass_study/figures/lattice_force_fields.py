"""Errors and times of the force fields of a lattice, and the descriptors of one network."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

STATES = {"random": "white", "quenched": style.PALE, "late": None}  # and how their symbols are filled
VARIANTS = {("raw", False): "raw bonds", ("raw", True): "raw, chiralities"}
VARIANTS |= {("irreps", False): "irreps of bonds", ("irreps", True): "irreps, chiralities"}


@figure(
    tables={
        "lattice_force_fields": "model:str symmetry:str chirality:str n_sites seconds time_reversal rotation "
        "state:str relative low high"
    },
    title="Force fields of the lattice: error, time, descriptors",
    caption=(
        "On a lattice that nothing was fitted to. (a) Torque error over rms torque against the processor's time "
        "for a field, of random spins (open), early (grey) and late ones (filled) in a quench; lines: the times "
        "of exact solvers. (b) One network with four descriptors: torque errors in the same states, with "
        "intervals over configurations, and how much of the torque changes when the lattice is turned (+) or all "
        "spins are reversed (x), none of it by exact forces."
    ),
    chapter="models",
    order=1,
)
def draw(tables, look):
    """Draw errors against times, and of networks by descriptor."""
    frame = tables["lattice_force_fields"]
    exact = {"diagonalization": ("diagonalization", "-"), "greens-function": ("Green's functions", (0, (4, 2)))}
    page, (left, right) = style.panels(3.6, 1, 2)
    for model in look.order(frame.model[~frame.model.isin(exact)]):
        some, line = frame[frame.model == model], look.line(model)
        left.plot([], [], linestyle="none", label=look.label(model), **line)
        for row in some.itertuples():
            left.plot(
                1e6 * row.seconds / row.n_sites, row.relative, linestyle="none", **line,
                markerfacecolor=STATES[row.state] or line["color"],
            )  # fmt: skip
    for model, (words, dashes) in exact.items():
        some = frame[frame.model == model]
        where = 1e6 * some.seconds.iloc[0] / some.n_sites.iloc[0]
        left.axvline(where, color=style.BLACK, linewidth=0.8, linestyle=dashes, label=words)
    left.set(xlabel="time per spin [µs]", ylabel="torque error / rms torque")
    style.logarithmic(left)
    networks = frame[frame.symmetry.isin(["raw", "irreps"])]
    places = {key: k for k, key in enumerate(VARIANTS)}
    for row in networks.itertuples():
        x = places[row.symmetry, str(row.chirality) == "True"]
        shift = 0.18 * (list(STATES).index(row.state) - 1)
        right.plot(
            [x + shift] * 2, [row.low, row.high] if np.isfinite(row.low) else [row.relative] * 2,
            color=style.BLUE, linewidth=0.8,
        )  # fmt: skip
        right.plot(x + shift, row.relative, "o", color=style.BLUE, markerfacecolor=STATES[row.state] or style.BLUE)
        right.plot(x - 0.05, row.rotation, "+", color=style.VERMILLION, markersize=5)
        right.plot(x + 0.05, row.time_reversal, "x", color=style.GREEN, markersize=4)
    right.axhline(0.0, color=style.GREY, linewidth=0.6)
    top = np.nanmax(networks[["high", "relative", "rotation", "time_reversal"]].to_numpy(float), initial=0.5)
    right.set_ylim(-0.05 * top, 1.4 * top)
    right.set_xticks(range(len(VARIANTS)), VARIANTS.values(), rotation=20, ha="right")
    right.set_xlim(-0.6, len(VARIANTS) - 0.4)
    right.set_ylabel("share of the rms torque")
    for words, options in {
        "error, random": {"marker": "o", "color": style.BLUE, "markerfacecolor": "white"},
        "error, early": {"marker": "o", "color": style.BLUE, "markerfacecolor": style.PALE},
        "error, late": {"marker": "o", "color": style.BLUE},
        "by a rotation": {"marker": "+", "color": style.VERMILLION},
        "by reversed spins": {"marker": "x", "color": style.GREEN},
    }.items():
        right.plot([], [], linestyle="none", label=words, **options)
    right.legend(fontsize=7, ncols=2, loc="upper center", frameon=True, framealpha=0.9, edgecolor="none")
    style.legend_below(page, left.get_legend_handles_labels()[0], ncols=3)
    return page
