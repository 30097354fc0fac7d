"""Statements on force fields of lattices: descriptors, quoted errors, speed (arXiv:2602.18213)."""

import numpy as np

from sdglass_study.analysis.lattice_force_fields import SOLVERS
from sdglass_study.claims import Measured, claim, grade
from sdglass_study.text import estimate

_ABOUT = {"magnet": "lattice", "where": "arXiv:2602.18213", "tables": "lattice_force_fields"}
_ABOUT |= {"target": "lattice_force_fields"}
QUOTED = 1e-3  # error of a torque's component [t0]
FACTOR = 1000.0  # of the speed


@claim(
    id="irreps-descriptors",
    statement="Descriptors by irreducible representations beat raw variables at equal cutoff and data",
    rule=(
        "torque error of one network with either, in each state, with chiralities and without: reproduced if it "
        "is lower by irreps in all, partly if in some"
    ),
    order=40.0,
    **_ABOUT,
)
def irreps_descriptors(tables):
    """Torque errors of a network with irreducible representations and with raw variables."""
    frame = tables["lattice_force_fields"]
    frame = frame[frame.symmetry.isin(["raw", "irreps"])]
    if frame.empty:
        return None
    values, won, broken = [], [], []
    for (chirality, state), rows in frame.groupby(["chirality", "state"], sort=False):
        of = {row.symmetry: row for row in rows.itertuples()}
        if len(of) < 2:
            continue
        won.append(of["irreps"].relative < of["raw"].relative)
        words = "bonds and chiralities" if chirality in (True, "True") else "bonds"
        texts = (estimate(row.relative, row.low, row.high) for row in (of["irreps"], of["raw"]))
        values.append(f"{words}, {state}: {' against '.join(texts)}")
    for symmetry, rows in frame.groupby("symmetry", sort=False):
        broken.append(
            f"{symmetry}: {100 * rows.rotation.max():.2g} % by a rotation, {100 * rows.time_reversal.max():.2g} % by "
            "reversed spins"
        )
    return Measured(
        values,
        f"{tables.level} intervals over {frame.configurations.min()} to {frame.configurations.max()} states",
        grade(all(won), any(won)),
        note=f"Torques change, at most: {'; '.join(broken)}.",
    )


@claim(
    id="quoted-errors",
    statement="A quoted error of 0.001 t0 is a small one",
    rule="0.001 t0 over the rms torque: reproduced if below 5 % in every state, partly if of random spins",
    order=40.1,
    note="Of these two magnets no quoted error could be read; 0.001 is that of the glass in the same review.",
    **_ABOUT,
)
def quoted_errors(tables):
    """An error of 0.001 t0 as a share of the rms torque."""
    frame = tables["lattice_force_fields"]
    frame = frame[frame.model != SOLVERS[0]].drop_duplicates("state").set_index("state")
    shares = QUOTED / frame.torque_rms
    return Measured(
        [f"{state}: {100 * share:.2g} %" for state, share in shares.items()],
        f"{int(frame.configurations.min())} to {int(frame.configurations.max())} states of {frame.n_sites.iloc[0]:g} spins",
        grade((shares < 0.05).all(), shares.get("random", np.inf) < 0.05),
    )


@claim(
    id="speed-up",
    statement="Force fields are a thousand times faster than exact diagonalization",
    rule=(
        "time of diagonalization over that of a field: reproduced if it is 1000 with a torque error below 10 % in "
        "every state, partly if with one below 50 %"
    ),
    order=40.2,
    note="Said second hand of 50 x 50 spins: 20 hours against 5 minutes, which is 240.",
    **_ABOUT,
)
def speed_up(tables):
    """How much faster a field is than by exact diagonalization, and how wrong."""
    frame = tables["lattice_force_fields"]
    most = frame.groupby("model", sort=False).relative.max()
    factors = frame.seconds[frame.model == SOLVERS[0]].iloc[0] / frame.groupby("model", sort=False).seconds.first()
    values = [f"Green's functions: {factors[SOLVERS[1]]:.2g} (exact)"]
    values += [
        f"{tables.label(name)}: {factor:.2g} (torque error up to {100 * most[name]:.2g} %)"
        for name, factor in factors.items()
        if name not in SOLVERS
    ]
    quick = factors >= FACTOR
    return Measured(
        values,
        f"{frame.n_sites.iloc[0]:g} spins, one core, the shortest of up to five times",
        grade((quick & (most < 0.1)).any(), (quick & (most < 0.5)).any()),
    )
