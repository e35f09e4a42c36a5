"""Complex numbers, one for each sample of a block, and the memory that holds them."""

from dataclasses import dataclass

from qiskit_qmu.simulator.compiled.kernels.instructions import LaneRows, Lanes, Numbers, Whole


@dataclass(frozen=True)
class Complex:
    """Complex numbers, one for each sample of a block."""

    real: Lanes
    imag: Lanes

    def __add__(self, other: "Complex") -> "Complex":
        return Complex(self.real + other.real, self.imag + other.imag)

    def __mul__(self, other: "Complex") -> "Complex":
        return product_sum((self, other))

    def conjugate(self) -> "Complex":
        """Return the complex conjugates."""
        return Complex(self.real, -self.imag)


def product_sum(first: tuple[Complex, Complex], *others: tuple[Complex, Complex]) -> Complex:
    """Return a sum of products, each addition one instruction with a product."""
    a, b = first
    real = a.real * b.real - a.imag * b.imag
    imag = a.real * b.imag + a.imag * b.real
    for a, b in others:
        real = real + a.real * b.real - a.imag * b.imag
        imag = imag + a.real * b.imag + a.imag * b.real
    return Complex(real, imag)


def complex_at(numbers: Numbers, index: Whole | int) -> Complex:
    """Return a complex number of two in a row of a table."""
    return Complex(numbers[index * 2], numbers[index * 2 + 1])


@dataclass(frozen=True)
class Amplitudes:
    """Memory as complex numbers: rows of real parts, each with one of imaginary parts behind it."""

    rows: LaneRows

    def __getitem__(self, place: Whole | int) -> Complex:
        return Complex(self.rows[place * 2], self.rows[place * 2 + 1])

    def __setitem__(self, place: Whole | int, value: Complex) -> None:
        self.rows[place * 2] = value.real
        self.rows[place * 2 + 1] = value.imag

    def behind(self, place: Whole | int) -> "Amplitudes":
        """Return the memory from a place on."""
        return Amplitudes(self.rows.behind(place * 2))
