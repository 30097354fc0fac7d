"""Compiled sums over pairs and closed loops of four spins, many replicas at a time.

Everything is a row: the energy and the field of site i need only the rows of its neighbours. So sites are
independent, the result does not depend on the number of threads, and memory is a few buffers per thread beside
the frozen lists. The innermost loops run over the x, y and z components of a block of replicas as whole vectors,
and the sums over the middle site of a loop stay in registers.
"""

import os
from functools import cache

import numpy as np
from llvmlite import ir
from numba import config, get_num_threads, njit, prange, set_num_threads, types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16  # replicas of one block: 64 bytes of float32, one vector register

_CHUNKS_PER_THREAD = 8  # pieces of work per thread: even load, and few buffers
_FAST = ("contract", "reassoc", "nsz")


def to_blocks(spins, dtype):
    """Return spins (R, N, 3) as blocks of replicas, shape (B, N, 3 L), the last one padded with zeros.

    L is `LANES`, or 1 for a single replica.
    """
    replicas, n, _ = spins.shape
    lanes = 1 if replicas == 1 else LANES
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


def loop_field(indptr, indices, values, weights, spins, sizes=None):
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
    sizes : tuple of int, optional
        `largest_reach` of the lists, if it is known already.

    Returns
    -------
    energy : numpy.ndarray, shape (B L,)
    field : numpy.ndarray, shape (B, N, 3 L)
    """
    blocks, n, width = spins.shape
    sizes = largest_reach(indptr, indices) if sizes is None else sizes
    gradient = np.zeros_like(spins)  # of one spin of the trace, the others held fixed
    chunks = max(1, min(n, _CHUNKS_PER_THREAD * get_num_threads()))
    loops = _loop_kernel(width // 3, values.shape[1])
    weights = weights.astype(spins.dtype)
    loops(indptr, indices, values.ravel(), weights, spins.ravel(), gradient.reshape(-1), blocks, *sizes, chunks)
    energy = np.einsum("bnw,bnw->bw", spins, gradient, dtype=float).reshape(blocks, 3, -1).sum(axis=1).ravel()
    # The trace is the same whichever of its four spins is differentiated.
    gradient *= -4
    return energy, gradient


@njit(cache=True)
def largest_reach(indptr, indices):
    """Return the largest numbers of neighbours, of sites that two hops reach, and of ways of two hops."""
    n = len(indptr) - 1
    seen = np.full(n, -1, np.int32)
    neighbours, reach, ways = 0, 0, 0
    for i in range(n):
        count, total = 0, 0
        for a in range(indptr[i], indptr[i + 1]):
            j = indices[a]
            total += indptr[j + 1] - indptr[j]
            for b in range(indptr[j], indptr[j + 1]):
                if seen[indices[b]] != i:
                    seen[indices[b]] = i
                    count += 1
        neighbours, reach, ways = max(neighbours, indptr[i + 1] - indptr[i]), max(reach, count), max(ways, total)
    return neighbours, reach, ways


def use_threads(count=None):
    """Let the compiled sums use `count` threads; by default OMP_NUM_THREADS, as BLAS and torch, or all cores."""
    if count is None:  # OMP_NUM_THREADS may be a list, one number per level of nesting
        first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
        count = int(first) if first.isdigit() else config.NUMBA_NUM_THREADS
    set_num_threads(max(1, min(count, config.NUMBA_NUM_THREADS)))


# Whole vectors in the compiler's own language: from plain loops it makes code that checks before each of these
# short loops whether arrays overlap, and keeps no sums in registers; it is several times slower.


def _vectors(context, builder, array_type, array, offset, lanes):
    """Return pointers to the x, y and z vectors that start at `offset` of a flat array."""
    pointer = ir.PointerType(ir.VectorType(context.get_data_type(array_type.dtype), lanes))
    data = context.make_array(array_type)(context, builder, array).data
    starts = (builder.add(offset, ir.Constant(offset.type, axis * lanes)) for axis in range(3))
    return [builder.bitcast(builder.gep(data, [start]), pointer) for start in starts]


def _load(context, builder, array_type, array, index):
    return builder.load(builder.gep(context.make_array(array_type)(context, builder, array).data, [index]))


def _align(array_type):
    return array_type.dtype.bitwidth // 8


def _splat(builder, value, lanes):
    vector = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    vector = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes))


def _multiply_add(builder, a, b, c):
    return builder.fadd(builder.fmul(a, b, flags=_FAST), c, flags=_FAST)


def _dot(builder, a, b):
    total = builder.fmul(a[0], b[0], flags=_FAST)
    for x, y in zip(a[1:], b[1:], strict=True):
        total = _multiply_add(builder, x, y, total)
    return total


@cache
def _pair_kernel(lanes):
    @intrinsic
    def add_scaled(typingctx, out, out_at, spins, spins_at, weight):
        """out += weight * spins."""

        def codegen(context, builder, signature, args):
            align = _align(signature.args[0])
            target = _vectors(context, builder, signature.args[0], args[0], args[1], lanes)
            source = _vectors(context, builder, signature.args[2], args[2], args[3], lanes)
            w = _splat(builder, args[4], lanes)
            for p, q in zip(target, source, strict=True):
                old, new = builder.load(p, align=align), builder.load(q, align=align)
                builder.store(_multiply_add(builder, w, new, old), p, align=align)
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


@cache
def _loop_kernel(lanes, kernels):
    width = 3 * lanes

    @intrinsic
    def sum_and_close(typingctx, near, place, ways, start, stop, spins, spins_at, out, out_at, weights):
        """U_p = sum over ways from `start` to `stop`; out += sum_p 2 w_p [2 (S . U_p) U_p - U_p^2 S]."""

        def codegen(context, builder, signature, args):
            near_t, place_t, ways_t, _, _, spins_t, _, out_t, _, weights_t = signature.args
            near_v, place_v, ways_v, start_v, stop_v, spins_v, spins_at_v, out_v, out_at_v, weights_v = args
            align = _align(near_t)
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
                a = builder.sext(_load(context, builder, place_t, place_v, t), start_v.type)
                offset = builder.mul(a, ir.Constant(a.type, width))
                s = [
                    builder.load(p, align=align) for p in _vectors(context, builder, near_t, near_v, offset, lanes)
                ]
                for number, kernel in enumerate(sums):
                    index = builder.add(builder.mul(t, ir.Constant(t.type, kernels)), ir.Constant(t.type, number))
                    w = _splat(builder, _load(context, builder, ways_t, ways_v, index), lanes)
                    for p, x in zip(kernel, s, strict=True):
                        builder.store(_multiply_add(builder, w, x, builder.load(p)), p)
            s = [
                builder.load(p, align=align)
                for p in _vectors(context, builder, spins_t, spins_v, spins_at_v, lanes)
            ]
            target = _vectors(context, builder, out_t, out_v, out_at_v, lanes)
            total = [builder.load(p, align=align) for p in target]
            for number, kernel in enumerate(sums):
                u = [builder.load(p) for p in kernel]
                w = _load(context, builder, weights_t, weights_v, ir.Constant(start_v.type, number))
                twice = builder.fadd(w, w, flags=_FAST)
                along = builder.fmul(
                    _splat(builder, builder.fadd(twice, twice, flags=_FAST), lanes),
                    _dot(builder, s, u),
                    flags=_FAST,
                )
                square = builder.fmul(_splat(builder, twice, lanes), _dot(builder, u, u), flags=_FAST)
                for axis in range(3):
                    more = _multiply_add(builder, along, u[axis], total[axis])
                    total[axis] = builder.fsub(more, builder.fmul(square, s[axis], flags=_FAST), flags=_FAST)
            for p, x in zip(target, total, strict=True):
                builder.store(x, p, align=align)
            return context.get_dummy_value()

        i = types.intp
        return types.void(near, place, ways, i, i, spins, i, out, i, weights), codegen

    @njit
    def site(i, indptr, indices, values, weights, spins, gradient, blocks, slot, reached, end, place, ways, near):
        """Add the loops through site i, over all middle sites and all far ends, to its gradient."""
        n = len(indptr) - 1
        first = indptr[i]
        count = 0
        for a in range(first, indptr[i + 1]):
            j = indices[a]
            for b in range(indptr[j], indptr[j + 1]):
                k = indices[b]
                s = slot[k]
                if s < 0:
                    s = count
                    slot[k] = s
                    reached[s] = k
                    end[s] = 0
                    count += 1
                end[s] += 1
        total = 0
        for s in range(count):  # where the ways to each far end start; filling moves it to where they stop
            here = end[s]
            end[s] = total
            total += here
        for a in range(first, indptr[i + 1]):
            j = indices[a]
            for b in range(indptr[j], indptr[j + 1]):
                s = slot[indices[b]]
                t = end[s]
                end[s] = t + 1
                place[t] = a - first
                for p in range(kernels):
                    ways[t * kernels + p] = values[a * kernels + p] * values[b * kernels + p]
        for s in range(count):
            slot[reached[s]] = -1
        for block in range(blocks):
            at = block * n
            for a in range(first, indptr[i + 1]):
                source = (at + indices[a]) * width
                target = (a - first) * width
                for c in range(width):
                    near[target + c] = spins[source + c]
            start = 0
            for s in range(count):
                k = (at + reached[s]) * width
                sum_and_close(near, place, ways, start, end[s], spins, k, gradient, (at + i) * width, weights)
                start = end[s]

    @njit(parallel=True)
    def loops(indptr, indices, values, weights, spins, gradient, blocks, neighbours, reach, most, chunks):
        n = len(indptr) - 1
        for chunk in prange(chunks):
            slot = np.full(n, -1, np.int32)  # number of site k among those that two hops from i reach
            reached = np.empty(reach, np.int32)
            end = np.empty(reach, np.int64)
            place = np.empty(most, np.int32)  # middle site of each way i -> j -> k, sorted by its end k
            ways = np.empty(most * kernels, spins.dtype)  # K_ij K_jk
            near = np.empty(neighbours * width, spins.dtype)
            for i in range(n * chunk // chunks, n * (chunk + 1) // chunks):
                site(
                    i, indptr, indices, values, weights, spins, gradient, blocks,
                    slot, reached, end, place, ways, near,
                )  # fmt: skip

    return loops
