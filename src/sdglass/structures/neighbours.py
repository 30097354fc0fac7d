"""Neighbour lists by minimum image."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree


@dataclass(frozen=True, eq=False)
class NeighbourPairs:
    """Unordered pairs of sites closer than a cutoff, sorted by (first, second)."""

    first: np.ndarray  # (P,)
    second: np.ndarray  # (P,) second > first
    vector: np.ndarray  # (P, 3) minimum-image r_second - r_first [ell]
    distance: np.ndarray  # (P,) |vector| [ell]

    def __len__(self):
        return len(self.first)


def neighbour_pairs(structure, cutoff):
    """Return all pairs with a minimum-image distance of at most `cutoff` [ell].

    A cutoff beyond half the box is allowed: each pair then still counts once, at its shortest distance.
    """
    longest = float(np.linalg.norm(structure.box)) / 2
    tree = cKDTree(structure.positions, boxsize=structure.box)
    pairs = tree.query_pairs(min(cutoff, longest * 1.01), output_type="ndarray").astype(np.int64)
    pairs.sort(axis=1)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    vector = structure.minimum_image(structure.positions[pairs[:, 1]] - structure.positions[pairs[:, 0]])
    distance = np.sqrt(np.einsum("pa,pa->p", vector, vector))
    keep = distance <= cutoff
    return NeighbourPairs(pairs[keep, 0], pairs[keep, 1], vector[keep], distance[keep])


@dataclass(frozen=True, eq=False)
class Environments:
    """Ordered neighbours of every site, in compressed rows: site i has entries start[i]:start[i + 1]."""

    start: np.ndarray  # (N + 1,)
    neighbour: np.ndarray  # (E,)
    vector: np.ndarray  # (E, 3) minimum-image r_j - r_i [ell] from the centre i to the neighbour j
    distance: np.ndarray  # (E,) |vector| [ell]


def environments(structure, cutoff):
    """Return the environment of every site within `cutoff` [ell], sorted by (centre, neighbour)."""
    pairs = neighbour_pairs(structure, cutoff)
    centre = np.concatenate([pairs.first, pairs.second])
    neighbour = np.concatenate([pairs.second, pairs.first])
    vector = np.concatenate([pairs.vector, -pairs.vector])
    distance = np.concatenate([pairs.distance, pairs.distance])
    order = np.lexsort((neighbour, centre))
    start = np.searchsorted(centre[order], np.arange(structure.n_sites + 1))
    return Environments(start, neighbour[order], vector[order], distance[order])


def spatial_order(structure, edge=1.0):
    """Return the sites along a Z-order curve through cells of about `edge` [ell], shape (N,).

    Sites that are near each other in space are then mostly near each other in this order.
    """
    cells = np.floor(structure.positions / edge).astype(np.uint64)
    code = np.zeros(structure.n_sites, np.uint64)
    for bit in range(21):  # three times 21 bits fill a number
        for axis in range(3):
            code |= ((cells[:, axis] >> np.uint64(bit)) & np.uint64(1)) << np.uint64(3 * bit + axis)
    return np.argsort(code, kind="stable")
