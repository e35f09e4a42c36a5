"""Diagonal gates: constant phases, and rotations about strings of Z."""

from qiskit_qmu.simulator.compiled.kernels.complex_numbers import Amplitudes, Complex, complex_at
from qiskit_qmu.simulator.compiled.kernels.instructions import (
    LaneRows,
    Lanes,
    Numbers,
    Whole,
    Wholes,
    Writer,
)


def apply_phases(
    writer: Writer, state: Amplitudes, size: Whole, phases: Numbers, *, back: bool = False
) -> None:
    """Multiply each amplitude by a constant, or by its conjugate."""
    with writer.loop(size) as place:
        phase = complex_at(phases, place)
        state[place] = (phase.conjugate() if back else phase) * state[place]


def apply_parity(
    writer: Writer, state: Amplitudes, size: Whole, signs: Wholes, cosine: Lanes, sine: Lanes
) -> None:
    """Turn about a string of Z: multiply each amplitude by cos - i χ sin; ``signs`` are (1-χ)/2."""
    sines = writer.rows(2)
    sines[0], sines[1] = -sine, sine
    with writer.loop(size) as place:
        state[place] = Complex(cosine, sines[signs[place]]) * state[place]


def parity_slope(
    writer: Writer, state: Amplitudes, slope: Amplitudes, size: Whole, signs: Wholes
) -> Lanes:
    """Return the slope of the angle of a turn about a string of Z."""
    factors: LaneRows = writer.rows(2)
    factors[0], factors[1] = writer.constant(1), writer.constant(-1)
    total = writer.total()
    with writer.loop(size) as place:
        own, other = state[place], slope[place]
        total.add(factors[signs[place]] * (other.real * own.imag - other.imag * own.real))
    return total.value
