"""Vectors of processor lanes as a type of Numba's: what a compiler would not vectorize by itself.

Pairs of amplitudes are addressed through tables, so LLVM cannot know that the rows it reads and
writes do not overlap, and leaves such loops scalar. With the samples of a block as one value, a
kernel is written as for a single sample, and every operation is one vector instruction.
"""

# ruff: noqa: ARG001  # Numba dictates the arguments of what it calls.

import operator
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.datamodel.models import PrimitiveModel
from numba.core.datamodel.registry import register_default
from numba.core.extending import intrinsic, lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.np.arrayobj import make_array

VECTOR_BYTES = 32
_FLAGS = ("contract", "nsz")  # a product and a sum may become one fused instruction


class Vector(types.Type):
    """Numbers of one real type, one for each sample of a block."""

    def __init__(self, dtype: types.Float) -> None:
        self.dtype = dtype
        self.width = VECTOR_BYTES * 8 // dtype.bitwidth
        super().__init__(name=f"Vector({dtype}, {self.width})")


@register_default(Vector)
class _VectorModel(PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        number = ir.FloatType() if kind.dtype.bitwidth == 32 else ir.DoubleType()
        super().__init__(manager, kind, ir.VectorType(number, kind.width))


def _pointer(context: Any, builder: Any, array: Any, kind: Any, row: Any) -> Any:
    """Return the address of row ``row`` of an array whose rows are vectors."""
    vector = context.get_value_type(Vector(kind.dtype))
    data = make_array(kind)(context, builder, array).data
    return builder.gep(builder.bitcast(data, vector.as_pointer()), [row]), vector


@intrinsic
def load(typing: Any, array: Any, row: Any) -> Any:
    """Return row ``row`` of a C-contiguous array, read as rows of one vector each."""

    def generate(context: Any, builder: Any, form: Any, arguments: Any) -> Any:
        place, vector = _pointer(context, builder, arguments[0], form.args[0], arguments[1])
        return builder.load(place, align=form.args[0].dtype.bitwidth // 8, typ=vector)

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, row: Any, value: Any) -> Any:
    """Write row ``row`` of a C-contiguous array, taken as rows of one vector each."""

    def generate(context: Any, builder: Any, form: Any, arguments: Any) -> Any:
        place, _ = _pointer(context, builder, arguments[0], form.args[0], arguments[1])
        builder.store(arguments[2], place, align=form.args[0].dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


@intrinsic
def spread(typing: Any, number: Any) -> Any:
    """Return a vector of equal numbers."""

    def generate(context: Any, builder: Any, form: Any, arguments: Any) -> Any:
        kind = context.get_value_type(form.return_type)
        first = ir.IntType(32)(0)
        one = builder.insert_element(ir.Constant(kind, ir.Undefined), arguments[0], first)
        mask = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
        return builder.shuffle_vector(one, one, mask)

    return Vector(number)(number), generate


@intrinsic
def zeros(typing: Any, array: Any) -> Any:
    """Return a vector of zeros of an array's type."""

    def generate(context: Any, builder: Any, form: Any, arguments: Any) -> Any:
        return ir.Constant(context.get_value_type(form.return_type), None)

    return Vector(array.dtype)(array), generate


class _OfTwoVectors(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 2 and isinstance(args[0], Vector) and args[0] == args[1]:
            return signature(args[0], *args)
        return None


def _define(function: Any, instruction: str) -> None:
    infer_global(function)(type(f"_{instruction}", (_OfTwoVectors,), {}))

    @lower_builtin(function, Vector, Vector)
    def generate(context: Any, builder: Any, form: Any, arguments: Any) -> Any:
        return getattr(builder, instruction)(*arguments, flags=_FLAGS)


for _function, _instruction in (
    (operator.add, "fadd"),
    (operator.iadd, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
):
    _define(_function, _instruction)
