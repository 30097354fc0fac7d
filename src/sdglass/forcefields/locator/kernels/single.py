"""Closed loops of four spins for one replica at a time: whole vectors over kernels and components.

U_k = sum_j K_ij K_jk S_j of one site i is a short vector per far end k, kept for all of them at once: every way
i -> j -> k is one multiplication and addition to the vector of its end. Sites that follow each other in space
keep those that are in use in the nearest cache.
"""

from functools import cache

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from sdglass.forcefields.locator.kernels.llvm_vectors import alignment, multiply_add

_COMPONENTS = 4  # x, y, z, and one that makes vectors of a length that processors have


@cache
def single_kernel(kernels):
    """Return the compiled sum for single replicas and a number of kernels K_p."""
    width = _COMPONENTS * kernels

    @intrinsic
    def spread(typingctx, sums, indices, values, start, stop, factors):
        """U_k += factors * K_jk for the neighbours k of one site j."""

        def codegen(context, builder, signature, args):
            sums_t, indices_t, values_t, _, _, factors_t = signature.args
            sums_v, indices_v, values_v, start_v, stop_v, factors_v = args
            align = alignment(sums_t)
            number = context.get_data_type(sums_t.dtype)
            vector, short = (ir.VectorType(number, count).as_pointer() for count in (width, kernels))
            sums_at, indices_at, values_at, factors_at = (
                context.make_array(kind)(context, builder, array).data
                for kind, array in (
                    (sums_t, sums_v),
                    (indices_t, indices_v),
                    (values_t, values_v),
                    (factors_t, factors_v),
                )
            )
            factor = builder.load(builder.bitcast(factors_at, vector), align=align)
            every = [p for p in range(kernels) for _ in range(_COMPONENTS)]
            repeated = ir.Constant(ir.VectorType(ir.IntType(32), width), every)
            with cgutils.for_range_slice(builder, start_v, stop_v, ir.Constant(start_v.type, 1), inc=True) as (
                b,
                _,
            ):
                k = builder.sext(builder.load(builder.gep(indices_at, [b])), start_v.type)
                place = builder.gep(values_at, [builder.mul(b, ir.Constant(b.type, kernels))])
                hop = builder.load(builder.bitcast(place, short), align=align)
                hop = builder.shuffle_vector(hop, hop, repeated)
                place = builder.gep(sums_at, [builder.mul(k, ir.Constant(k.type, width))])
                place = builder.bitcast(place, vector)
                builder.store(
                    multiply_add(builder, factor, hop, builder.load(place, align=align)), place, align=align
                )
            return context.get_dummy_value()

        i = types.intp
        return types.void(sums, indices, values, i, i, factors), codegen

    @njit
    def close(i, start, end, weights, spins, at, sums, gradient):
        """Set the gradient of site i, sum_kp 2 w_p [2 (S_k . U_p) U_p - U_p^2 S_k], and the sums to zero."""
        gx = gy = gz = spins.dtype.type(0)
        for s in range(start[i], start[i + 1]):
            k = end[s]
            x, y, z = spins[at + 3 * k], spins[at + 3 * k + 1], spins[at + 3 * k + 2]
            for p in range(kernels):
                first = k * width + p * _COMPONENTS
                ux, uy, uz = sums[first], sums[first + 1], sums[first + 2]
                twice = 2 * weights[p]
                along = 2 * twice * (x * ux + y * uy + z * uz)
                square = twice * (ux * ux + uy * uy + uz * uz)
                gx += along * ux - square * x
                gy += along * uy - square * y
                gz += along * uz - square * z
            for c in range(k * width, (k + 1) * width):
                sums[c] = 0
        gradient[at + 3 * i], gradient[at + 3 * i + 1], gradient[at + 3 * i + 2] = gx, gy, gz

    @njit(parallel=True)
    def loops(indptr, indices, values, weights, spins, gradient, blocks, start, end, chunks):
        n = len(indptr) - 1
        for chunk in prange(chunks):
            sums = np.zeros(n * width, spins.dtype)
            factors = np.zeros(width, spins.dtype)
            for block in range(blocks):
                at = 3 * n * block
                for i in range(n * chunk // chunks, n * (chunk + 1) // chunks):
                    for a in range(indptr[i], indptr[i + 1]):
                        j = indices[a]
                        for p in range(kernels):
                            for c in range(3):
                                factors[p * _COMPONENTS + c] = values[a * kernels + p] * spins[at + 3 * j + c]
                        spread(sums, indices, values, indptr[j], indptr[j + 1], factors)
                    close(i, start, end, weights, spins, at, sums, gradient)

    return loops
