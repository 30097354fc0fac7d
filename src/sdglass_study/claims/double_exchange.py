"""Statements on arrested phase separation, judged by exact forces (arXiv:2105.08221, 2006.04205, 2602.18213)."""

import numpy as np

from sdglass_study.claims import Measured, claim, grade
from sdglass_study.text import estimate

_ABOUT = {"magnet": "double_exchange", "where": "arXiv:2105.08221"}
# A slope d ln L / d ln t below this is no growth: L changes by a factor of 1.12 in a decade.
STILL = 0.05


@claim(
    id="public-fields",
    statement="Exact diagonalization gives the public fields of the 30 x 30 lattice",
    rule="reproduced if the torques of every configuration agree to 1e-3 of their rms, up to a factor; partly if of most",
    target="public_quench.csv",
    tables="public_quench",
    order=30.0,
    **_ABOUT,
)
def public_fields(tables):
    """Largest relative difference of the torques to public ones."""
    rows = tables.rows("public_quench", source="public")
    worst, middle = rows.relative_difference.max(), rows.relative_difference.median()
    return Measured(
        f"{middle:.1e} of the rms torque, {worst:.1e} in the worst",
        f"{len(rows)} configurations; factor from {rows.factor.min():.4g} to {rows.factor.max():.4g}",
        grade(worst < 1e-3, middle < 1e-3),
        note="Random spins leave no gap, and there it matters how the levels at mu are filled; ordered ones have one.",
    )


@claim(
    id="public-damping",
    statement="The public quench has damping 0.05 and a time step of 0.025",
    rule="reproduced if the energy balance of early snapshots gives alpha dt within 10 % of 0.00125",
    target="public_damping.csv",
    tables="public_damping",
    order=30.1,
    **_ABOUT,
)
def public_damping(tables):
    """alpha dt of the public quench by its energy balance."""
    frame = tables["public_damping"]
    early = frame[frame.energy_loss > 0.1 * frame.energy_loss.max()].damping_time_step
    middle = float(early.median())
    return Measured(
        f"alpha dt = {middle:.5f} per step",
        f"{len(early)} pairs of snapshots, from {early.min():.5f} to {early.max():.5f}; the heat of the bath is left out",
        grade(abs(middle / 0.00125 - 1) < 0.1, abs(middle / 0.00125 - 1) < 0.2),
        note="The balance knows the product alone.",
    )


@claim(
    id="public-temperature",
    statement="The spins of the public quench are at T = 0.001 when it is over",
    rule=(
        "temperature by equipartition, mean over the second half of the quench: reproduced if within 10 % of 0.001, "
        "partly if within 30 %"
    ),
    target="public_quench.csv",
    tables="public_quench",
    order=30.15,
    **_ABOUT,
)
def public_temperature(tables):
    """Temperature of the spins late in the public quench [t0]."""
    frame = tables.rows("public_quench", source="public", kind="quench")
    late = frame[frame.step > 0.5 * frame.step.max()].spin_temperature
    if late.empty:
        return None
    mean, error = float(late.mean()), float(late.std() / len(late) ** 0.5) if len(late) > 1 else np.inf
    return Measured(
        f"{1e3 * mean:.3f} 1e-3 t0",
        f"{1e3 * error:.3f} 1e-3 t0, standard error over {len(late)} configurations",
        grade(abs(mean / 1e-3 - 1) < 0.1, abs(mean / 1e-3 - 1) < 0.3),
        note="It would be higher if the time step were too large, and is that of the fastest motion.",
    )


@claim(
    id="frozen-state",
    statement="The published frozen state of 100 x 100 spins is stationary under exact forces",
    rule="reproduced if its rms torque is within 1.5 times that at the end of the exact public quench",
    target="public_quench.csv",
    tables="public_quench",
    order=30.2,
    **_ABOUT | {"where": "arXiv:2105.08221, Fig. on the arrest"},
)
def frozen_state(tables):
    """Rms exact torque of the state that is said to be frozen."""
    frame = tables["public_quench"]
    frozen, quench = frame[frame.source == "frozen"], frame[frame.kind == "quench"]
    if frozen.empty or quench.empty:
        return None
    end = quench.sort_values("step").torque_rms.iloc[-1]
    torque = frozen.torque_rms.iloc[0]
    return Measured(
        f"{torque:.4f} t0, {torque / end:.1f} times that at the end of the exact quench",
        f"one state of {int(frozen.n_sites.iloc[0])} spins",
        grade(torque < 1.5 * end),
    )


@claim(
    id="exact-correlations",
    statement="Approximate forces reproduce the correlation functions of exact dynamics",
    rule=(
        "rms difference of C(r, t), largest over time: reproduced if of some fitted force field it is below "
        "0.02 or twice the chance scatter of exact runs, partly if below 0.1"
    ),
    target="double_exchange_models",
    tables="double_exchange_difference torque_along_quench",
    order=30.3,
    **_ABOUT,
)
def exact_correlations(tables):
    """Rms difference of C(r, t) to exact forces."""
    frame, errors = tables["double_exchange_difference"], tables["torque_along_quench"]
    if frame.empty:
        return None
    values, best, chance = [], np.inf, 0.0
    for model in dict.fromkeys(frame.model):
        rows = frame[frame.model == model]
        row = rows.loc[rows.difference.idxmax()]
        mine = errors[errors.model == model].relative
        values.append(
            f"{tables.label(model)}: {row.difference:.3f} at t = {row.time:g} "
            f"(torque error {100 * mine.min():.0f} to {100 * mine.max():.0f} %)"
        )
        if row.difference < best:
            best, chance = row.difference, row.scatter
    limit = max(0.02, 2 * chance) if np.isfinite(chance) else 0.02
    return Measured(
        values,
        f"means over {int(frame.runs.iloc[0])} runs, which by chance differ by {chance:.3f}",
        grade(best < limit, best < 0.1),
    )


@claim(
    id="phase-separation-arrest",
    statement="Phase separation arrests: clusters of holes stop growing, with exact forces and with other dampings",
    rule=(
        "d ln / d ln t of the holes per cluster in the last window of each quench at the study's J and T: "
        "reproduced if every interval is below 0.05 or holds 0 and stays below 0.2; not reproduced if every one "
        "lies above 0.05; depends on the damping where dampings differ; partly otherwise"
    ),
    target="hole_clusters",
    tables="hole_slopes hole_clusters",
    order=30.4,
    **_ABOUT | {"where": "arXiv:2105.08221 (PRL 127, 146401)"},
)
def arrest(tables):
    """Growth of the holes per cluster late in quenches with exact forces."""
    frame = tables["hole_slopes"]
    frame = frame[frame.kind == "window"]
    if frame.empty:
        return None
    first = frame.iloc[0]
    frame = frame[(frame.coupling == first.coupling) & (frame.temperature == first.temperature)]
    said, values = {}, []
    threshold = tables["hole_clusters"].threshold.iloc[0]  # the others are in the figure
    for ensemble, rows in frame.groupby("ensemble", sort=False):
        row = rows.iloc[-1]
        said[ensemble] = row.damping, _still(row)
        end = tables.rows(
            "hole_clusters", ensemble=ensemble, quantity="holes per cluster", threshold=threshold
        ).iloc[-1]
        values.append(
            f"{ensemble} (alpha = {row.damping:g}, N = {row.n_sites:g}), t = {row.start:g} to {row.stop:g}: "
            f"{estimate(row.slope, row.low, row.high)}, {end.value:.1f} holes per cluster"
        )
    kinds = {kind for _, kind in said.values()}
    if kinds == {"still"}:
        verdict = "reproduced"
    elif kinds == {"growing"}:
        verdict = "not reproduced"
    else:
        dampings = [{kind for damping, kind in said.values() if damping == one} for one, _ in said.values()]
        verdict = (
            "depends on the damping"
            if {"still", "growing"} <= kinds and all(len(k) == 1 for k in dampings)
            else "partly"
        )
    runs = sorted(frame.runs.unique())
    return Measured(
        values,
        f"{tables.level} intervals over {runs[0]} to {runs[-1]} runs; one threshold of three",
        verdict,
        note="A cluster is a set of sites with more than the threshold of holes: ours. Growth slower than a logarithm's "
        "cannot be told from none in these times.",
    )


def _still(row):
    if not np.isfinite([row.low, row.high]).all():
        return "unknown"
    if row.high < STILL or (row.low <= 0 and row.high < 0.2):
        return "still"
    return "growing" if row.low > STILL else "unknown"


@claim(
    id="holes-stay",
    statement="Holes do not move where antiferromagnetic order is developed",
    rule=(
        "overlap of the holes' density with that at the next time, at the study's J and T: reproduced if it is "
        "above 0.9 in every snapshot with an alternation above 0.7, and below it in some with one below 0.4; "
        "partly if one of the two"
    ),
    target="hole_clusters",
    tables="hole_motion",
    order=30.5,
    **_ABOUT,
)
def holes_stay(tables):
    """Overlap of the density of the holes at two times, with and without alternating spins."""
    frame = tables["hole_motion"]
    first = frame.iloc[0]
    frame = frame[(frame.coupling == first.coupling) & (frame.temperature == first.temperature)]
    late, early = frame[frame.alternation > 0.7], frame[frame.alternation < 0.4]
    if late.empty or early.empty:
        return None
    least = late.loc[late.overlap.idxmin()]
    stay, move = least.overlap > 0.9, early.overlap.min() < 0.9
    return Measured(
        [
            f"least {least.overlap:.2f} and mean {late.overlap.mean():.2f} with alternation above 0.7",
            f"mean {early.overlap.mean():.2f} below 0.4",
        ],
        f"{tables.interval(least.low, least.high)} at the least, from t = {least.time:g} to {least.later:g}",
        grade(stay and move, stay or move),
        note="Times are spaced in their logarithm: a later pair is farther apart.",
    )


@claim(
    id="droplet-energy",
    statement="One ferromagnetic droplet has a lower energy than separate polarons",
    rule="reproduced if the minimised droplet is below the lowest minimised state of polarons by more than T per hole",
    target="double_exchange_energies",
    tables="double_exchange_energies",
    order=30.6,
    **_ABOUT | {"where": "arXiv:2105.08221; against it cond-mat/0312394"},
)
def droplet(tables):
    """Energy per hole that a droplet gains over separate polarons."""
    frame = tables.rows("double_exchange_energies", kind="minimised")
    polarons = frame[frame.state.str.endswith("polarons")]
    other = polarons.loc[polarons.energy_per_site.idxmin()]
    row = frame[frame.state == "droplet"].iloc[0]
    won = (other.energy_per_site - row.energy_per_site) * row.n_sites / row.holes
    return Measured(
        f"{won:+.3f} t0 per hole",
        f"{row.holes:g} holes on {int(row.n_sites)} sites, one size of droplet against {other.state}; rms torque left "
        f"{row.torque_rms:.0e} and {other.torque_rms:.0e} t0",
        grade(won > 1e-3),
    )
