"""Coupling of two spins at half filling, solved exactly: t^2 / (2 J), where the paper prints t^2 / J.

The pair coupling is the coefficient of S_1 . S_2, (E(parallel) - E(antiparallel)) / 2; it
equals sqrt(J^2 + t^2) - max(J, t). The paper's t^2 / J is the energy difference itself.
Two electrons are put on the two sites, whatever the filling; the electrons' J is always among the couplings.
"""

from dataclasses import dataclass, replace

import numpy as np

from sdglass.electrons.diagonalization import solve
from sdglass.electrons.perturbation import strong_coupling
from sdglass.electrons.sd_model import hopping_among
from sdglass.errors import InputError
from sdglass.structures.structure import Structure
from sdglass_study.analysis import analysis, data_frame

PARALLEL = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
ANTIPARALLEL = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])


@dataclass(frozen=True)
class TwoSite:
    """Which pairs are solved."""

    couplings: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 6.0, 10.0, 20.0, 50.0)  # J [t0]
    distances: tuple[float, ...] = (0.5, 1.0, 1.5, 2.0, 2.5)  # [ell]


@analysis("two_site", TwoSite)
def two_site(settings, inputs, electrons):
    """Return the pair coupling beside t^2 / (2 J) and t^2 / J, for every J and distance."""
    electrons = replace(electrons, filling=0.5)
    rows = []
    for coupling in sorted({*settings.couplings, electrons.coupling}):
        if not coupling > 0:
            raise InputError(f"coupling = {coupling}; expected J > 0 [t0]")
        for distance in settings.distances:
            matrix = pair(distance, electrons.hopping)
            if matrix[0, 1] == 0.0:
                raise InputError(f"distance = {distance}: no hopping there; expected a distance within its range")
            value = pair_coupling(matrix, replace(electrons, coupling=coupling))
            half = strong_coupling(matrix, coupling)[0, 1]
            row = {"coupling": coupling, "distance": distance, "hopping": matrix[0, 1], "pair_coupling": value}
            rows.append(
                row | {"t2_over_2J": half, "t2_over_J": 2 * half, "ratio_to_t2_over_J": value / (2 * half)}
            )
    return {"two_site": data_frame(rows)}


def pair(distance, hopping):
    """Return the (2, 2) hopping matrix [t0] of two sites in a box where no image matters."""
    edge = 10 * max(distance, hopping.range if np.isfinite(hopping.range) else 0.0)
    return hopping_among(Structure([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]], edge), hopping)


def pair_coupling(matrix, model):
    """Return (F(parallel) - F(antiparallel)) / 2 [t0] of two sites."""
    parallel, antiparallel = (solve(matrix, spins, model).free_energy for spins in (PARALLEL, ANTIPARALLEL))
    return 0.5 * (parallel - antiparallel)
