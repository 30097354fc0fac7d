"""Compiled sums over pairs and closed loops of four spins, of many replicas.

Everything is a row: the energy and the field of site i need only the rows of its neighbours. So sites are
independent, the result does not depend on the number of threads, and memory is a few buffers per thread beside
the frozen lists. The innermost loops are whole vectors: over the replicas of a block (`loop_kernel_block`), or
over the components of one replica (`loop_kernel_single`).
"""

from functools import cache

import numpy as np
from numba import get_num_threads, njit, prange, types
from numba.extending import intrinsic

from sdglass.forcefields.locator.kernels.block import block_kernel
from sdglass.forcefields.locator.kernels.llvm_vectors import alignment, multiply_add, splat, vectors
from sdglass.forcefields.locator.kernels.reach import loop_reach
from sdglass.forcefields.locator.kernels.single import single_kernel

LANES = 16  # replicas of one block: 64 bytes of float32, one vector register

_FEW = 4  # replicas up to which one at a time is faster than a block
_CHUNKS_PER_THREAD = 8  # pieces of work per thread: even load, and few buffers


def to_blocks(spins, dtype):
    """Return spins (R, N, 3) as blocks of replicas, shape (B, N, 3 L), the last one padded with zeros.

    L is `LANES`, or 1 for a few replicas.
    """
    replicas, n, _ = spins.shape
    lanes = 1 if replicas <= _FEW else LANES
    blocks = -(-replicas // lanes)
    padded = np.zeros((blocks * lanes, n, 3), dtype)
    padded[:replicas] = spins
    return np.ascontiguousarray(padded.reshape(blocks, lanes, n, 3).transpose(0, 2, 3, 1)).reshape(blocks, n, -1)


def from_blocks(blocks, replicas):
    """Return (R, N, 3) from blocks (B, N, 3 L)."""
    count, n, width = blocks.shape
    return blocks.reshape(count, n, 3, width // 3).transpose(0, 3, 1, 2).reshape(-1, n, 3)[:replicas]


def pair_field(indptr, indices, values, spins):
    """Return h_i = sum_j v_ij S_j.

    Parameters
    ----------
    indptr, indices, values : numpy.ndarray
        Compressed sparse rows of v.
    spins : numpy.ndarray, shape (B, N, 3 L)
        See `to_blocks`.

    Returns
    -------
    numpy.ndarray, shape (B, N, 3 L)
    """
    out = np.zeros_like(spins)
    blocks, _, width = spins.shape
    _pair_kernel(width // 3)(indptr, indices, values, spins.ravel(), out.reshape(-1), blocks)
    return out


def loop_field(indptr, indices, values, weights, spins, reach=None):
    """Return sum_p w_p Tr (Q K_p)^4 per replica and minus its gradient.

    Parameters
    ----------
    indptr, indices : numpy.ndarray
        Compressed sparse rows shared by the kernels; symmetric pattern.
    values : numpy.ndarray, shape (nnz, n_kernels)
        Symmetric kernels K_p [t0].
    weights : numpy.ndarray, shape (n_kernels,)
        w_p [t0^-3].
    spins : numpy.ndarray, shape (B, N, 3 L)
        See `to_blocks`.
    reach : LoopReach, optional
        Of the lists, if it is known already.

    Returns
    -------
    energy : numpy.ndarray, shape (B L,)
    field : numpy.ndarray, shape (B, N, 3 L)
    """
    blocks, n, width = spins.shape
    reach = loop_reach(indptr, indices) if reach is None else reach
    gradient = np.zeros_like(spins)  # of one spin of the trace, the others held fixed
    chunks = max(1, min(n, _CHUNKS_PER_THREAD * get_num_threads()))
    lists = indptr, indices, values.ravel(), weights.astype(spins.dtype)
    replicas = spins.ravel(), gradient.reshape(-1), blocks
    kernels = values.shape[1]
    if width == 3:
        single_kernel(kernels)(*lists, *replicas, reach.start, reach.end, chunks)
    else:
        sizes = reach.neighbours, reach.most
        block_kernel(width // 3, kernels)(*lists, *replicas, reach.start, reach.end, reach.ways, *sizes, chunks)
    energy = np.einsum("bnw,bnw->bw", spins, gradient, dtype=float).reshape(blocks, 3, -1).sum(axis=1).ravel()
    # The trace is the same whichever of its four spins is differentiated.
    gradient *= -4
    return energy, gradient


@cache
def _pair_kernel(lanes):
    @intrinsic
    def add_scaled(typingctx, out, out_at, spins, spins_at, weight):
        """out += weight * spins."""

        def codegen(context, builder, signature, args):
            align = alignment(signature.args[0])
            target = vectors(context, builder, signature.args[0], args[0], args[1], lanes)
            source = vectors(context, builder, signature.args[2], args[2], args[3], lanes)
            w = splat(builder, args[4], lanes)
            for p, q in zip(target, source, strict=True):
                old, new = builder.load(p, align=align), builder.load(q, align=align)
                builder.store(multiply_add(builder, w, new, old), p, align=align)
            return context.get_dummy_value()

        return types.void(out, types.intp, spins, types.intp, out.dtype), codegen

    @njit(parallel=True)
    def pairs(indptr, indices, values, spins, out, blocks):
        n = len(indptr) - 1
        for i in prange(n):
            for block in range(blocks):
                at = block * n
                for a in range(indptr[i], indptr[i + 1]):
                    add_scaled(out, (at + i) * 3 * lanes, spins, (at + indices[a]) * 3 * lanes, values[a])

    return pairs
