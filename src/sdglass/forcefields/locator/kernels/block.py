"""Closed loops of four spins for a block of replicas: whole vectors over the replicas.

The ways i -> j -> k of a site are listed once for all replicas, sorted by their far end k, so that the sums over
the middle site j stay in registers.
"""

from functools import cache

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from sdglass.forcefields.locator.kernels.llvm_vectors import (
    FAST,
    alignment,
    dot,
    load_at,
    multiply_add,
    splat,
    vectors,
)


@cache
def block_kernel(lanes, kernels):
    """Return the compiled sum for blocks of `lanes` replicas and a number of kernels K_p."""
    width = 3 * lanes

    @intrinsic
    def sum_and_close(typingctx, near, place, ways, start, stop, spins, spins_at, out, out_at, weights):
        """U_p = sum over ways from `start` to `stop`; out += sum_p 2 w_p [2 (S . U_p) U_p - U_p^2 S]."""

        def codegen(context, builder, signature, args):
            near_t, place_t, ways_t, _, _, spins_t, _, out_t, _, weights_t = signature.args
            near_v, place_v, ways_v, start_v, stop_v, spins_v, spins_at_v, out_v, out_at_v, weights_v = args
            align = alignment(near_t)
            vector = ir.VectorType(context.get_data_type(near_t.dtype), lanes)
            zero = ir.Constant(vector, None)
            sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(3)] for _ in range(kernels)]
            for kernel in sums:
                for p in kernel:
                    builder.store(zero, p)
            with cgutils.for_range_slice(builder, start_v, stop_v, ir.Constant(start_v.type, 1), inc=True) as (
                t,
                _,
            ):
                a = builder.sext(load_at(context, builder, place_t, place_v, t), start_v.type)
                offset = builder.mul(a, ir.Constant(a.type, width))
                s = [
                    builder.load(p, align=align) for p in vectors(context, builder, near_t, near_v, offset, lanes)
                ]
                for number, kernel in enumerate(sums):
                    index = builder.add(builder.mul(t, ir.Constant(t.type, kernels)), ir.Constant(t.type, number))
                    w = splat(builder, load_at(context, builder, ways_t, ways_v, index), lanes)
                    for p, x in zip(kernel, s, strict=True):
                        builder.store(multiply_add(builder, w, x, builder.load(p)), p)
            s = [
                builder.load(p, align=align)
                for p in vectors(context, builder, spins_t, spins_v, spins_at_v, lanes)
            ]
            target = vectors(context, builder, out_t, out_v, out_at_v, lanes)
            total = [builder.load(p, align=align) for p in target]
            for number, kernel in enumerate(sums):
                u = [builder.load(p) for p in kernel]
                w = load_at(context, builder, weights_t, weights_v, ir.Constant(start_v.type, number))
                twice = builder.fadd(w, w, flags=FAST)
                along = builder.fmul(
                    splat(builder, builder.fadd(twice, twice, flags=FAST), lanes),
                    dot(builder, s, u),
                    flags=FAST,
                )
                square = builder.fmul(splat(builder, twice, lanes), dot(builder, u, u), flags=FAST)
                for axis in range(3):
                    more = multiply_add(builder, along, u[axis], total[axis])
                    total[axis] = builder.fsub(more, builder.fmul(square, s[axis], flags=FAST), flags=FAST)
            for p, x in zip(target, total, strict=True):
                builder.store(x, p, align=align)
            return context.get_dummy_value()

        i = types.intp
        return types.void(near, place, ways, i, i, spins, i, out, i, weights), codegen

    @njit
    def site(
        i, indptr, indices, values, weights, spins, gradient, blocks,
        start, end, ways_to, filled, place, ways, near,
    ):  # fmt: skip
        """Add the loops through site i, over all middle sites and all far ends, to its gradient."""
        n = len(indptr) - 1
        first = indptr[i]
        total = 0
        for s in range(start[i], start[i + 1]):  # where the ways to each far end go
            filled[end[s]] = total
            total += ways_to[s]
        for a in range(first, indptr[i + 1]):
            j = indices[a]
            for b in range(indptr[j], indptr[j + 1]):
                k = indices[b]
                t = filled[k]
                filled[k] = t + 1
                place[t] = a - first
                for p in range(kernels):
                    ways[t * kernels + p] = values[a * kernels + p] * values[b * kernels + p]
        for block in range(blocks):
            at = block * n
            for a in range(first, indptr[i + 1]):
                source = (at + indices[a]) * width
                target = (a - first) * width
                for c in range(width):
                    near[target + c] = spins[source + c]
            begin = 0
            for s in range(start[i], start[i + 1]):
                stop = begin + ways_to[s]
                k = (at + end[s]) * width
                sum_and_close(near, place, ways, begin, stop, spins, k, gradient, (at + i) * width, weights)
                begin = stop

    @njit(parallel=True)
    def loops(
        indptr, indices, values, weights, spins, gradient, blocks, start, end, ways_to, neighbours, most, chunks
    ):
        n = len(indptr) - 1
        for chunk in prange(chunks):
            filled = np.empty(n, np.int64)  # ways that are in the list, by their far end
            place = np.empty(most, np.int32)  # middle site of each way i -> j -> k, sorted by its end k
            ways = np.empty(most * kernels, spins.dtype)  # K_ij K_jk
            near = np.empty(neighbours * width, spins.dtype)
            for i in range(n * chunk // chunks, n * (chunk + 1) // chunks):
                site(
                    i, indptr, indices, values, weights, spins, gradient, blocks,
                    start, end, ways_to, filled, place, ways, near,
                )  # fmt: skip

    return loops
