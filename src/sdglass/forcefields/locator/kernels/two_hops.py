"""Which sites two hops reach, and over how many ways: where the loops of four spins meet."""

from dataclasses import dataclass

import numpy as np

from sdglass.compiled import compiled
from sdglass.forcefields.locator.coefficients import reverse_entries


@dataclass(frozen=True, eq=False)
class TwoHops:
    """Far ends k of the ways i -> j -> k of every site i, in compressed rows."""

    start: np.ndarray  # (N + 1,)
    end: np.ndarray  # (E,) the far ends of site i are end[start[i]:start[i + 1]], ascending
    ways: np.ndarray  # (E,) number of middle sites j to each, uint16 or int32
    # (N,) where the ends k >= i begin; the first of them is i, unless the site has no neighbour.
    itself: np.ndarray
    # (nnz,) where each hop i -> j is in the other direction, j -> i. Rows are ascending, so the entries of row j
    # from there on are its neighbours k >= i.
    reverse: np.ndarray
    most_neighbours: int  # of a site
    most_ways: int  # that start at a site


def two_hops(start, neighbour):
    """Return the `TwoHops` of a symmetric list of neighbours: compressed rows, each ascending."""
    most_neighbours = int(np.diff(start).max())
    counts, most_ways = _count(start, neighbour)
    first = np.concatenate([[0], np.cumsum(counts)])
    # There are at most as many ways between two sites as a site has neighbours.
    narrow = np.uint16 if most_neighbours <= np.iinfo(np.uint16).max else np.int32
    end, ways = np.empty(first[-1], np.int32), np.empty(first[-1], narrow)
    _fill(start, neighbour, first, end, ways)
    site = np.repeat(np.arange(len(counts)), counts)
    itself = first[:-1] + np.bincount(site[end < site], minlength=len(counts))
    return TwoHops(first, end, ways, itself, reverse_entries(start, neighbour), most_neighbours, int(most_ways))


@compiled()
def _count(start, neighbour):
    n = len(start) - 1
    seen = np.full(n, -1, np.int32)
    counts, most = np.zeros(n, np.int64), 0
    for i in range(n):
        total = 0
        for a in range(start[i], start[i + 1]):
            j = neighbour[a]
            total += start[j + 1] - start[j]
            for b in range(start[j], start[j + 1]):
                if seen[neighbour[b]] != i:
                    seen[neighbour[b]] = i
                    counts[i] += 1
        most = max(most, total)
    return counts, most


@compiled()
def _fill(start, neighbour, first, end, ways):
    n = len(start) - 1
    number = np.zeros(n, np.int32)  # of ways to each site
    for i in range(n):
        last = first[i]
        for a in range(start[i], start[i + 1]):
            j = neighbour[a]
            for b in range(start[j], start[j + 1]):
                k = neighbour[b]
                if number[k] == 0:
                    end[last] = k
                    last += 1
                number[k] += 1
        end[first[i] : last].sort()
        for s in range(first[i], last):
            ways[s] = number[end[s]]
            number[end[s]] = 0
