"""Closed loops of four spins for a block of replicas.

The ways i -> j -> k of a site are listed once for all replicas, sorted by their far end k. Then U_k, the sum over
the middle sites j of K_ij K_jk S_j, is a sum of whole vectors over the replicas that stays in registers. That sum
alone is written in the compiler's own terms: the fastest of several forms in plain numba took about 1.7 times as
long for 16 replicas and 2.2 times for 200 (N = 1000, one core with AVX-512).
"""

from functools import cache

import numpy as np
from llvmlite import ir
from numba import get_num_threads, njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from sdglass.compiled import is_forked
from sdglass.forcefields.locator.kernels.lanes import Array, Lanes

PIECES_PER_THREAD = 8  # pieces of the sites per thread: even load, and few buffers


def gradient_of_blocks(start, neighbour, hops, weights, spins, reach):
    """Return what `one_replica.gradient_of_one` does for blocks (B, N, 3, L), L replicas of each side by side."""
    blocks, n, _, lanes = spins.shape
    gradient = np.zeros_like(spins)
    threads = 1 if is_forked() else get_num_threads()
    pieces = max(1, min(n, PIECES_PER_THREAD * threads))
    kernel = _compiled_loops(lanes, hops.shape[1], not is_forked())
    far = reach.start, reach.end, reach.ways, reach.most_neighbours, reach.most_ways
    rows = spins.reshape(blocks * n, 3 * lanes), gradient.reshape(blocks * n, 3 * lanes)
    kernel(start, neighbour, hops, weights, *rows, blocks, *far, pieces)
    return gradient


@cache
def _compiled_loops(lanes, kernels, parallel):
    """Return the compiled sum over loops for blocks of `lanes` replicas and a number of kernels K_p."""
    add_end = _add_far_end(lanes, kernels)

    @njit
    def add_site(i, start, neighbour, hops, weights, spins, gradient, blocks, far, end, ways_to, buffers):
        """Add the loops through site i, over all middle sites and all far ends, to its gradient."""
        n = len(start) - 1
        filled, middle, ways, near = buffers
        total = 0
        for s in range(far[i], far[i + 1]):  # where the ways to each far end go
            filled[end[s]] = total
            total += ways_to[s]
        for a in range(start[i], start[i + 1]):
            j = neighbour[a]
            for b in range(start[j], start[j + 1]):
                t = filled[neighbour[b]]
                filled[neighbour[b]] = t + np.uint64(1)  # unsigned: no test for an index from the end
                middle[t] = a - start[i]
                for p in range(kernels):
                    ways[t, p] = hops[a, p] * hops[b, p]
        for block in range(blocks):
            first = block * n  # row of the block's first site
            for a in range(start[i], start[i + 1]):
                for c in range(3 * lanes):
                    near[a - start[i], c] = spins[first + neighbour[a], c]
            begin = 0
            for s in range(far[i], far[i + 1]):
                stop = begin + ways_to[s]
                add_end(near, middle, ways, begin, stop, spins, first + end[s], gradient, first + i, weights)
                begin = stop

    @njit(parallel=parallel)
    def loops(
        start, neighbour, hops, weights, spins, gradient, blocks,
        far, end, ways_to, most_neighbours, most_ways, pieces,
    ):  # fmt: skip
        n = len(start) - 1
        for piece in prange(pieces):
            filled = np.empty(n, np.uint64)  # ways that are listed already, by their far end
            middle = np.empty(most_ways, np.int32)  # place of j among the neighbours of i, for each way
            ways = np.empty((most_ways, kernels), spins.dtype)  # K_ij K_jk
            near = np.empty((most_neighbours, 3 * lanes), spins.dtype)  # S_j
            buffers = filled, middle, ways, near
            for i in range(n * piece // pieces, n * (piece + 1) // pieces):
                add_site(i, start, neighbour, hops, weights, spins, gradient, blocks, far, end, ways_to, buffers)

    return loops


def _add_far_end(lanes, kernels):
    """Return the intrinsic for one far end k: with U_p = sum_t ways[t, p] near[middle[t]], t from begin to stop,

    gradient[i] += sum_p 2 w_p [2 (S_k . U_p) U_p - U_p^2 S_k]
    """

    @intrinsic
    def add_end(typingctx, near, middle, ways, begin, stop, spins, k, gradient, i, weights):
        def codegen(context, builder, signature, args):
            def array(position):
                return Array(context, builder, signature.args[position], args[position], lanes)

            near, middle, ways, spins, gradient, weights = map(array, (0, 1, 2, 5, 7, 9))
            begin, stop, k, i = (args[position] for position in (3, 4, 6, 8))

            def integer(value):
                return ir.Constant(begin.type, value)

            zero = ir.Constant(ir.VectorType(near.number, lanes), None)
            # Variables of a loop; the compiler finds that they may stay in registers.
            sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(3)] for _ in range(kernels)]
            for place in (place for u in sums for place in u):
                builder.store(zero, place)
            with cgutils.for_range_slice(builder, begin, stop, integer(1), inc=True) as (t, _):
                s_j = near.load(builder.sext(middle.scalar(t), t.type))
                for p, u in enumerate(sums):
                    hop = ways.repeated(builder.add(builder.mul(t, integer(kernels)), integer(p)))
                    for place, s in zip(u, s_j, strict=True):
                        builder.store((hop * s + Lanes(builder, builder.load(place))).value, place)
            s_k, total = spins.load(k), gradient.load(i)
            for p, places in enumerate(sums):
                u = [Lanes(builder, builder.load(place)) for place in places]
                w = weights.repeated(integer(p))
                along = (w + w + w + w) * Lanes.dot(s_k, u)
                square = (w + w) * Lanes.dot(u, u)
                total = [g + along * x - square * s for g, x, s in zip(total, u, s_k, strict=True)]
            gradient.store(i, total)
            return context.get_dummy_value()

        whole = types.intp
        return types.void(near, middle, ways, whole, whole, spins, whole, gradient, whole, weights), codegen

    return add_end
