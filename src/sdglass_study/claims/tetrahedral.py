"""Statements on the coarsening of tetrahedral order, judged by exact forces (arXiv:2403.11705, 2602.18213)."""

import numpy as np

from sdglass_study.claims import Measured, claim, grade
from sdglass_study.text import estimate, rounded

_ABOUT = {"magnet": "tetrahedral", "where": "arXiv:2403.11705"}
# Powers of time that are told apart.
LINEAR, CURVATURE = 1.0, 0.5


@claim(
    id="tetrahedral-range",
    statement="Tetrahedral order has the lowest energy at filling 1/4, and over a wider range of J than at 3/4",
    rule="reproduced if, of the four orders, it is lowest over more of the J looked at at 1/4 than at 3/4",
    target="tetrahedral_energies",
    tables="tetrahedral_energies",
    order=20.0,
    **_ABOUT,
)
def tetrahedral_range(tables):
    """The range of J in which tetrahedral order has the lowest energy."""
    frame = tables["tetrahedral_energies"]
    ranges, gaps = {}, []
    for filling in sorted(frame.filling.unique()):
        table = frame[frame.filling == filling].pivot(index="coupling", columns="order", values="energy_per_site")
        ahead = table.drop(columns="tetrahedral").min(axis=1) - table["tetrahedral"]
        ranges[filling] = _positive_range(ahead.index.to_numpy(), ahead.to_numpy())
    for filling, (low, high) in ranges.items():
        gaps.append(f"f = {filling:g}: " + (f"J from {low:.2f} to {high:.2f} t0" if high > low else "nowhere"))
    first, last = min(ranges), max(ranges)
    widths = [ranges[filling][1] - ranges[filling][0] for filling in (first, last)]
    return Measured(
        gaps,
        "between the J of the table by linear interpolation; of four orders alone; bands and diagonalization "
        "differ by "
        f"{frame.difference_to_ed.abs().max():.0e} t0 per site",
        grade(widths[0] > widths[1]),
    )


def _positive_range(x, y):
    """Return the ends of the range around the largest y in which y > 0, linearly interpolated."""
    top = int(y.argmax())
    if y[top] <= 0:
        return 0.0, 0.0
    ends = []
    for step in (-1, 1):
        k = top
        while 0 <= k + step < len(y) and y[k + step] > 0:
            k += step
        beyond = k + step
        if 0 <= beyond < len(y):
            ends.append(x[k] + (x[beyond] - x[k]) * y[k] / (y[k] - y[beyond]))
        else:
            ends.append(x[k])
    return ends[0], ends[1]


@claim(
    id="linear-growth",
    statement="Chiral domains grow linearly in time, not as the square root",
    rule=(
        "by the last fitted window of each definition of L, exact forces, on the largest lattice (domains of smaller ones "
        "fill them before the order is formed): reproduced if every interval of d ln "
        "L / d ln t holds 1 and not 1/2, not reproduced if every one holds 1/2 and not 1; depends on the "
        "analysis where definitions of L say both, on the damping where dampings do; partly if undecided"
    ),
    target="chirality_growth",
    tables="chirality_slopes",
    order=20.1,
    **_ABOUT,
)
def linear_growth(tables):
    """The power of time with which chiral domains grow."""
    frame = tables["chirality_slopes"]
    frame = frame[(frame.kind == "window") & (frame.model == "exact")]
    if frame.empty:
        return None
    said, values = {}, []
    for (ensemble, definition), rows in frame.groupby(["ensemble", "definition"], sort=False):
        row = rows.iloc[-1]
        if row.n_sites == frame.n_sites.max():
            said.setdefault((ensemble, row.damping), []).append(_power(row))
        shown = rows if ensemble == frame.ensemble.iloc[0] else rows.tail(1)
        values += [
            f"{ensemble}, {definition}, t = {row.start:g} to {row.stop:g}: {estimate(row.slope, row.low, row.high)}"
            for row in shown.itertuples()
        ]
    kinds = {kind for several in said.values() for kind in several}
    if kinds == {"linear"}:
        verdict = "reproduced"
    elif kinds == {"square root"}:
        verdict = "not reproduced"
    elif any({"linear", "square root"} <= set(several) for several in said.values()):
        verdict = "depends on the analysis"
    else:
        verdict = "depends on the damping" if {"linear", "square root"} <= kinds else "partly"
    runs = sorted(frame.runs.unique())
    reach = frame.reach.max()
    return Measured(
        values,
        f"{tables.level} intervals over {runs[0]} to {runs[-1]} runs; domains up to {reach:.2f} of the box",
        verdict,
    )


def _power(row):
    if not np.isfinite([row.low, row.high]).all():
        return "unknown"
    holds = [row.low <= power <= row.high for power in (LINEAR, CURVATURE)]
    return {(True, False): "linear", (False, True): "square root"}.get(
        tuple(holds), "either" if all(holds) else "neither"
    )


@claim(
    id="growth-control",
    statement="The same analysis finds t^(1/2) where it is known: a scalar field that is not conserved (ours)",
    rule="reproduced if 1/2 is within 0.1 of the slope by every definition of L, partly if by two of the three",
    target="chirality_growth",
    tables="chirality_slopes",
    order=20.2,
    **_ABOUT | {"where": "ours"},
)
def growth_control(tables):
    """The power of time of the control."""
    frame = tables["chirality_slopes"]
    frame = frame[(frame.ensemble == "control") & (frame.kind == "window")]
    if frame.empty:
        return None
    rows = frame.groupby("definition", sort=False).tail(1)
    values = [f"{row.definition}: {estimate(row.slope, row.low, row.high)}" for row in rows.itertuples()]
    off = np.abs(rows.slope - CURVATURE)
    return Measured(
        values,
        f"{tables.level} intervals over {rows.runs.iloc[0]} runs, t = {rows.start.iloc[0]:g} to {rows.stop.iloc[0]:g}",
        grade((off < 0.1).all(), (off < 0.1).sum() >= 2),
        note="In two dimensions the first moment of a q^-3 tail grows as log L: that definition must come out low.",
    )


@claim(
    id="wall-directions",
    statement="Domain walls have preferred directions",
    rule=(
        "reproduced if at some time of the first quench the interval of <cos 6 theta> excludes 0 and its size "
        "is above the control's; partly if only one of these"
    ),
    target="chirality_walls",
    tables="chirality_anisotropy",
    order=20.3,
    **_ABOUT,
)
def wall_directions(tables):
    """Sixfold anisotropy of the directions of walls."""
    frame = tables["chirality_anisotropy"]
    ours = frame[(frame.ensemble == frame.ensemble.iloc[0]) & (frame.model == "exact")]
    ours = ours[np.isfinite(ours.low)]
    if ours.empty:
        return None
    clear = ours[(ours.low > 0) | (ours.high < 0)]
    row = (ours if clear.empty else clear).sort_values("sixfold", key=np.abs).iloc[-1]
    control = tables.rows("chirality_anisotropy", ensemble="control").sixfold.abs().max()
    value = f"<cos 6 theta> = {rounded(row.sixfold, row.low, row.high, signed=True)[0]} at t = {row.time:g}"
    return Measured(
        [value, f"control at most {control:.3f}"],
        tables.interval(row.low, row.high) + f", {row.runs} runs",
        grade(len(clear) > 0 and abs(row.sixfold) > control, len(clear) > 0 or abs(row.sixfold) > control),
        note="Above zero normals are along bonds, below zero between them.",
    )


@claim(
    id="porod",
    statement="The structure factor of the chirality has a Porod tail, q^-3",
    rule="reproduced if the interval of the exponent at the last time holds 3; partly if it comes within 0.5",
    target="chirality_walls",
    tables="chirality_tail",
    order=20.4,
    **_ABOUT | {"where": "arXiv:2403.11705, as cited by others"},
)
def porod(tables):
    """Exponent of the tail of the structure factor of the chirality."""
    frame = tables["chirality_tail"]
    ours = frame[frame.model == "exact"]
    if ours.empty:
        return None
    row = ours[ours.ensemble == ours.ensemble.iloc[0]].sort_values("time").iloc[-1]
    ends = tables.interval(row.low, row.high) if np.isfinite([row.low, row.high]).all() else "one run: no interval"
    return Measured(
        f"{row.exponent:.2f} at t = {row.time:g}, |q| = {row.start:.2f} to {row.stop:.2f} per spacing",
        ends,
        grade(row.low <= 3 <= row.high, abs(row.exponent - 3) < 0.5),
        note="Walls a few spacings wide and domains of ten leave less than a decade of |q|.",
    )


# Range of q L / 2 pi of the collapse: beyond the peak, before spacings are seen.
COLLAPSE = 0.8, 3.0


@claim(
    id="scaling-collapse",
    statement="Structure factors of the chirality at different times are one function of q L",
    rule=(
        "rms difference of ln S(q) / L^2 from its mean over times, q L / 2 pi from 0.8 to 3, the later half of the "
        "times shown: reproduced if at most twice that of the control, partly if below 0.5"
    ),
    target="chirality_walls",
    tables="chirality_spectrum",
    order=20.45,
    **_ABOUT,
)
def scaling_collapse(tables):
    """Spread of the scaled structure factors of the chirality over times."""
    frame = tables["chirality_spectrum"]
    ours = frame[(frame.ensemble == frame.ensemble.iloc[0]) & (frame.model == "exact")]
    (spread, mean, times), (usual, control, _) = (
        _collapse(some) for some in (ours, frame[frame.ensemble == "control"])
    )
    if len(times) < 2 or not np.isfinite(usual):
        return None
    return Measured(
        [f"{spread:.2f} over t = {', '.join(f'{time:g}' for time in times)}", f"control {usual:.2f}"],
        "means over runs; rings of wave vectors of one box",
        grade(spread <= 2 * usual, spread < 0.5),
        note=f"The mean differs from the control's by {np.sqrt(np.mean((mean - control) ** 2)):.2f}, rms of its logarithm.",
    )


def _collapse(frame):
    """Return the rms spread of the scaled curves in the later half of the times, their mean, and the times."""
    x = np.log(np.linspace(*COLLAPSE, 12))
    curves = {}
    for time, rows in frame[frame.scaled_wave > 0].groupby("time"):
        rows = rows.sort_values("scaled_wave")
        if rows.scaled_wave.iloc[0] <= COLLAPSE[0] and rows.scaled_wave.iloc[-1] >= COLLAPSE[1]:
            curves[time] = np.interp(x, np.log(rows.scaled_wave), np.log(rows.scaled_spectrum))
    times = sorted(frame.time.unique())
    times = [time for time in times[len(times) // 2 :] if time in curves]
    if len(times) < 2:
        return np.nan, np.full(len(x), np.nan), times
    values = np.array([curves[time] for time in times])
    return float(np.sqrt(np.mean((values - values.mean(axis=0)) ** 2))), values.mean(axis=0), times


@claim(
    id="tetrahedral-models",
    statement="Quenches with approximate forces lead to the order of exact forces",
    rule=(
        "chirality per site at the end, relative to that of exact forces: reproduced if every model is within "
        "0.1, not reproduced if none is, partly otherwise"
    ),
    target="chirality_models",
    tables="chirality_order torque_along_quench",
    order=20.5,
    **_ABOUT,
)
def tetrahedral_models(tables):
    """Chirality at the end of quenches with approximate forces, relative to that of exact forces."""
    errors = tables["torque_along_quench"]
    name = errors.ensemble.iloc[0]
    frame = tables.rows("chirality_order", ensemble=name, quantity="local_chirality")
    ends = frame[frame.time == frame.time.max()].set_index("model").value
    ratios = ends / ends["exact"]
    values, good = [], []
    for model in (name for name in dict.fromkeys(errors.model) if name in ratios):
        mine = errors[errors.model == model].relative
        values.append(
            f"{tables.label(model)}: {ratios[model]:.2f} (torque error {100 * mine.min():.0f} to {100 * mine.max():.0f} %)"
        )
        good.append(abs(ratios[model] - 1) < 0.1)
    return Measured(
        values, f"same initial states and noise, {int(errors.runs.iloc[0])} runs", grade(all(good), any(good))
    )
