"""The order in which sites are eliminated: nested dissection of the graph of hoppings.

A set of sites is cut in two by a plane; the sites of one half that hop across are the separator. What lies on
its two
sides knows nothing of the other but through the separator, so both are eliminated independently, and cut again in
the same way: A. George, SIAM J. Numer. Anal. 10, 345 (1973), doi:10.1137/0710032. A sheet of N sites then costs
N^(3/2) operations instead of the N^2 of a sweep along it, and periodic boundaries need nothing special: the
first cut
of an axis has two planes.
"""

from dataclasses import dataclass

import numpy as np

# Sets of at most so many sites are not cut again: smaller ones cost more in calls than they save in operations.
LEAF_SITES = 32
# A separator that takes more than this share of a set saves nothing: the set is then treated as dense.
LARGEST_SEPARATOR = 0.4


@dataclass(frozen=True, eq=False)
class Front:
    """Sites that are eliminated together, and what they touch of those that are eliminated later.

    Attributes
    ----------
    inside : numpy.ndarray, shape (K,)
        Sites that are eliminated here.
    border : numpy.ndarray, shape (B,)
        Sites, all eliminated later, that hop to these or to what was eliminated below them.
    children : tuple of int
        Fronts whose borders lie in this one's sites.
    parent : int
        -1 of a root.
    height : int
        Children are lower.
    """

    inside: np.ndarray
    border: np.ndarray
    children: tuple
    parent: int
    height: int


def nested_dissection(fractional, bonds, leaf_sites=LEAF_SITES):
    """Return the fronts of a graph, children before parents.

    Parameters
    ----------
    fractional : numpy.ndarray, shape (N, 3)
        Coordinates of the sites in units of the cell's vectors, in [0, 1).
    bonds : scipy.sparse matrix, shape (N, N)
        Symmetric pattern of the hoppings.
    leaf_sites : int
        Sets of at most so many sites are not cut.

    Returns
    -------
    list of Front
    """
    pattern = bonds.tocsr()
    start, neighbour = pattern.indptr, pattern.indices
    half = np.zeros(len(fractional), np.int8)
    coordinates = np.round(fractional, 7)  # sites of a lattice plane stay together
    found = []

    def touching(sites):
        counts = start[sites + 1] - start[sites]
        offsets = np.repeat(start[sites] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        return neighbour[offsets + np.arange(counts.sum())], np.repeat(sites, counts)

    def cut(sites):
        """Return the smallest separator of the three axes, and the two sets it leaves; None if none is small."""
        best = None
        for axis in range(3):
            x = coordinates[sites, axis]
            values = np.unique(x)
            if len(values) < 2:
                continue
            middle = np.median(x)
            threshold = values[1:][np.argmin(np.abs(values[1:] - middle))]
            lower, upper = sites[x < threshold], sites[x >= threshold]
            half[lower], half[upper] = 1, 2
            reached, origin = touching(lower)
            below = np.unique(origin[half[reached] == 2])
            above = np.unique(reached[half[reached] == 2])
            half[sites] = 0
            separator = min(below, above, key=len)
            if best is None or len(separator) < len(best[0]):
                best = separator, np.setdiff1d(lower, separator), np.setdiff1d(upper, separator)
        if best is None or len(best[0]) > LARGEST_SEPARATOR * len(sites) or not (len(best[1]) and len(best[2])):
            return None
        return best

    def eliminate(sites):
        """Add the fronts of a set; return the numbers of those that have no parent in it."""
        parts = cut(sites) if len(sites) > leaf_sites else None
        if parts is None:
            inside, children = sites, ()
        else:
            inside = parts[0]
            children = tuple(eliminate(parts[1]) + eliminate(parts[2]))
            if not len(inside):  # two sets that do not touch each other
                return list(children)
        reached, _ = touching(inside)
        below = [found[child] for child in children]
        border = np.setdiff1d(np.concatenate([reached, *(child.border for child in below)]), inside)
        # What was eliminated below is no border of it any more.
        border = border[~eliminated[border]]
        eliminated[inside] = True
        height = 1 + max((child.height for child in below), default=-1)
        found.append(Front(inside, border, children, -1, height))
        return [len(found) - 1]

    eliminated = np.zeros(len(fractional), bool)
    eliminate(np.arange(len(fractional)))
    parents = {child: number for number, front in enumerate(found) for child in front.children}
    return [
        Front(front.inside, front.border, front.children, parents.get(number, -1), front.height)
        for number, front in enumerate(found)
    ]
