"""The control: a scalar order parameter whose domains are known to grow as t^(1/2)."""

from dataclasses import dataclass

import numpy as np

from sdglass.observables.domains import Sheet
from sdglass.random_streams import generator
from sdglass.structures.lattices import lattice


@dataclass(frozen=True)
class Control:
    """Relaxation of a scalar field with two signs that is not conserved.

    d phi / dt = phi - phi^3 + Laplacian phi on the triangular lattice, without noise, from small random values:
    curvature alone moves its walls, so that L ~ t^(1/2) (S. M. Allen, J. W. Cahn, Acta Metall. 27, 1085 (1979),
    doi:10.1016/0001-6160(79)90196-2).

    Attributes
    ----------
    cells : int
        Sites along each edge.
    runs : int
    duration, time_step : float
        In units of the relaxation of the uniform field.
    """

    cells: int = 128
    runs: int = 4
    duration: float = 300.0
    time_step: float = 0.2


def control_runs(control, times, seed):
    """Return the sheet and the fields (K, U, N) at the given times, ascending."""
    structure = lattice("triangular", cells=(control.cells, control.cells))
    sheet = Sheet(structure)
    rng = generator(seed, "control")
    phi = 0.1 * rng.standard_normal((control.runs, *sheet.shape))
    taken, steps = [], [round(time / control.time_step) for time in times]
    for step in range(steps[-1] + 1):
        if step in steps:
            taken.append(phi.reshape(control.runs, -1).copy())
        around = sum(
            np.roll(phi, (sign * dy, sign * dx), axis=(-2, -1)) for dx, dy in sheet.bonds for sign in (1, -1)
        )
        # The sum over six neighbours is 3/2 a^2 times the Laplacian.
        phi = phi + control.time_step * (phi - phi**3 + (around - 6 * phi) / 1.5)
    return structure, np.array(taken)
