"""Lattices: square, triangular, honeycomb, kagome, cubic, bcc and fcc, and those of one's own.

Nearest neighbours are `spacing` apart on every one of them. The cell of the structure has the lattice's own
vectors, oblique or not, so that the torus keeps the lattice's symmetry.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from sdglass.errors import InputError
from sdglass.registry import Registry
from sdglass.structures import STRUCTURES
from sdglass.structures.structure import Structure

# Functions without arguments that return the vectors of the unit cell, (2, 3) of a plane or (3, 3), and its sites,
# (B, 3), in units of the distance of nearest neighbours.
LATTICES = Registry("lattice", "sdglass.structures")

_ROOT3 = np.sqrt(3.0)


@LATTICES.register("square")
def _square():
    return [[1, 0, 0], [0, 1, 0]], [[0, 0, 0]]


@LATTICES.register("triangular")
def _triangular():
    return [[1, 0, 0], [0.5, _ROOT3 / 2, 0]], [[0, 0, 0]]


@LATTICES.register("honeycomb")
def _honeycomb():
    return [[_ROOT3, 0, 0], [_ROOT3 / 2, 1.5, 0]], [[0, 0, 0], [0, 1, 0]]


@LATTICES.register("kagome")
def _kagome():
    return [[2, 0, 0], [1, _ROOT3, 0]], [[0, 0, 0], [1, 0, 0], [0.5, _ROOT3 / 2, 0]]


@LATTICES.register("cubic")
def _cubic():
    return np.eye(3), [[0, 0, 0]]


@LATTICES.register("bcc")
def _bcc():
    edge = 2 / _ROOT3
    return edge * np.eye(3), [[0, 0, 0], [edge / 2] * 3]


@LATTICES.register("fcc")
def _fcc():
    half = np.sqrt(0.5)
    return 2 * half * np.eye(3), [[0, 0, 0], [0, half, half], [half, 0, half], [half, half, 0]]


def lattice(name, cells, spacing=1.0, occupancy=1.0, seed=0):
    """Return a lattice as a periodic structure.

    Parameters
    ----------
    name : str
        ``"square"``, ``"triangular"``, ``"honeycomb"`` (2 sites per cell), ``"kagome"`` (3), ``"cubic"``,
        ``"bcc"`` (2, in the cube) or ``"fcc"`` (4, in the cube); `LATTICES` has all of them.
    cells : tuple of int
        Unit cells along the two vectors of a plane, or the three of a solid; one number for the same along all.
    spacing : float
        Distance of nearest neighbours [ell].
    occupancy : float
        Share of the sites that carry a moment, see `Structure.dilute`.
    seed : int
        Keys which ones do.

    Returns
    -------
    Structure
        Site ``b + B (x + nx (y + ny z))`` is site b of cell (x, y, z). A plane lies at z = 0 and repeats in it
        alone.

    Raises
    ------
    InputError
        If the lattice is unknown, or a number is not positive.

    Examples
    --------
    >>> import sdglass
    >>> sdglass.lattice("triangular", cells=(24, 24)).n_sites
    576
    """
    return Lattice(name, cells, spacing, occupancy, seed).make()


@STRUCTURES.register("lattice")
@dataclass(frozen=True)
class Lattice:
    """A lattice, see `lattice`."""

    lattice: str
    cells: tuple
    spacing: float = 1.0
    occupancy: float = 1.0
    seed: int = 0

    def __post_init__(self):
        vectors = np.asarray(LATTICES[self.lattice]()[0])
        try:
            cells = np.broadcast_to(np.array(self.cells), len(vectors))
            good = (cells == cells.astype(int)).all() and (cells >= 1).all()
        except (TypeError, ValueError):
            good = False
        if not good:
            raise InputError(
                f"{self.lattice} lattice: cells = {self.cells}; expected {len(vectors)} positive integers"
            )
        if not 0 < self.spacing < np.inf:
            raise InputError(f"{self.lattice} lattice: spacing = {self.spacing}; expected a positive length [ell]")
        object.__setattr__(self, "cells", tuple(int(n) for n in cells))

    @property
    def n_sites(self):
        """Number of sites N."""
        return prod(self.cells) * len(LATTICES[self.lattice]()[1])

    def make(self, rng=None):
        """Return the structure; only which sites carry a moment may be random, keyed by `seed`."""
        vectors, basis = (np.asarray(part, dtype=float) for part in LATTICES[self.lattice]())
        index = np.stack(np.unravel_index(np.arange(prod(self.cells)), self.cells[::-1])[::-1], axis=1)
        positions = ((index @ vectors)[:, None] + basis).reshape(-1, 3) * self.spacing
        cell = np.zeros((3, 3))
        cell[: len(vectors)] = np.array(self.cells)[:, None] * vectors * self.spacing
        flat = len(vectors) == 2
        if flat:
            cell[2, 2] = np.linalg.norm(cell[:2], axis=1).max()  # of no consequence
        structure = Structure(positions, cell, pbc=[True, True, not flat])
        return structure if self.occupancy == 1.0 else structure.dilute(self.occupancy, self.seed)


def square_lattice(nx, ny=None, spacing=1.0):
    """Return the square `lattice` of nx x ny sites; site index = x + nx y."""
    return lattice("square", (nx, nx if ny is None else ny), spacing)
