"""Holes of the half-filled lattice: where they are, and what they gather in."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from sdglass.electrons.diagonalization import solve
from sdglass.electrons.sd_model import Electrons
from sdglass.forcefields.exact import greens_functions_are_cheaper
from sdglass.structures.neighbours import neighbour_pairs


def hole_density(structure, electrons, spins):
    """Return 1 - electrons per site, shape (R, N), of exact electrons with spins (R, N, 3)."""
    if greens_functions_are_cheaper(structure, electrons):
        from sdglass.electrons.greens_function import GreensFunctions  # torch

        solver = GreensFunctions(structure, Electrons.of(structure, electrons, dense=False))
        return 1.0 - solver.solve(spins).density
    bound = Electrons.of(structure, electrons)
    return 1.0 - np.array([solve(bound, configuration).density for configuration in spins])


def nearest_pairs(structure):
    """Return the pairs of nearest neighbours as two arrays of sites."""
    pairs = neighbour_pairs(structure, 1.01 * _spacing(structure))
    return pairs.first, pairs.second


def _spacing(structure):
    away = np.linalg.norm(structure.positions[1:] - structure.positions[0], axis=1)
    return away.min()


def clusters(first, second, members, joined=None):
    """Return the cluster of each site, -1 of those that are in none, and the number of clusters.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (P,)
        Pairs of neighbours.
    members : numpy.ndarray of bool, shape (N,)
        Sites that may belong to a cluster.
    joined : numpy.ndarray of bool, shape (P,), optional
        Pairs that may join two; all by default.
    """
    keep = members[first] & members[second]
    if joined is not None:
        keep &= joined
    n = len(members)
    graph = coo_matrix((np.ones(keep.sum()), (first[keep], second[keep])), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    names, place = np.unique(label[members], return_inverse=True)
    found = np.full(n, -1)
    found[members] = place
    return found, len(names)


def cluster_numbers(first, second, holes, threshold):
    """Return what there is to say of the clusters of sites with more than `threshold` holes.

    Returns
    -------
    dict
        ``clusters`` per 100 sites; ``holes per cluster`` and ``sites per cluster``, means; ``largest``, the share
        of the holes in the largest cluster; ``gathered``, the share of the holes in clusters. Lone sites count.
    """
    label, count = clusters(first, second, holes > threshold)
    inside = label >= 0
    contents = np.bincount(label[inside], holes[inside], minlength=count)
    total = holes.sum()
    return {
        "clusters": 100.0 * count / len(holes),
        "holes per cluster": contents.mean() if count else np.nan,
        "sites per cluster": inside.sum() / count if count else np.nan,
        "largest": contents.max() / total if count else 0.0,
        "gathered": contents.sum() / total,
    }
