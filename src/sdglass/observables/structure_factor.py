"""The static structure factor of spins, on the wave vectors that fit into the cell."""

from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from sdglass.observables import SERIES
from sdglass.observables.series import Series
from sdglass.observables.special_points import wave_path

_PHASES = 2**20  # as many at a time, 16 MB
_LABEL = "structure factor S(q)"


def commensurate_grid(structure, counts=None):
    """Return integers (Q, 3) and wave vectors (Q, 3) [1 / ell] that are periodic in the cell.

    Parameters
    ----------
    structure : Structure
    counts : sequence of int, optional
        Wave vectors along each reciprocal vector of the cell, around zero. By default the length of the cell's
        vector in units of the shortest distance, one where it does not repeat: of a Bravais lattice with primitive
        vectors of equal length, its Brillouin zone's N wave vectors.

    Examples
    --------
    >>> import sdglass
    >>> integers, waves = sdglass.commensurate_grid(sdglass.lattice("triangular", cells=(6, 6)))
    >>> waves.shape
    (36, 3)
    """
    counts = _counts(structure) if counts is None else counts
    axes = [np.arange(int(n)) - int(n) // 2 for n in counts]
    integers = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return integers, 2 * np.pi * integers @ np.linalg.inv(structure.cell).T


def _counts(structure):
    moments = structure.moments
    lengths = np.linalg.norm(moments.cell, axis=1)
    shortest = lengths.min()
    if moments.n_sites > 1:
        shortest = cKDTree(moments.positions).query(moments.positions, 2)[0][:, 1].min()
    return np.where(moments.pbc, np.maximum(np.rint(lengths / shortest), 1), 1).astype(int)


def zone(structure):
    """Return the wave vectors (Q, 3) [1 / ell] around zero that `commensurate_grid` stands for.

    Of each of them and its images, as many reciprocal vectors away as the grid has along them, the one closest to
    zero, or all of those that are equally close: it is symmetric. Of a Bravais lattice with primitive vectors of
    equal length it is the Brillouin zone with its whole boundary.

    Examples
    --------
    >>> import sdglass
    >>> from sdglass.observables.structure_factor import zone
    >>> zone(sdglass.lattice("square", cells=(4, 4))).shape  # -2 ... 2 along both axes
    (25, 3)
    """
    _, waves = commensurate_grid(structure)
    reciprocal = 2 * np.pi * np.linalg.inv(structure.cell).T
    periods = (_counts(structure) * structure.pbc)[:, None] * reciprocal
    turns = np.array(list(product(*((-1, 0, 1) if periodic else (0,) for periodic in structure.pbc))))
    images = waves[:, None] + turns @ periods
    length = np.linalg.norm(images, axis=2)
    least = np.linalg.norm(reciprocal, axis=1).min()
    return images[length <= length.min(axis=1, keepdims=True) + 1e-6 * least]


def structure_factor(structure, spins, waves):
    """Return S(q) = |sum_i S_i exp(-i q . r_i)|^2 / M, shape (..., Q).

    Its mean over the M wave vectors of a Bravais lattice's zone is 1. A ferromagnet has S(0) = M, a spiral M / 2
    at +q and at -q. It is the lattice sum of magnetic neutron scattering without form and polarization factors.

    Parameters
    ----------
    structure : Structure
    spins : array_like, shape (..., M, 3)
    waves : numpy.ndarray, shape (Q, 3)
        Of `commensurate_grid` [1 / ell]; others see the edges of the cell.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> magnet = sdglass.lattice("square", cells=(4, 4))
    >>> _, waves = sdglass.commensurate_grid(magnet)
    >>> found = sdglass.structure_factor(magnet, np.tile([0.0, 0.0, 1.0], (16, 1)), waves)
    >>> print(round(found.max(), 6), round(found.sum(), 6))
    16.0 16.0
    """
    positions, spins = structure.moments.positions, np.asarray(spins, dtype=float)
    found = np.empty((*spins.shape[:-2], len(waves)))
    rows = max(1, _PHASES // len(positions))
    for start in range(0, len(waves), rows):
        found[..., start : start + rows] = _intensity(_phases(positions, waves[start : start + rows]), spins)
    return found


def _phases(positions, waves):
    return np.exp(-1j * waves @ positions.T)


def _intensity(phases, spins):
    return (np.abs(phases @ spins) ** 2).sum(axis=-1) / phases.shape[1]


@SERIES.register("structure-factor")
def series(structure, times, path=None):
    """Return S(q) at the wave vectors of a `zone`, or on a path between special points, see `wave_path`."""
    coordinates = {}
    if path is None:
        waves = zone(structure)
    else:
        waves, along, labels = wave_path(structure, path)
        coordinates = {"path": along, "point": labels}
    coordinates |= {f"q_{axis}": waves[:, a] for a, axis in enumerate("xyz")}
    positions = structure.moments.positions
    if len(waves) * len(positions) <= _PHASES:  # the same for every snapshot
        phases = _phases(positions, waves)
        return Series(lambda snapshot: _intensity(phases, snapshot.spins), "wave", coordinates, _LABEL)
    return Series(lambda snapshot: structure_factor(structure, snapshot.spins, waves), "wave", coordinates, _LABEL)
