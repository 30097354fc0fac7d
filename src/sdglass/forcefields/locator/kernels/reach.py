"""Which sites two hops reach, and over how many ways: where the loops of four spins meet."""

from dataclasses import dataclass

import numpy as np
from numba import njit


@dataclass(frozen=True, eq=False)
class LoopReach:
    """Far ends k of the ways i -> j -> k of every site i, in compressed rows.

    Attributes
    ----------
    start : numpy.ndarray of int64, shape (N + 1,)
    end : numpy.ndarray of int32, shape (E,)
        The far ends of site i are end[start[i]:start[i + 1]], ascending.
    ways : numpy.ndarray of uint16 or int32, shape (E,)
        Number of middle sites j to each.
    neighbours : int
        Largest number of neighbours of a site.
    most : int
        Largest number of ways that start at a site.
    """

    start: np.ndarray
    end: np.ndarray
    ways: np.ndarray
    neighbours: int
    most: int


def loop_reach(indptr, indices):
    """Return the `LoopReach` of a list of neighbours in compressed sparse rows."""
    if len(indices) == 0:
        return LoopReach(np.zeros(len(indptr), np.int64), np.zeros(0, np.int32), np.zeros(0, np.uint16), 0, 0)
    neighbours = int(np.diff(indptr).max())
    counts, most = _count(indptr, indices)
    start = np.concatenate([[0], np.cumsum(counts)])
    # There are at most as many ways between two sites as a site has neighbours.
    narrow = np.uint16 if neighbours <= np.iinfo(np.uint16).max else np.int32
    end, ways = np.empty(start[-1], np.int32), np.empty(start[-1], narrow)
    _fill(indptr, indices, start, end, ways)
    return LoopReach(start, end, ways, neighbours, int(most))


@njit(cache=True)
def _count(indptr, indices):
    n = len(indptr) - 1
    seen = np.full(n, -1, np.int32)
    counts, most = np.zeros(n, np.int64), 0
    for i in range(n):
        total = 0
        for a in range(indptr[i], indptr[i + 1]):
            j = indices[a]
            total += indptr[j + 1] - indptr[j]
            for b in range(indptr[j], indptr[j + 1]):
                if seen[indices[b]] != i:
                    seen[indices[b]] = i
                    counts[i] += 1
        most = max(most, total)
    return counts, most


@njit(cache=True)
def _fill(indptr, indices, start, end, ways):
    n = len(indptr) - 1
    number = np.zeros(n, np.int32)  # of ways to each site
    for i in range(n):
        last = start[i]
        for a in range(indptr[i], indptr[i + 1]):
            j = indices[a]
            for b in range(indptr[j], indptr[j + 1]):
                k = indices[b]
                if number[k] == 0:
                    end[last] = k
                    last += 1
                number[k] += 1
        end[start[i] : last].sort()
        for s in range(start[i], last):
            ways[s] = number[end[s]]
            number[end[s]] = 0
