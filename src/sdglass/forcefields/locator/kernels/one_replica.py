"""Closed loops of four spins for one replica.

U_k = sum_j K_ij K_jk S_j of one site i is three numbers per far end k, kept for all of them at once: every way
i -> j -> k adds to the sum of its end. U_ik = U_ki, so only ends k >= i are visited and each pair (i, k) gives a
gradient to both of its sites.
"""

import numpy as np
from numba import prange

from sdglass.compiled import compiled

# Pieces of the sites, each with a gradient of its own. Their number is not that of the threads, so that the order
# of every sum, and with it the last digit of the result, does not depend on these.
PIECES = 16


def gradient_of_one(start, neighbour, hops, weights, spins, reach):
    """Return sum_kp 2 w_p [2 (S_k . U_p) U_p - U_p^2 S_k] of every site, a quarter of the trace's gradient.

    The arguments are those of `loops.loop_field`, with the spins (N, 3) of a single replica; (N, 3) [t0].
    """
    parts = np.zeros((PIECES, *spins.shape), spins.dtype)
    far = reach.start, reach.end, reach.itself, reach.reverse
    _loops(start, neighbour, np.ascontiguousarray(hops.T), weights, spins, *far, parts)
    return parts.sum(axis=0)


@compiled(parallel=True, fastmath={"contract", "reassoc", "nsz"})
def _loops(start, neighbour, hops, weights, spins, first, end, itself, reverse, parts):
    n, pieces = len(spins), len(parts)
    for number in prange(pieces):
        piece = np.int64(number)
        gradient = parts[piece]
        sums = np.zeros((n, 3), spins.dtype)  # U_k, zero between sites
        # Early sites have more far ends k >= i than late ones: half a piece of either, for an even load.
        for half in (piece, 2 * pieces - 1 - piece):
            for i in range(n * half // (2 * pieces), n * (half + 1) // (2 * pieces)):
                ix, iy, iz = spins[i, 0], spins[i, 1], spins[i, 2]
                gx = gy = gz = spins.dtype.type(0)
                for p in range(len(weights)):
                    for a in range(start[i], start[i + 1]):
                        j = neighbour[a]
                        hop = hops[p, a]
                        sx, sy, sz = hop * spins[j, 0], hop * spins[j, 1], hop * spins[j, 2]
                        for b in range(reverse[a], start[j + 1]):
                            k = np.uint32(neighbour[b])  # unsigned: no test for an index from the end
                            hop = hops[p, b]
                            sums[k, 0] += hop * sx
                            sums[k, 1] += hop * sy
                            sums[k, 2] += hop * sz
                    for s in range(itself[i], first[i + 1]):
                        k = end[s]
                        w = weights[p] if k == i else 2 * weights[p]  # i = k comes once, but gives to both below
                        kx, ky, kz = spins[k, 0], spins[k, 1], spins[k, 2]
                        ux, uy, uz = sums[k, 0], sums[k, 1], sums[k, 2]
                        square = w * (ux * ux + uy * uy + uz * uz)
                        along = 2 * w * (kx * ux + ky * uy + kz * uz)
                        gx += along * ux - square * kx
                        gy += along * uy - square * ky
                        gz += along * uz - square * kz
                        along = 2 * w * (ix * ux + iy * uy + iz * uz)
                        gradient[k, 0] += along * ux - square * ix
                        gradient[k, 1] += along * uy - square * iy
                        gradient[k, 2] += along * uz - square * iz
                        sums[k, 0] = 0
                        sums[k, 1] = 0
                        sums[k, 2] = 0
                gradient[i, 0] += gx
                gradient[i, 1] += gy
                gradient[i, 2] += gz
