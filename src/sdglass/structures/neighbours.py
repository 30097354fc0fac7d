"""Which sites are neighbours, and how far two distances may differ and be the same."""

import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from sdglass.errors import InputError

# Two distances are the same if they differ by less, relatively: users round coordinates to five digits, or have
# them in single precision.
TOLERANCE = 1e-4
_ROUNDING = 1e-9  # what arithmetic in double precision does, and no user
_WIDER = 1.02  # what is looked at to tell whether a cutoff divides a shell


class NeighbourWarning(UserWarning):
    """Sites are so nearly at a distance that matters that one may have meant them to be there."""


def same_distance(distance, radius, tolerance=TOLERANCE):
    """Return where distances [ell] are that of a shell, ``|distance - radius| <= tolerance * radius``."""
    return np.abs(np.asarray(distance) - radius) <= tolerance * radius


def has_shell(radius, distance, n_sites, tolerance=TOLERANCE):
    """Return whether a shell of a lattice lies at a radius [ell], up to a relative tolerance.

    It does if most of the pairs around are there, at least one for two sites. In an amorphous structure some are
    there by chance, and more around.
    """
    near, around = (np.count_nonzero(same_distance(distance, radius, k * tolerance)) for k in (1, 10))
    return 2 * near >= max(n_sites, around)


def beside_shell(radius, distance, n_sites, side=1):
    """Return a radius [ell] that divides no shell: just outside (`side` = 1) or inside (-1) of one there."""
    return radius * (1.0 + side * (TOLERANCE if has_shell(radius, distance, n_sites) else _ROUNDING))


@dataclass(frozen=True, eq=False)
class NeighbourPairs:
    """Bonds, each once: pairs of sites, or of a site and an image of a site; sorted by (first, second).

    Two sites are bonded through as many images as are near enough, and a site to its own images (first = second,
    one of the two opposite vectors).
    """

    first: np.ndarray  # (P,)
    second: np.ndarray  # (P,) second >= first
    vector: np.ndarray  # (P, 3) from the first site to the image of the second one [ell]
    distance: np.ndarray  # (P,) |vector| [ell]

    def __len__(self):
        return len(self.first)


def neighbour_pairs(structure, cutoff):
    """Return all bonds of at most `cutoff` [ell], through every image; a shell at the cutoff is taken as a whole.

    `InputError` if the cutoff is negative or not finite.
    """
    if not 0 <= cutoff < np.inf:
        raise InputError(f"cutoff = {cutoff}; expected a finite distance >= 0 [ell]")
    first, second, vector = _image_pairs(structure, _WIDER * cutoff)
    return _within(structure, cutoff, first, second, vector)


def minimum_image_pairs(structure, cutoff=np.inf):
    """Return the pairs of different sites whose nearest images are at most `cutoff` [ell] apart, each once.

    For what counts a pair of sites once whatever the box: the electrons' hopping, correlations. Of images that are
    equally near the vector leads to one or the other.
    """
    if structure.orthorhombic:
        reach = min(_WIDER * cutoff, float(np.linalg.norm(structure.box)) / 2 * 1.01)
        if not structure.pbc.all():
            reach = min(
                _WIDER * cutoff, float(np.linalg.norm(structure.box + np.ptp(structure.positions, axis=0)))
            )
        pairs = structure.tree().query_pairs(reach, output_type="ndarray").astype(np.int64)
        pairs.sort(axis=1)
        first, second = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].T
    elif cutoff < structure.heights[structure.pbc].min(initial=np.inf):
        first, second, _ = _image_pairs(structure, _WIDER * cutoff)
        first, second = np.unique(np.stack([first, second])[:, first != second], axis=1)
    else:
        first, second = np.triu_indices(structure.n_sites, 1)
    vector = structure.minimum_image(structure.positions[second] - structure.positions[first])
    return _within(structure, cutoff, first, second, vector)


def _image_pairs(structure, reach):
    """Return first and second site and the vector of each bond up to about `reach` [ell], each once, sorted."""
    positions, cell, heights = structure.positions, structure.cell, structure.heights
    repeats = np.where(structure.pbc, np.ceil(reach / heights), 0).astype(int)
    shifts = np.array(list(product(*(range(-n, n + 1) for n in repeats))))  # in order, the zero in the middle
    images = positions + (shifts @ cell)[:, None]
    margin = 1e-9 + reach / heights
    fractional = images @ np.linalg.inv(structure.frame)
    inside = (fractional >= -margin) & (fractional <= 1 + margin) | ~structure.pbc
    which, site = np.nonzero(inside.all(axis=2))
    found = cKDTree(positions).sparse_distance_matrix(cKDTree(images[which, site]), reach, output_type="ndarray")
    first, image = found["i"].astype(np.int64), found["j"]
    second, which = site[image], which[image]
    once = (first < second) | ((first == second) & (which > len(shifts) // 2))
    first, second, which = first[once], second[once], which[once]
    order = np.lexsort((which, second, first))
    first, second, which = first[order], second[order], which[order]
    return first, second, positions[second] - positions[first] + shifts[which] @ cell


def _within(structure, cutoff, first, second, vector):
    distance = np.sqrt(np.einsum("pa,pa->p", vector, vector))
    last = beside_shell(cutoff, distance, structure.n_sites) if cutoff < np.inf else cutoff
    keep = distance <= last
    return NeighbourPairs(first[keep], second[keep], vector[keep], distance[keep])


def warn_of_divided_shell(structure, cutoff):
    """Warn of a lattice's shell that is so blurred that a cutoff [ell], at which bonds end at once, divides it."""
    distance = neighbour_pairs(structure, _WIDER * cutoff).distance
    blurred = 10 * TOLERANCE
    outside = distance[same_distance(distance, cutoff, blurred)]
    outside = outside[outside > beside_shell(cutoff, distance, structure.n_sites)]
    if len(outside) and has_shell(cutoff, distance, structure.n_sites, blurred):
        warnings.warn(
            f"a cutoff of {cutoff:.10g} ell divides a shell: {len(outside)} pairs are {outside.min():.10g} to "
            f"{outside.max():.10g} ell apart, just outside of the relative tolerance of {TOLERANCE:g}; expected a "
            "cutoff between two shells",
            NeighbourWarning,
            stacklevel=3,
        )


def nearest_distances(structure):
    """Return the distance of every site to the next site or image, shape (N,) [ell]; infinite if there is none."""
    images = np.linalg.norm(structure.cell[structure.pbc], axis=1).min(initial=np.inf)  # of the site itself
    nearest = np.full(structure.n_sites, images)
    if structure.n_sites > 1:
        tree = structure.tree() if structure.orthorhombic else cKDTree(structure.positions)
        nearest = np.minimum(nearest, tree.query(structure.positions, k=2)[0][:, 1])
    if not structure.orthorhombic and np.isfinite(nearest).all():  # those across the faces of the cell
        first, second, vector = _image_pairs(structure, nearest.max() * (1 + _ROUNDING))
        distance = np.sqrt(np.einsum("pa,pa->p", vector, vector))
        np.minimum.at(nearest, first, distance)
        np.minimum.at(nearest, second, distance)
    return nearest


@dataclass(frozen=True, eq=False)
class Environments:
    """Ordered neighbours of every site, in compressed rows: site i has entries start[i]:start[i + 1]."""

    start: np.ndarray  # (N + 1,)
    neighbour: np.ndarray  # (E,)
    vector: np.ndarray  # (E, 3) from the centre i to the neighbour j, or to an image of it [ell]
    distance: np.ndarray  # (E,) |vector| [ell]


def environments(structure, cutoff):
    """Return the environment of every site within `cutoff` [ell], sorted by (centre, neighbour).

    It holds every image that is near enough, those of the site itself included; see `neighbour_pairs`.
    """
    pairs = neighbour_pairs(structure, cutoff)
    centre = np.concatenate([pairs.first, pairs.second])
    neighbour = np.concatenate([pairs.second, pairs.first])
    vector = np.concatenate([pairs.vector, -pairs.vector])
    distance = np.concatenate([pairs.distance, pairs.distance])
    order = np.lexsort((neighbour, centre))
    start = np.searchsorted(centre[order], np.arange(structure.n_sites + 1))
    return Environments(start, neighbour[order], vector[order], distance[order])


def tie_tolerance(env):
    """Return up to which relative difference two neighbours of a site are equally far.

    `TOLERANCE` on a lattice, where most neighbours share their distance with another one; elsewhere neighbours
    that are so near to a tie are none, and only arithmetic is allowed for.
    """
    centre = np.repeat(np.arange(len(env.start) - 1), np.diff(env.start))
    order = np.lexsort((env.distance, centre))
    distance, centre = env.distance[order], centre[order]
    tied = (np.diff(distance) <= TOLERANCE * distance[1:]) & (np.diff(centre) == 0)
    return TOLERANCE if 2 * np.count_nonzero(tied) >= len(distance) > 0 else _ROUNDING


def spatial_order(structure, edge=1.0):
    """Return the sites along a Z-order curve through cells of about `edge` [ell], shape (N,).

    Sites that are near each other in space are then mostly near each other in this order.
    """
    lowest = np.minimum(structure.positions.min(axis=0), 0.0)
    cells = np.floor((structure.positions - lowest) / edge).astype(np.uint64)
    code = np.zeros(structure.n_sites, np.uint64)
    for bit in range(21):  # three times 21 bits fill a number
        for axis in range(3):
            code |= ((cells[:, axis] >> np.uint64(bit)) & np.uint64(1)) << np.uint64(3 * bit + axis)
    return np.argsort(code, kind="stable")
