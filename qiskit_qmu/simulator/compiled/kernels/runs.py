"""Runs of one-qubit gates: their matrices, and the slopes of their angles.

The gradient λ of a state is half of torch's: df = 2 Re(λ* dψ). An angle's slope behind a gate is
Im(λ* P ψ), where P is the Pauli string that it turns about, carried through the later gates of the
same run. These are real numbers for X, Y and Z, so a run is a turn of a vector.
"""

from dataclasses import dataclass

from qiskit_qmu.simulator.compiled.kernels.complex_numbers import (
    Amplitudes,
    Complex,
    complex_at,
    product_sum,
)
from qiskit_qmu.simulator.compiled.kernels.instructions import LaneRows, Whole, Wholes, Writer
from qiskit_qmu.simulator.compiled.kernels.tables import JobTables

Matrix = tuple[Complex, Complex, Complex, Complex]


@dataclass(frozen=True)
class Runs:
    """The runs of a circuit, for one block of samples.

    Attributes:
        cosines: Cosine of half the angle of each slot.
        sines: The sines.
        matrices: The 2 x 2 matrix of each run.
    """

    writer: Writer
    job: JobTables
    cosines: LaneRows
    sines: LaneRows
    matrices: Amplitudes

    def prepare(self, model: Whole, block: Whole) -> None:
        """Write cosines, sines and matrices."""
        self._write_turns(model, block)
        with self.writer.loop(self.job.whole("num_runs")) as run:
            self._write_matrix(run)

    def _write_turns(self, model: Whole, block: Whole) -> None:
        job, builder = self.job, self.writer.builder
        angle_of, num_shared = job.wholes("angle_of"), job.whole("num_shared")
        models, blocks, own_models = map(job.whole, ("models", "blocks", "own_models"))
        tables = ((self.cosines, "cosines"), (self.sines, "sines"))
        with self.writer.loop(job.whole("num_slots")) as slot:
            angle = angle_of[slot]
            with builder.if_else(angle >= num_shared) as (of_sample, of_all):
                with of_sample:
                    row = ((angle - num_shared) * own_models + model % own_models) * blocks + block
                    for table, name in tables:
                        table[slot] = job.rows("own_" + name)[row]
                with of_all:  # a slot without an angle has -1, and 0 is in front of the angles
                    place = (angle + 1) * models + model
                    for table, name in tables:
                        table[slot] = job.numbers("shared_" + name)[place]

    def _write_matrix(self, run: Whole) -> None:
        writer, starts = self.writer, self.job.wholes("run_starts")
        even, odd = self.job.numbers("even"), self.job.numbers("odd")
        zero, one = writer.constant(0), writer.constant(1)
        for entry in range(4):
            own = one if entry in {0, 3} else zero
            self.matrices[run * 4 + entry] = Complex(own, zero)
        first = starts[run]
        with writer.loop(starts[run + 1] - first) as number:
            slot = first + number
            c, s = self.cosines[slot], self.sines[slot]
            factor = []
            for entry in range(4):
                fixed, turning = (complex_at(table, slot * 4 + entry) for table in (even, odd))
                factor.append(
                    Complex(c * fixed.real + s * turning.real, c * fixed.imag + s * turning.imag)
                )
            for column in range(2):
                top, bottom = self.matrices[run * 4 + column], self.matrices[run * 4 + column + 2]
                for row in range(2):
                    self.matrices[run * 4 + 2 * row + column] = product_sum(
                        (factor[2 * row], top), (factor[2 * row + 1], bottom)
                    )

    def matrix(self, run: Whole) -> Matrix:
        """Return the matrix of a run, row by row."""
        a, b, c, d = (self.matrices[run * 4 + entry] for entry in range(4))
        return a, b, c, d

    def write_slopes(self, run: Whole, turn: LaneRows, slopes: LaneRows) -> None:
        """Write the slopes of a run's angles, last one first; each slot turns the vector back.

        Args:
            run: The run.
            turn: Slopes by turns about X, Y and Z behind it, and three rows of room.
            slopes: Rows of the block; the first belongs to angle 0.
        """
        writer, job = self.writer, self.job
        starts, angle_of, axis = map(job.wholes, ("run_starts", "angle_of", "axis"))
        spin, step = job.numbers("spin"), job.whole("models") * job.whole("blocks")
        first, end = starts[run], starts[run + 1]
        with writer.loop(end - first) as back:
            slot = end - 1 - back
            with writer.builder.if_then(angle_of[slot] >= 0):
                slopes[angle_of[slot] * step] = turn[axis[slot]]
            with writer.builder.if_then(slot > first):
                c, s = self.cosines[slot], self.sines[slot]
                whole_c, whole_s = c * c - s * s, c * s + c * s
                entries = spin.behind(slot * 27)
                for column in range(3):
                    total = writer.constant(0)
                    for row in range(3):
                        place = 3 * row + column
                        entry = entries[place] + whole_c * entries[place + 9]
                        total = total + (entry + whole_s * entries[place + 18]) * turn[row]
                    turn[3 + column] = total
                for column in range(3):
                    turn[column] = turn[3 + column]


def start(writer: Writer, state: Amplitudes, runs: Runs, num_qubits: Whole) -> None:
    """Write the product of the first columns of the first n matrices."""
    state[0] = Complex(writer.constant(1), writer.constant(0))
    with writer.loop(num_qubits) as qubit:
        a, _, c, _ = runs.matrix(qubit)
        half = qubit.power_of_two()
        with writer.loop(half) as place:
            amplitude = state[place]
            state[place + half] = c * amplitude
            state[place] = a * amplitude


def apply_run(
    writer: Writer, state: Amplitudes, pairs: Wholes, half: Whole, matrix: Matrix
) -> None:
    """Multiply pairs of amplitudes by a matrix."""
    a, b, c, d = matrix
    with writer.loop(half) as pair:
        zero, one = pairs[pair], pairs[pair + half]
        x, y = state[zero], state[one]
        state[zero] = product_sum((a, x), (b, y))
        state[one] = product_sum((c, x), (d, y))


def undo_run(
    writer: Writer,
    state: Amplitudes,
    slope: Amplitudes,
    pairs: Wholes,
    half: Whole,
    matrix: Matrix,
    turn: LaneRows,
) -> None:
    """Write the slopes by turns about X, Y and Z behind a run, and undo it on ψ and λ."""
    a, b, c, d = (entry.conjugate() for entry in matrix)
    turns = _Turns(writer)
    with writer.loop(half) as pair:
        zero, one = pairs[pair], pairs[pair + half]
        turns.add(state[zero], state[one], slope[zero], slope[one])
        for vector in (state, slope):
            x, y = vector[zero], vector[one]
            vector[zero] = product_sum((a, x), (c, y))
            vector[one] = product_sum((b, x), (d, y))
    turns.write(turn)


def undo_start(
    writer: Writer,
    state: Amplitudes,
    slope: Amplitudes,
    qubit: Whole,
    matrix: Matrix,
    turn: LaneRows,
) -> None:
    """Write the slopes of the highest qubit's run, and leave the states of the qubits below."""
    a, _, c, _ = (entry.conjugate() for entry in matrix)
    turns = _Turns(writer)
    half = qubit.power_of_two()
    with writer.loop(half) as place:
        turns.add(state[place], state[place + half], slope[place], slope[place + half])
        for vector in (state, slope):
            vector[place] = product_sum((a, vector[place]), (c, vector[place + half]))
    turns.write(turn)


class _Turns:
    """Sums of Im(λ* P ψ) for P = X, Y and Z of one qubit."""

    def __init__(self, writer: Writer) -> None:
        self._totals = [writer.total() for _ in range(3)]

    def add(self, x: Complex, y: Complex, p: Complex, q: Complex) -> None:
        """Add those of amplitudes x, y of ψ and p, q of λ, where the qubit is 0 and 1."""
        by_x, by_y, by_z = self._totals
        by_x.add(p.real * y.imag - p.imag * y.real + q.real * x.imag - q.imag * x.real)
        by_y.add(q.real * x.real + q.imag * x.imag - p.real * y.real - p.imag * y.imag)
        by_z.add(p.real * x.imag - p.imag * x.real - q.real * y.imag + q.imag * y.real)

    def write(self, turn: LaneRows) -> None:
        """Write the sums."""
        for row, total in enumerate(self._totals):
            turn[row] = total.value
