"""The interpreter of operation lists: blocks of samples forward, and back by the adjoint method.

Written once for all circuits, in each precision. A block's state is an array (2^n, 2, W): the real
and imaginary parts of each amplitude, for W samples. Gates find the amplitudes that they pair in
tables, so permutations of basis states cost nothing. Everything of a sample stays in its own place
of the vectors: its numbers do not depend on the other samples, nor on the number of threads.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from qiskit_qmu.simulator.compiled.kernels.complex_numbers import Amplitudes
from qiskit_qmu.simulator.compiled.kernels.dense import apply_dense
from qiskit_qmu.simulator.compiled.kernels.diagonals import apply_parity, apply_phases, parity_slope
from qiskit_qmu.simulator.compiled.kernels.instructions import Numbers, Whole, Writer
from qiskit_qmu.simulator.compiled.kernels.readouts import Readouts
from qiskit_qmu.simulator.compiled.kernels.runs import Runs, apply_run, start, undo_run, undo_start
from qiskit_qmu.simulator.compiled.kernels.tables import JobTables
from qiskit_qmu.simulator.compiled.operations import DENSE, GATE, PARITY, PHASES


def kernels_module(dtype: str) -> ir.Module:
    """Return the functions ``forward`` and ``backward`` in one precision.

    Both take a job, working memory (``Circuit.room``), and the first and last block that they
    compute, of M · blocks.
    """
    module = ir.Module(name="kernels")
    number = ir.FloatType() if dtype == "float32" else ir.DoubleType()
    for name, write in (("forward", _write_forward), ("backward", _write_backward)):
        writer = Writer(module, name, number)
        _Block(writer).write(write)
        writer.end()
    return module


class _Block:
    """What a kernel has for one block of samples."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.job = job = JobTables(writer)
        self.num_qubits, self.num_operations = map(job.whole, ("num_qubits", "num_operations"))
        self.size = self.num_qubits.power_of_two()
        self.half = (self.num_qubits - 1).power_of_two()
        self.units = job.whole("models") * job.whole("blocks")
        slots, room = job.whole("num_slots"), writer.room
        matrices = room.behind(slots * 2)
        self.room = matrices.behind(job.whole("num_runs") * 8)
        self.runs = Runs(writer, job, room, room.behind(slots), Amplitudes(matrices))
        self.readouts = Readouts(writer, job, self.size, self.units)

    def write(self, kernel: "Callable[[_Block, Whole], None]") -> None:
        """Write a kernel's loop over blocks."""
        blocks = self.job.whole("blocks")
        with self.writer.loop(self.writer.last - self.writer.first) as number:
            unit = self.writer.first + number
            self.runs.prepare(unit // blocks, unit % blocks)
            kernel(self, unit)

    @contextmanager
    def operation(self, number: Whole) -> Iterator[tuple[Whole, Whole, Whole, Whole]]:
        """Yield the kind of an operation and its numbers."""
        row = self.job.wholes("operations").behind(number * 4)
        yield row[0], row[1], row[2], row[3]

    def state(self, name: str, unit: Whole) -> Amplitudes:
        """Return a block's state in a table of states."""
        return self.job.amplitudes(name).behind(unit * self.size)

    def case(self, kind: Whole, own: int) -> Any:
        """Write the block for one kind of operations."""
        return self.writer.builder.if_then(kind.equals(own))


def _write_forward(block: _Block, unit: Whole) -> None:
    """Write the final states and readouts of blocks."""
    writer, job, size = block.writer, block.job, block.size
    state = block.state("states", unit)
    with writer.builder.if_then(job.whole("prepared").equals(0)):
        start(writer, state, block.runs, block.num_qubits)
    with writer.loop(block.num_operations) as number, block.operation(number) as (kind, a, b, c):
        with block.case(kind, GATE):
            pairs = job.wholes("pairs").behind(b * size)
            apply_run(writer, state, pairs, block.half, block.runs.matrix(a))
        with block.case(kind, PHASES):
            apply_phases(writer, state, size, _phases(block, a))
        with block.case(kind, PARITY):
            signs, runs = job.wholes("signs", 8).behind(b * size), block.runs
            apply_parity(writer, state, size, signs, runs.cosines[a], runs.sines[a])
        with block.case(kind, DENSE):
            _apply_dense(block, state, a, b, c)
    block.readouts.write_values(state, job.rows("values").behind(unit), block.room)


def _write_backward(block: _Block, unit: Whole) -> None:
    """Write the slopes of all angles, or of the angles of the circuit and of its initial states."""
    writer, job, size, runs = block.writer, block.job, block.size, block.runs
    state = Amplitudes(block.room.behind(size * 2))
    slope = Amplitudes(block.room.behind(size * 4))
    slopes = job.rows("slopes").behind(unit)
    turn = writer.rows(6)
    _copy(writer, size, block.state("states", unit), state)
    block.readouts.write_gradient(state, slope, job.rows("gradient").behind(unit))
    with writer.loop(block.num_operations) as back:
        number = block.num_operations - 1 - back
        with block.operation(number) as (kind, a, b, c):
            with block.case(kind, GATE):
                pairs = job.wholes("pairs").behind(b * size)
                undo_run(writer, state, slope, pairs, block.half, runs.matrix(a), turn)
                runs.write_slopes(a, turn, slopes)
            with block.case(kind, PHASES):
                for vector in (state, slope):
                    apply_phases(writer, vector, size, _phases(block, a), back=True)
            with block.case(kind, PARITY):
                signs = job.wholes("signs", 8).behind(b * size)
                own = parity_slope(writer, state, slope, size, signs)
                slopes[job.wholes("angle_of")[a] * block.units] = own
                for vector in (state, slope):
                    apply_parity(writer, vector, size, signs, runs.cosines[a], -runs.sines[a])
            with block.case(kind, DENSE):
                for vector in (state, slope):
                    _apply_dense(block, vector, a, b, c)
    with writer.builder.if_else(job.whole("prepared").equals(0)) as (product, prepared):
        with product, writer.loop(block.num_qubits) as back:
            qubit = block.num_qubits - 1 - back
            undo_start(writer, state, slope, qubit, runs.matrix(qubit), turn)
            runs.write_slopes(qubit, turn, slopes)
        with prepared:
            _copy(writer, size, slope, block.state("start_slopes", unit))


def _copy(writer: Writer, size: Whole, source: Amplitudes, target: Amplitudes) -> None:
    with writer.loop(size) as place:
        target[place] = source[place]


def _phases(block: _Block, table: Whole) -> Numbers:
    return block.job.numbers("phases").behind(table * block.size * 2)


def _apply_dense(
    block: _Block, vector: Amplitudes, first: Whole, entry: Whole, width: Whole
) -> None:
    apply_dense(
        block.writer,
        vector,
        block.size // width,
        block.job.wholes("places").behind(first),
        block.job.numbers("entries").behind(entry * 2),
        width,
        Amplitudes(block.room),
    )
