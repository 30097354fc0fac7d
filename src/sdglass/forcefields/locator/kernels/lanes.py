"""Numbers of many replicas as one value of the compiler, for formulas in compiled code.

numba has no such type, and from loops over a few numbers the compiler makes code that asks before each of them
whether arrays overlap, and keeps no sums in registers (see `replica_block` for what that costs).
"""

from llvmlite import ir

FAST = ("contract", "reassoc", "nsz")


class Lanes:
    """An LLVM vector, one number per replica, with + - * and `Lanes.dot` written as formulas."""

    def __init__(self, builder, value):
        self.builder = builder
        self.value = value

    def __add__(self, other):
        return Lanes(self.builder, self.builder.fadd(self.value, other.value, flags=FAST))

    def __sub__(self, other):
        return Lanes(self.builder, self.builder.fsub(self.value, other.value, flags=FAST))

    def __mul__(self, other):
        return Lanes(self.builder, self.builder.fmul(self.value, other.value, flags=FAST))

    @staticmethod
    def dot(a, b):
        """Return the scalar product of two lists of x, y and z."""
        return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


class Array:
    """A C-contiguous array argument of a numba intrinsic, addressed as flat memory, `lanes` replicas side by side.

    `kind` and `value` are the argument's type and value, as numba hands them to the code generator.
    """

    def __init__(self, context, builder, kind, value, lanes):
        self.builder, self.lanes = builder, lanes
        self.data = context.make_array(kind)(context, builder, value).data
        self.number = context.get_data_type(kind.dtype)
        self.bytes = kind.dtype.bitwidth // 8  # what places in an array are multiples of, not whole vectors

    def scalar(self, index):
        """Return the number at an index."""
        return self.builder.load(self.builder.gep(self.data, [index]))

    def repeated(self, index):
        """Return the number at an index as `Lanes` of equal numbers."""
        vector = ir.Constant(ir.VectorType(self.number, self.lanes), ir.Undefined)
        vector = self.builder.insert_element(vector, self.scalar(index), ir.Constant(ir.IntType(32), 0))
        every = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return Lanes(self.builder, self.builder.shuffle_vector(vector, vector, every))

    def _places(self, row):
        pointer = ir.PointerType(ir.VectorType(self.number, self.lanes))
        first = self.builder.mul(row, ir.Constant(row.type, 3 * self.lanes))
        for axis in range(3):
            start = self.builder.add(first, ir.Constant(row.type, axis * self.lanes))
            yield self.builder.bitcast(self.builder.gep(self.data, [start]), pointer)

    def load(self, row):
        """Return x, y and z of a row of an array (.., 3, L)."""
        return [Lanes(self.builder, self.builder.load(p, align=self.bytes)) for p in self._places(row)]

    def store(self, row, vectors):
        """Set x, y and z of a row."""
        for place, vector in zip(self._places(row), vectors, strict=True):
            self.builder.store(vector.value, place, align=self.bytes)
