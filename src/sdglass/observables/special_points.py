"""The unit cell of a lattice, and wave vectors along lines between the special points of its Brillouin zone."""

from itertools import pairwise
from math import gcd

import numpy as np
from scipy.spatial import cKDTree

from sdglass.errors import InputError

# Users round coordinates to five digits.
_CLOSE = 1e-5  # of two places in units of the cell
_ALIKE = 1e-4  # of two lengths
# In units of the reciprocal vectors of the unit cell; for bcc and fcc that is the cube.
_POINTS = {
    "chain": {"G": (0, 0, 0), "X": (1 / 2, 0, 0)},
    "square": {"G": (0, 0, 0), "X": (1 / 2, 0, 0), "M": (1 / 2, 1 / 2, 0)},
    "rectangular": {"G": (0, 0, 0), "X": (1 / 2, 0, 0), "Y": (0, 1 / 2, 0), "M": (1 / 2, 1 / 2, 0)},
    "triangular": {"G": (0, 0, 0), "K": (2 / 3, 1 / 3, 0), "M": (1 / 2, 1 / 2, 0)},  # vectors at 60 degrees
    "hexagonal": {"G": (0, 0, 0), "K": (1 / 3, 1 / 3, 0), "M": (1 / 2, 0, 0)},  # at 120 degrees
    "cubic": {"G": (0, 0, 0), "X": (1 / 2, 0, 0), "M": (1 / 2, 1 / 2, 0), "R": (1 / 2, 1 / 2, 1 / 2)},
    "bcc": {"G": (0, 0, 0), "H": (1, 0, 0), "N": (1 / 2, 1 / 2, 0), "P": (1 / 2, 1 / 2, 1 / 2)},
    "fcc": {
        "G": (0, 0, 0),
        "X": (1, 0, 0),
        "L": (1 / 2, 1 / 2, 1 / 2),
        "W": (1, 1 / 2, 0),
        "K": (3 / 4, 3 / 4, 0),
        "U": (1, 1 / 4, 1 / 4),
    },
}


def unit_cells(structure):
    """Return how often a structure repeats inside of its cell along each vector, shape (3,), 1 if it does not.

    Examples
    --------
    >>> import sdglass
    >>> from sdglass.observables.special_points import unit_cells
    >>> unit_cells(sdglass.lattice("kagome", cells=(6, 4))).tolist()
    [6, 4, 1]
    """
    places = structure.fractional(structure.positions)
    counts = np.ones(3, int)
    for axis in np.flatnonzero(structure.pbc):
        shift = np.where(structure.pbc, (places - places[0] + _CLOSE) % 1.0 - _CLOSE, places - places[0])
        others = np.abs(np.delete(shift, axis, axis=1)).max(axis=1)
        for step in np.sort(shift[(others < _CLOSE) & (shift[:, axis] > _CLOSE), axis]):
            count = round(1 / step)
            if abs(count * step - 1) < count * _CLOSE and _repeats(structure, np.eye(3)[axis] / count):
                counts[axis] = count
                break
    return counts


def _repeats(structure, shift):
    """Return whether a structure is the same one after a shift, in units of the vectors of its cell."""
    places = structure.fractional(structure.positions)

    def wrapped(given):
        inside = np.where(structure.pbc, given % 1.0, given)
        return np.where((inside >= 1.0) & structure.pbc, 0.0, inside)  # -1e-17 % 1 is 1 itself

    tree = cKDTree(wrapped(places), boxsize=np.where(structure.pbc, 1.0, 0.0))
    distance, partner = tree.query(wrapped(places + shift))
    same = structure.species is None or (structure.species[partner] == structure.species).all()
    return bool(same and distance.max() < _CLOSE)


def special_points(structure):
    """Return the kind of lattice, its special points {name: (3,)}, and `unit_cells` of the structure.

    Points are in units of the reciprocal vectors of the unit cell, of bcc and fcc of the cube. `InputError` if the
    structure repeats nowhere or its unit cell is none of these: chain, square, rectangular, triangular (honeycomb
    and kagome too), cubic, bcc, fcc.
    """
    moments = structure.moments
    counts = unit_cells(moments)
    axes = np.flatnonzero(moments.pbc)
    vectors = (moments.cell / counts[:, None])[axes]
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = vectors @ vectors.T / np.outer(lengths, lengths)
    equal = np.ptp(lengths) < _ALIKE * lengths.max() if len(axes) else False
    right = np.abs(cosines - np.eye(len(axes))).max(initial=0) < _ALIKE
    if counts.max() == 1:
        raise InputError("path: the magnetic sites repeat nowhere in their cell; expected those of a lattice")
    kind = None
    if len(axes) == 1:
        kind = "chain"
    elif len(axes) == 2 and right:
        kind = "square" if equal else "rectangular"
    elif len(axes) == 2 and equal and abs(abs(cosines[0, 1]) - 0.5) < _ALIKE:
        kind = "triangular" if cosines[0, 1] > 0 else "hexagonal"
    elif len(axes) == 3 and right and equal:
        centred = {"fcc": [0, 0.5, 0.5], "bcc": [0.5, 0.5, 0.5]}
        kind = next((name for name, at in centred.items() if _repeats(moments, at / counts)), "cubic")
    if kind is None:
        raise InputError(
            f"path: a unit cell with edges of {', '.join(f'{x:.4g}' for x in lengths)} ell has no points with "
            "names here; expected a chain, a square, rectangular, triangular or cubic lattice, bcc or fcc"
        )
    points = {}
    for name, place in _POINTS[kind].items():
        points[name] = np.zeros(3)
        points[name][axes] = place[: len(axes)]
    return kind, points, counts


def wave_path(structure, names):
    """Return the wave vectors of a structure's cell on the straight lines between special points.

    Parameters
    ----------
    structure : Structure
        Of a lattice, see `special_points`.
    names : sequence of str
        At least two special points.

    Returns
    -------
    waves : numpy.ndarray, shape (Q, 3)
        Every wave vector on the way that is periodic in the cell [1 / ell], none else.
    path : numpy.ndarray, shape (Q,)
        How far along the way each is [1 / ell].
    labels : numpy.ndarray of str, shape (Q,)
        Names of the special points, empty between them.

    Raises
    ------
    InputError
        If the lattice has no such point, or the point is not periodic in the cell.

    Examples
    --------
    >>> import sdglass
    >>> waves, path, labels = sdglass.wave_path(sdglass.lattice("triangular", cells=(6, 6)), ["G", "K", "M"])
    >>> print(waves[2].round(4), *labels)
    [4.1888 0.     0.    ] G  K M
    """
    kind, points, counts = special_points(structure)
    known = ", ".join(points)
    if len(names) < 2:
        raise InputError(f"path = {','.join(names)}; expected at least two of {known}")
    ends = []
    for name in names:
        if name not in points:
            raise InputError(f"path: the {kind} lattice has no point {name!r}; expected some of {known}")
        place = points[name] * counts
        whole = np.rint(place).astype(int)
        if np.abs(place - whole).max() > 1e-9:
            cells = " x ".join(str(n) for n in counts[structure.pbc])
            raise InputError(
                f"path: {name} = ({', '.join(f'{x:.3g}' for x in points[name])}) is not periodic in {cells} unit "
                "cells; expected numbers of cells that make it so"
            )
        ends.append(whole)
    integers, labels = [ends[0]], [names[0]]
    for name, (start, end) in zip(names[1:], pairwise(ends), strict=True):
        steps = gcd(*(end - start).tolist())
        if not steps:
            raise InputError(f"path = {','.join(names)}: {name} follows itself; expected another point")
        integers += [start + k * (end - start) // steps for k in range(1, steps + 1)]
        labels += [""] * (steps - 1) + [name]
    waves = 2 * np.pi * np.array(integers) @ np.linalg.inv(structure.cell).T
    path = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(waves, axis=0), axis=1))])
    return waves, path, np.array(labels)
