"""Square lattices."""

from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.structures import STRUCTURES
from sdglass.structures.structure import Structure


def square_lattice(nx, ny=None, spacing=1.0):
    """Return an nx x ny square lattice in the plane z = 0; site index = x + nx * y.

    The box has the lattice's own period in x and y; its height is of no consequence.
    """
    ny = nx if ny is None else ny
    y, x = np.divmod(np.arange(nx * ny), nx)
    positions = np.stack([x, y, np.zeros_like(x)], axis=1) * spacing
    height = max(nx, ny) if nx * ny > 1 else 1000  # a single site does not show that it is a plane
    return Structure(positions, np.array([nx, ny, height]) * spacing)


@STRUCTURES.register("square")
@dataclass(frozen=True)
class Square:
    """A square lattice of `nx` x `ny` sites, see `square_lattice`.

    Parameters
    ----------
    nx, ny : int
        Sites along x and y; `ny` = `nx` by default.
    spacing : float
        Lattice constant [ell].

    Raises
    ------
    InputError
        If a number of sites or the spacing is not positive.
    """

    nx: int
    ny: int | None = None
    spacing: float = 1.0

    def __post_init__(self):
        if self.ny is None:
            object.__setattr__(self, "ny", self.nx)
        if min(self.nx, self.ny) < 1 or not 0 < self.spacing < np.inf:
            raise InputError(
                f"square lattice: nx = {self.nx}, ny = {self.ny}, spacing = {self.spacing}; "
                "expected positive numbers"
            )

    def make(self, rng=None):
        """Return the lattice; nothing about it is random."""
        return square_lattice(self.nx, self.ny, self.spacing)
