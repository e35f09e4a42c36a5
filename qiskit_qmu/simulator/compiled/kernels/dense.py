"""Gates on several qubits as matrices."""

from qiskit_qmu.simulator.compiled.kernels.complex_numbers import Amplitudes, Complex, complex_at
from qiskit_qmu.simulator.compiled.kernels.instructions import Numbers, Whole, Wholes, Writer


def apply_dense(
    writer: Writer,
    state: Amplitudes,
    groups: Whole,
    places: Wholes,
    entries: Numbers,
    width: Whole,
    room: Amplitudes,
) -> None:
    """Multiply groups of ``width`` amplitudes by a matrix."""
    with writer.loop(groups) as group:
        own = places.behind(group * width)
        with writer.loop(width) as row:
            real, imag = writer.total(), writer.total()
            with writer.loop(width) as column:
                product = complex_at(entries, row * width + column) * state[own[column]]
                real.add(product.real)
                imag.add(product.imag)
            room[row] = Complex(real.value, imag.value)
        with writer.loop(width) as row:
            state[own[row]] = room[row]
