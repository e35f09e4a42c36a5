"""Readouts of a state: expectation values of Pauli sums, and probabilities of outcomes."""

from dataclasses import dataclass
from typing import Any

from qiskit_qmu.simulator.compiled.kernels.complex_numbers import Amplitudes, Complex, complex_at
from qiskit_qmu.simulator.compiled.kernels.instructions import LaneRows, Whole, Writer
from qiskit_qmu.simulator.compiled.kernels.tables import JobTables


@dataclass(frozen=True)
class Readouts:
    """The readouts of a circuit.

    Attributes:
        size: Amplitudes of a state.
        step: Rows of ``values`` and ``gradient`` from output to output.
    """

    writer: Writer
    job: JobTables
    size: Whole
    step: Whole

    def write_values(self, state: Amplitudes, values: LaneRows, room: LaneRows) -> None:
        """Write the readouts of a state to rows that are zero."""
        writer, size = self.writer, self.size
        outcomes, diagonal = self.job.wholes("outcomes"), self.job.numbers("diagonal")
        partners, strings = self.job.wholes("partners"), self.job.numbers("strings")
        num_outputs = self.job.whole("num_outputs")
        with writer.loop(size) as place:
            own = state[place]
            room[place] = own.real * own.real + own.imag * own.imag
        with self._has("outcomes"), writer.loop(size) as place:
            to = outcomes[place] * self.step
            values[to] = values[to] + room[place]
        with self._has("diagonal"), writer.loop(num_outputs) as output:
            total = writer.total()
            with writer.loop(size) as place:
                total.add(diagonal[output * size + place] * room[place])
            values[output * self.step] = total.value
        with writer.loop(self.job.whole("num_flips")) as flip, writer.loop(num_outputs) as output:
            total = writer.total()
            total.value = values[output * self.step]
            with writer.loop(size) as place:
                own, other = state[place], state[partners[flip * size + place]]
                factor = complex_at(strings, (flip * num_outputs + output) * size + place)
                total.add(factor.real * (other.real * own.real + other.imag * own.imag))
                total.add(factor.imag * (other.imag * own.real - other.real * own.imag))
            values[output * self.step] = total.value

    def write_gradient(self, state: Amplitudes, slope: Amplitudes, gradient: LaneRows) -> None:
        """Write λ: the sum over the readouts of gradient times readout operator, on the state."""
        writer, size = self.writer, self.size
        outcomes, diagonal = self.job.wholes("outcomes"), self.job.numbers("diagonal")
        partners, strings = self.job.wholes("partners"), self.job.numbers("strings")
        num_outputs = self.job.whole("num_outputs")
        weight, imag = writer.total(), writer.total()
        with writer.loop(size) as place:
            weight.value = writer.constant(0)
            with self._has("outcomes"):
                weight.add(gradient[outcomes[place] * self.step])
            with self._has("diagonal"), writer.loop(num_outputs) as output:
                weight.add(diagonal[output * size + place] * gradient[output * self.step])
            own = state[place]
            slope[place] = Complex(weight.value * own.real, weight.value * own.imag)
        with writer.loop(self.job.whole("num_flips")) as flip, writer.loop(size) as place:
            weight.value = imag.value = writer.constant(0)
            with writer.loop(num_outputs) as output:
                factor = complex_at(strings, (flip * num_outputs + output) * size + place)
                own_gradient = gradient[output * self.step]
                weight.add(factor.real * own_gradient)
                imag.add(factor.imag * own_gradient)
            to = partners[flip * size + place]
            slope[to] = slope[to] + Complex(weight.value, imag.value) * state[place]

    def _has(self, table: str) -> Any:
        return self.writer.builder.if_then(self.job.whole(table) > 0)
