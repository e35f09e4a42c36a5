"""The values that kernels are written in: each operation on them writes an LLVM instruction.

A kernel is a Python function that runs once, when it is compiled. Its loops and conditions are
context managers; what Python itself loops over or decides is unrolled. `Lanes` are one vector of
the processor, one number for each sample of a block, so kernels read as for a single sample.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from qiskit_qmu.simulator.compiled.job import VECTOR_BYTES

_FUSED = ("contract", "nsz")  # a product and a sum may become one instruction
_WHOLE = ir.IntType(64)
_INDEX = ir.IntType(32)
_BYTES = {"float": 4, "double": 8}


class Writer:
    """Writes one function ``name(job, room, first, last)`` of a module.

    Attributes:
        job: A table of 64-bit integers: numbers and addresses.
        room: Working memory.
        first: The first number of a range.
        last: Its end.
    """

    def __init__(self, module: ir.Module, name: str, number: ir.Type) -> None:
        self.number = number
        self.width = VECTOR_BYTES // _BYTES[str(number)]
        self.vector = ir.VectorType(number, self.width)
        form = ir.FunctionType(
            ir.VoidType(), [_WHOLE.as_pointer(), self.vector.as_pointer(), _WHOLE, _WHOLE]
        )
        function = ir.Function(module, form, name)
        job, room, first, last = function.args
        # Variables belong to the entry, so that LLVM keeps them in registers.
        self._entry = ir.IRBuilder(function.append_basic_block())
        self._body = function.append_basic_block()
        self.builder = ir.IRBuilder(self._body)
        self.job = Wholes(self, job, _WHOLE)
        self.room = LaneRows(self, room)
        self.first, self.last = Whole(self, first), Whole(self, last)

    def end(self) -> None:
        """Write the end of the function."""
        self._entry.branch(self._body)
        self.builder.ret_void()

    @contextmanager
    def loop(self, count: "Whole | int") -> "Iterator[Whole]":
        """Repeat the block for 0 to ``count`` - 1."""
        counter = self._entry.alloca(_WHOLE)
        self.builder.store(_WHOLE(0), counter)
        head, body, end = (self.builder.append_basic_block() for _ in range(3))
        self.builder.branch(head)
        self.builder.position_at_end(head)
        current = Whole(self, self.builder.load(counter, typ=_WHOLE))
        self.builder.cbranch(current < count, body, end)
        self.builder.position_at_end(body)
        yield current
        self.builder.store((current + 1).value, counter)
        self.builder.branch(head)
        self.builder.position_at_end(end)

    def spread(self, number: ir.Value) -> "Lanes":
        """Return equal numbers in all lanes."""
        one = self.builder.insert_element(ir.Constant(self.vector, ir.Undefined), number, _INDEX(0))
        mask = ir.Constant(ir.VectorType(_INDEX, self.width), [0] * self.width)
        return Lanes(self, self.builder.shuffle_vector(one, one, mask))

    def constant(self, number: float) -> "Lanes":
        """Return a constant in all lanes."""
        return Lanes(self, ir.Constant(self.vector, [self.number(number)] * self.width))

    def total(self) -> "Total":
        """Return a sum that starts at 0."""
        place = self._entry.alloca(self.vector)
        total = Total(self, place)
        total.value = self.constant(0)
        return total

    def rows(self, count: int) -> "LaneRows":
        """Return a few rows of the function's own."""
        place = self._entry.alloca(self.vector, _WHOLE(count))
        return LaneRows(self, place)


@dataclass(frozen=True)
class Whole:
    """A 64-bit integer."""

    writer: Writer
    value: ir.Value

    def _other(self, other: "Whole | int") -> ir.Value:
        return _WHOLE(other) if isinstance(other, int) else other.value

    def __add__(self, other: "Whole | int") -> "Whole":
        return Whole(self.writer, self.writer.builder.add(self.value, self._other(other)))

    def __sub__(self, other: "Whole | int") -> "Whole":
        return Whole(self.writer, self.writer.builder.sub(self.value, self._other(other)))

    def __mul__(self, other: "Whole | int") -> "Whole":
        return Whole(self.writer, self.writer.builder.mul(self.value, self._other(other)))

    def __floordiv__(self, other: "Whole | int") -> "Whole":
        return Whole(self.writer, self.writer.builder.sdiv(self.value, self._other(other)))

    def __mod__(self, other: "Whole | int") -> "Whole":
        return Whole(self.writer, self.writer.builder.srem(self.value, self._other(other)))

    __radd__ = __add__
    __rmul__ = __mul__

    def power_of_two(self) -> "Whole":
        """Return 2 to this power."""
        return Whole(self.writer, self.writer.builder.shl(_WHOLE(1), self.value))

    def __lt__(self, other: "Whole | int") -> Any:
        return self.writer.builder.icmp_signed("<", self.value, self._other(other))

    def __ge__(self, other: "Whole | int") -> Any:
        return self.writer.builder.icmp_signed(">=", self.value, self._other(other))

    def __gt__(self, other: "Whole | int") -> Any:
        return self.writer.builder.icmp_signed(">", self.value, self._other(other))

    def equals(self, other: int) -> Any:
        """Return the condition that this is ``other``."""
        return self.writer.builder.icmp_signed("==", self.value, self._other(other))


@dataclass(frozen=True)
class Lanes:
    """Real numbers, one for each sample of a block."""

    writer: Writer
    value: ir.Value

    def __add__(self, other: "Lanes") -> "Lanes":
        return self._made(self.writer.builder.fadd(self.value, other.value, flags=_FUSED))

    def __sub__(self, other: "Lanes") -> "Lanes":
        return self._made(self.writer.builder.fsub(self.value, other.value, flags=_FUSED))

    def __mul__(self, other: "Lanes") -> "Lanes":
        return self._made(self.writer.builder.fmul(self.value, other.value, flags=_FUSED))

    def __neg__(self) -> "Lanes":
        return self._made(self.writer.builder.fneg(self.value, flags=_FUSED))

    def _made(self, value: ir.Value) -> "Lanes":
        return Lanes(self.writer, value)


class Total:
    """A variable of the function."""

    def __init__(self, writer: Writer, place: ir.Value) -> None:
        self._rows = LaneRows(writer, place)

    @property
    def value(self) -> Lanes:
        """Its value now."""
        return self._rows[0]

    @value.setter
    def value(self, lanes: Lanes) -> None:
        self._rows[0] = lanes

    def add(self, lanes: Lanes) -> None:
        """Add to it."""
        self.value = self.value + lanes


@dataclass(frozen=True)
class Wholes:
    """A table of integers in memory."""

    writer: Writer
    pointer: ir.Value
    kind: ir.Type

    def __getitem__(self, index: Whole | int) -> Whole:
        builder = self.writer.builder
        value = builder.load(_place(self.writer, self.pointer, index, self.kind), typ=self.kind)
        return Whole(self.writer, value if self.kind == _WHOLE else builder.sext(value, _WHOLE))

    def behind(self, index: Whole | int) -> "Wholes":
        """Return the table from an index on."""
        place = _place(self.writer, self.pointer, index, self.kind)
        return Wholes(self.writer, place, self.kind)


@dataclass(frozen=True)
class Numbers:
    """A table of real numbers in memory, the same for all samples."""

    writer: Writer
    pointer: ir.Value

    def __getitem__(self, index: Whole | int) -> Lanes:
        number = self.writer.number
        place = _place(self.writer, self.pointer, index, number)
        return self.writer.spread(self.writer.builder.load(place, typ=number))

    def behind(self, index: Whole | int) -> "Numbers":
        """Return the table from an index on."""
        place = _place(self.writer, self.pointer, index, self.writer.number)
        return Numbers(self.writer, place)


@dataclass(frozen=True)
class LaneRows:
    """Memory as rows of lanes."""

    writer: Writer
    pointer: ir.Value

    def __getitem__(self, row: Whole | int) -> Lanes:
        writer = self.writer
        place = _place(writer, self.pointer, row, writer.vector)
        # numpy and torch align to the size of a number only.
        value = writer.builder.load(place, align=_BYTES[str(writer.number)], typ=writer.vector)
        return Lanes(writer, value)

    def __setitem__(self, row: Whole | int, lanes: Lanes) -> None:
        writer = self.writer
        place = _place(writer, self.pointer, row, writer.vector)
        writer.builder.store(lanes.value, place, align=_BYTES[str(writer.number)])

    def behind(self, row: Whole | int) -> "LaneRows":
        """Return the memory from a row on."""
        return LaneRows(self.writer, _place(self.writer, self.pointer, row, self.writer.vector))


def _place(writer: Writer, pointer: ir.Value, index: Whole | int, kind: ir.Type) -> ir.Value:
    value = _WHOLE(index) if isinstance(index, int) else index.value
    return writer.builder.gep(pointer, [value], source_etype=kind)


def wholes_at(writer: Writer, address: Whole, bits: int) -> Wholes:
    """Return a table of integers of some bits at an address."""
    kind = ir.IntType(bits)
    return Wholes(writer, writer.builder.inttoptr(address.value, kind.as_pointer()), kind)


def numbers_at(writer: Writer, address: Whole) -> Numbers:
    """Return a table of real numbers at an address."""
    return Numbers(writer, writer.builder.inttoptr(address.value, writer.number.as_pointer()))


def rows_at(writer: Writer, address: Whole) -> LaneRows:
    """Return rows of lanes at an address."""
    return LaneRows(writer, writer.builder.inttoptr(address.value, writer.vector.as_pointer()))
