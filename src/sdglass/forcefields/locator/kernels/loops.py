"""Sums over pairs and closed loops of four spins, of many replicas.

Every sum runs in an order that does not depend on the number of threads, and so does the result, to the bit.
"""

import numpy as np
from numba import prange

from sdglass.compiled import compiled
from sdglass.forcefields.locator.kernels.one_replica import gradient_of_one
from sdglass.forcefields.locator.kernels.replica_block import gradient_of_blocks
from sdglass.forcefields.locator.kernels.two_hops import two_hops

LANES = 16  # replicas of a block: 64 bytes of float32, one vector register

_FEW = 3  # replicas up to which one at a time is faster than a block


def pair_field(start, neighbour, couplings, spins):
    """Return sum_j J_ij S_j of every site, (R, N, 3) [t0], in the precision of the couplings (nnz,)."""
    replicas, n, _ = spins.shape
    columns = np.ascontiguousarray(spins.transpose(1, 2, 0), couplings.dtype).reshape(n, 3 * replicas)
    field = np.zeros_like(columns)
    _add_pairs(start, neighbour, couplings, columns, field)
    return field.reshape(n, 3, replicas).transpose(2, 0, 1)


@compiled(parallel=True, fastmath={"contract"})
def _add_pairs(start, neighbour, couplings, spins, field):
    for i in prange(len(spins)):
        h = field[i]
        for a in range(start[i], start[i + 1]):
            coupling, s = couplings[a], spins[neighbour[a]]
            for c in range(len(h)):
                h[c] += coupling * s[c]


def loop_field(start, neighbour, hops, weights, spins, reach=None):
    """Return E = sum_p w_p Tr (Q K_p)^4, (R,) [t0], and -dE/dS, (R, N, 3) [t0], at spins (R, N, 3).

    Parameters
    ----------
    start, neighbour : numpy.ndarray
        Compressed rows of neighbours, shapes (N + 1,) and (nnz,); symmetric, each ascending.
    hops : numpy.ndarray, shape (nnz, P)
        Symmetric K_p [t0]; their precision is that of the sums, but the energy is summed in double precision.
    weights : numpy.ndarray, shape (P,)
        w_p [t0^-3].
    reach : TwoHops, optional
        Of the rows, if it is known already.
    """
    reach = two_hops(start, neighbour) if reach is None else reach
    hops = np.ascontiguousarray(hops)
    rows = start, neighbour, hops, weights.astype(hops.dtype)
    spins = spins.astype(hops.dtype)
    if len(spins) <= _FEW:
        gradient = np.stack([gradient_of_one(*rows, replica, reach) for replica in spins])
    else:
        gradient = from_blocks(gradient_of_blocks(*rows, to_blocks(spins), reach), len(spins))
    # The trace is the same whichever of its four spins is differentiated; `gradient` has the first alone.
    return np.einsum("ria,ria->r", spins, gradient, dtype=float), -4 * gradient


def to_blocks(spins):
    """Return spins (R, N, 3) as blocks of `LANES` replicas, shape (B, N, 3, L), the last one padded with zeros."""
    replicas, n, _ = spins.shape
    blocks = -(-replicas // LANES)
    padded = np.zeros((blocks * LANES, n, 3), spins.dtype)
    padded[:replicas] = spins
    return np.ascontiguousarray(padded.reshape(blocks, LANES, n, 3).transpose(0, 2, 3, 1))


def from_blocks(blocks, replicas):
    """Return (R, N, 3) from blocks (B, N, 3, L)."""
    return blocks.transpose(0, 3, 1, 2).reshape(-1, blocks.shape[1], 3)[:replicas]
