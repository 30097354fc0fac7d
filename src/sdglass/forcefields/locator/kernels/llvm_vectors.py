"""Whole vectors in the compiler's own language, and the number of threads of compiled sums.

From plain loops over a few numbers the compiler makes code that checks before each of them whether arrays
overlap, and keeps no sums in registers; it is several times slower.
"""

import os

from llvmlite import ir
from numba import config, set_num_threads

FAST = ("contract", "reassoc", "nsz")


def use_threads(count=None):
    """Let the compiled sums use `count` threads; by default OMP_NUM_THREADS, as BLAS and torch, or all cores."""
    if count is None:  # OMP_NUM_THREADS may be a list, one number per level of nesting
        first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
        count = int(first) if first.isdigit() else config.NUMBA_NUM_THREADS
    set_num_threads(max(1, min(count, config.NUMBA_NUM_THREADS)))


def vectors(context, builder, array_type, array, offset, lanes):
    """Return pointers to the x, y and z vectors that start at `offset` of a flat array."""
    pointer = ir.PointerType(ir.VectorType(context.get_data_type(array_type.dtype), lanes))
    data = context.make_array(array_type)(context, builder, array).data
    starts = (builder.add(offset, ir.Constant(offset.type, axis * lanes)) for axis in range(3))
    return [builder.bitcast(builder.gep(data, [start]), pointer) for start in starts]


def load_at(context, builder, array_type, array, index):
    """Return one number of a flat array."""
    return builder.load(builder.gep(context.make_array(array_type)(context, builder, array).data, [index]))


def alignment(array_type):
    """Return the number of bytes that places in an array are multiples of: those of one number."""
    return array_type.dtype.bitwidth // 8


def splat(builder, value, lanes):
    """Return a vector of equal numbers."""
    vector = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    vector = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes))


def multiply_add(builder, a, b, c):
    """Return a * b + c."""
    return builder.fadd(builder.fmul(a, b, flags=FAST), c, flags=FAST)


def dot(builder, a, b):
    """Return the sum of products of x, y and z vectors."""
    total = builder.fmul(a[0], b[0], flags=FAST)
    for x, y in zip(a[1:], b[1:], strict=True):
        total = multiply_add(builder, x, y, total)
    return total
