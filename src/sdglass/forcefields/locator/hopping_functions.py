"""Functions of the hopping matrix, f(T)_ij, between sites that are near each other.

The series of `locator.series` needs matrix functions such as T (1 + s T^2)^-1 only for pairs within a few decay
lengths. They are smooth on the spectrum of T, so a Chebyshev polynomial of low degree gives them to rounding,

    f(T) = sum_m c_m P_m(x),   x = (T - center) / half width,   P_(m+1)(x) = 2 x P_m(x) - P_(m-1)(x),

and they are short-ranged, so a block of sites needs only its surroundings: the cost is linear in the number of
sites. A small structure is one block that contains every site.

Reference: A. Weisse et al., Rev. Mod. Phys. 78, 275 (2006), doi:10.1103/RevModPhys.78.275 (Chebyshev expansions).
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from scipy.sparse.linalg import eigsh
from scipy.spatial import cKDTree

from sdglass.electrons.hopping.law import length_scale
from sdglass.electrons.sd_model import hopping_among, require_hopping

_WHOLE = 1200  # sites up to which one block holds the whole structure, without any truncation
_BLOCK_EDGE = 4.0  # edge of a block of a larger one [ell]
_HALO = 6.0  # what a block sees around it, in lengths of the hopping
_MAX_DEGREE = 400


@dataclass(frozen=True, eq=False)
class BlockValues:
    """Values of F functions between the sites of a block and their neighbours: P pairs, i = j included."""

    sites: np.ndarray  # (B,) of the block
    row: np.ndarray  # (P,) position in `sites` of a pair's first site; ascending
    column: np.ndarray  # (P,) second site of the pair; ascending within a row
    distance: np.ndarray  # (P,) of the minimum image [ell]
    values: np.ndarray  # (P, F) f(T) of each pair


def hopping_function_blocks(structure, hopping, functions, cutoff, halo=None, tolerance=1e-9, progress=None):
    """Yield `BlockValues` that cover every site of a structure once, with all pairs closer than `cutoff` [ell].

    Parameters
    ----------
    functions : callable
        Maps eigenvalues of T, shape (M,), to (F, M) real values; analytic on the spectrum.
    halo : float, optional
        Sites farther than this from every site of a block are left out of its surroundings [ell]. By default six
        lengths of the hopping (decay lengths, or ranges), at least 6 ell. Structures of up to 1200 sites are
        treated as a whole, without a halo.
    tolerance : float
        Largest relative size of the Chebyshev coefficients that are dropped.
    progress : callable, optional
        Called with the number of sites of each finished block.

    Raises
    ------
    InputError
        If the hopping does not fit the structure, or its range is infinite and it states no decay length.
    """
    known = _HALO * max(1.0, length_scale(hopping))  # asked for in any case: the law has to state it
    halo = known if halo is None else halo
    require_hopping(structure, hopping)
    whole = structure.n_sites <= _WHOLE
    expansion = None
    for sites, surroundings in _blocks(structure, halo):
        matrix = _matrix(structure, surroundings, hopping, whole)
        if expansion is None:
            # The spectra of all blocks are alike; a polynomial forgives an eigenvalue that is a little outside.
            expansion = _expansion(matrix, functions, tolerance, margin=0.01 if whole else 0.1)
        position = np.searchsorted(surroundings, sites)
        row, column, distance = _pairs(structure, sites, surroundings, cutoff)
        values = _recurrence(matrix, position, *expansion, row, column)
        yield BlockValues(sites, row, surroundings[column], distance, values)
        if progress is not None:
            progress(len(sites))


def _matrix(structure, sites, hopping, whole):
    """Return the hopping matrix among some sites.

    Float32 for the many blocks of a large structure: the recurrence is bounded, so its rounding stays near 1e-6
    of the spectrum's width, below what the halo leaves out.
    """
    if whole:
        return hopping_among(structure, hopping)
    if np.isfinite(hopping.range):  # a law of shells needs exact distances
        some = structure.subset(sites)
        return hopping_among(some, hopping).astype(np.float32)
    square = np.zeros((len(sites), len(sites)), np.float32)
    for x, edge in zip(structure.positions[sites].T, structure.box, strict=True):
        x = np.mod(x, edge).astype(np.float32)
        difference = x[:, None] - x
        difference -= np.float32(edge) * np.rint(difference / np.float32(edge))
        square += np.square(difference, out=difference)
    matrix = np.asarray(hopping(np.sqrt(square, out=square)), np.float32)
    np.fill_diagonal(matrix, 0.0)
    return matrix


def _blocks(structure, halo):
    """Yield (sites of a block, sites of its surroundings), both ascending."""
    if structure.n_sites <= _WHOLE:
        everything = np.arange(structure.n_sites)
        yield everything, everything
        return
    box = structure.box
    wrapped = np.mod(structure.positions, box)
    wrapped = np.where(wrapped < box, wrapped, 0.0)  # np.mod may return the edge itself
    cells = np.maximum(1, np.floor(box / _BLOCK_EDGE)).astype(int)
    index = np.minimum((wrapped / box * cells).astype(int), cells - 1)
    label = np.ravel_multi_index(tuple(index.T), tuple(cells))
    tree = cKDTree(wrapped, boxsize=box)
    order = np.argsort(label, kind="stable")
    for sites in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        near = tree.query_ball_point(wrapped[sites], halo)
        yield sites, np.unique(np.concatenate([np.asarray(around, int) for around in near]))


def _pairs(structure, sites, surroundings, cutoff):
    """Return row in `sites`, column in `surroundings` and distance of every pair within `cutoff`."""
    rows, columns, distances = [], [], []
    for start in range(0, len(sites), 64):  # a slice at a time: (64, n, 3) vectors, not (n, n, 3)
        some = sites[start : start + 64]
        vectors = structure.positions[some][:, None] - structure.positions[surroundings]
        distance = np.linalg.norm(structure.minimum_image(vectors), axis=2)
        distance[some[:, None] == surroundings] = 0.0
        row, column = np.nonzero(distance < cutoff)
        rows.append(row + start)
        columns.append(column)
        distances.append(distance[row, column])
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(distances)


def _expansion(matrix, functions, tolerance, margin):
    """Return Chebyshev coefficients (degree + 1, F) on the spectrum, and its center and half width."""
    low, high = _spectrum_bounds(matrix, margin)
    center, half = 0.5 * (high + low), 0.5 * (high - low)
    for degree in (16, 32, 64, 128, _MAX_DEGREE):
        nodes = chebyshev.chebpts1(degree + 1)
        coefficients = chebyshev.chebfit(nodes, functions(center + half * nodes).T, degree)
        size = np.abs(coefficients).max(axis=1)
        needed = np.flatnonzero(size > tolerance * size.max())
        if len(needed) and needed[-1] < degree - 1:
            return coefficients[: needed[-1] + 1], center, half
    return coefficients, center, half


def _spectrum_bounds(matrix, margin):
    """Return numbers a little below the least and above the largest eigenvalue."""
    if len(matrix) < 200 or not matrix.any():  # ARPACK refuses a matrix of zeros
        eigenvalues = np.linalg.eigvalsh(matrix)
        low, high = eigenvalues[0], eigenvalues[-1]
    else:
        # A fixed start: ARPACK's own is random, and equal input should give equal output.
        start = np.random.default_rng(0).standard_normal(len(matrix))
        low, high = np.sort(eigsh(matrix, 2, which="BE", tol=1e-3, v0=start, return_eigenvectors=False))
    room = margin * (high - low) + 1e-9
    # In units of a thousandth of the width: the last digits of ARPACK depend on where arrays lie in memory.
    unit = 10.0 ** (np.floor(np.log10(high - low + room)) - 3)
    return np.floor((low - room) / unit) * unit, np.ceil((high + room) / unit) * unit


def _recurrence(matrix, columns, coefficients, center, half, row, column):
    """Return sum_m c_m P_m(T) at the pairs, P_m the Chebyshev polynomials of the scaled matrix."""
    n, dtype = len(matrix), matrix.dtype
    values = np.zeros((len(row), coefficients.shape[1]))
    previous = np.zeros((n, len(columns)), dtype)
    previous[columns, np.arange(len(columns))] = 1.0
    scaled = matrix / dtype.type(half)
    scaled[np.diag_indices(n)] -= dtype.type(center / half)
    current = scaled[:, columns].copy()
    for m, c in enumerate(coefficients):
        if m >= 2:
            previous, current = current, 2.0 * (scaled @ current) - previous
        here = previous if m == 0 else current
        values += np.outer(here[column, row], c)
    return values
