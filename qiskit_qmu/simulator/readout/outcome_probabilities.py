"""OutcomeProbabilities: exact outcome probabilities with the interface of counts."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import SamplerPubResult
from qiskit.primitives.containers.observables_array import ObservablesArray, ObservablesArrayLike
from qiskit.primitives.containers.shape import ShapedMixin, ShapeInput, shape_tuple

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.readout.registers import register_values

_MOST_BITS = 30
_FACTORS = {"I": (1.0, 1.0), "Z": (1.0, -1.0), "0": (1.0, 0.0), "1": (0.0, 1.0)}


class OutcomeProbabilities(ShapedMixin):
    """Exact outcome probabilities of one classical register, with the interface of a BitArray.

    Numbers of shots in a BitArray are probabilities here. All registers of one circuit share the
    probabilities of their joint outcomes, so that correlations are kept: see `concatenate_bits`.

    Args:
        probabilities: Probabilities of outcomes of m bits, (…, 2^m), bit 0 the lowest.
        num_bits: Bits of the register.
        source: The bit of the outcome that each bit of the register reads; None for a bit that is
            always 0. By default the outcomes are the register's own.

    Attributes:
        joint: The probabilities of the m bits, shared by all registers of a circuit.
        source: Which of the m bits each bit of the register reads.

    Raises:
        InputError: If there are not 2^m probabilities, or not one source for each bit.

    Example:
        >>> bell = OutcomeProbabilities([0.5, 0.0, 0.0, 0.5], num_bits=2)
        >>> bell.get_counts()
        {'00': 0.5, '11': 0.5}
        >>> bell.slice_bits(0).get_counts()
        {'0': 0.5, '1': 0.5}
        >>> bell.expectation_values(["ZZ", "IZ"]).tolist()
        [1.0, 0.0]
    """

    def __init__(
        self,
        probabilities: NDArray[np.float64],
        num_bits: int,
        source: Sequence[int | None] | None = None,
    ) -> None:
        super().__init__()
        self.joint = np.asarray(probabilities, dtype=float)
        self.source = tuple(range(num_bits) if source is None else source)
        self._shape = self.joint.shape[:-1]
        needed = 1 + max((bit for bit in self.source if bit is not None), default=-1)
        outcomes = self.joint.shape[-1]
        if len(self.source) != num_bits or outcomes.bit_count() != 1 or outcomes < 2**needed:
            raise InputError(
                f"a register of {num_bits} bits needs as many sources and 2^m probabilities, got "
                f"{len(self.source)} sources and {outcomes} probabilities"
            )

    def __repr__(self) -> str:
        return f"OutcomeProbabilities(<shape={self.shape}, num_bits={self.num_bits}>)"

    @property
    def num_bits(self) -> int:
        """Bits of the register."""
        return len(self.source)

    @property
    def num_shots(self) -> int:
        """1, the sum of the probabilities, as counts sum to the shots; no shots were drawn."""
        return 1

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Probabilities (…, 2^num_bits) of the register's values."""
        if self.num_bits > _MOST_BITS:
            raise InputError(
                f"an array of probabilities is limited to {_MOST_BITS} bits, but the register has "
                f"{self.num_bits}; use get_counts(), or slice_bits() first"
            )
        outcomes = self.joint.shape[-1]
        if self.source == tuple(range(outcomes.bit_length() - 1)):
            return self.joint
        values = register_values(np.arange(outcomes), self.source)
        merged = np.zeros((2**self.num_bits, self.size))
        np.add.at(merged, values.astype(np.int64), self._rows().T)
        return merged.T.reshape(*self.shape, 2**self.num_bits)

    def get_int_counts(self, loc: int | tuple[int, ...] | None = None) -> dict[int, float]:
        """Return {value: probability}, without those that are zero.

        Args:
            loc: Which binding; None for the mean over all.

        Returns:
            Probabilities that sum to 1.
        """
        rows = self._rows()
        # A result without bindings has one row, which Qiskit ML asks for as the first of many.
        if loc is not None and not (self.shape == () and loc == 0):
            rows = rows[self._positions()[loc].ravel()]
        if len(rows) == 0:
            return {}
        weights = rows.mean(axis=0)
        possible = np.flatnonzero(weights)
        values, where = np.unique(register_values(possible, self.source), return_inverse=True)
        sums = np.bincount(where, weights[possible])
        return dict(zip(values.tolist(), sums.tolist(), strict=True))

    def get_counts(self, loc: int | tuple[int, ...] | None = None) -> dict[str, float]:
        """Return {bit string: probability}, otherwise as `get_int_counts`."""
        counts = self.get_int_counts(loc)
        return {format(key, f"0{self.num_bits}b"): value for key, value in counts.items()}

    def __getitem__(self, indices: Any) -> "OutcomeProbabilities":
        """Return the probabilities of some bindings, indexed as an array of their shape."""
        return self._with(self._rows()[self._positions()[indices]])

    def reshape(self, *shape: ShapeInput) -> "OutcomeProbabilities":
        """Return the same probabilities with the bindings in another shape."""
        return self._with(self.joint.reshape(*shape_tuple(shape), self.joint.shape[-1]))

    def transpose(self, *axes: int | Sequence[int]) -> "OutcomeProbabilities":
        """Return the same probabilities with the axes of the bindings permuted."""
        order = shape_tuple(axes) if axes else tuple(reversed(range(self.ndim)))
        return self._with(self._rows()[self._positions().transpose(order)])

    def slice_bits(self, indices: int | Sequence[int]) -> "OutcomeProbabilities":
        """Return the joint probabilities of some bits; all others are summed over.

        Args:
            indices: Positions in the register, 0 the lowest bit, in their new order.

        Returns:
            Probabilities of a register of these bits.

        Raises:
            IndexError: If the register has no such bit.
        """
        chosen = (indices,) if isinstance(indices, int) else tuple(indices)
        for index in chosen:
            if not 0 <= index < self.num_bits:
                raise IndexError(
                    f"bits must lie between 0 and {self.num_bits - 1}, got index {index}"
                )
        source = [self.source[index] for index in chosen]
        return OutcomeProbabilities(self.joint, len(source), source)

    def postselect(
        self, indices: int | Sequence[int], selection: int | Sequence[int]
    ) -> "OutcomeProbabilities":
        """Return the probabilities of the outcomes in which some bits have given values.

        As with counts, the result is not normalized: it sums to the probability that a shot is
        kept. Unlike with counts, which would be ragged, the bindings keep their shape.

        Args:
            indices: Positions in the register, 0 the lowest bit; negative ones count from the top.
            selection: The value of each.

        Returns:
            Probabilities in which all other outcomes are zero.

        Raises:
            InputError: If there is not one value for each position.
            IndexError: If the register has no such bit.
        """
        chosen = [indices] if isinstance(indices, int) else list(indices)
        values = [selection] if isinstance(selection, int) else list(selection)
        if len(chosen) != len(values):
            raise InputError(
                "postselection needs one value for each bit, got "
                f"{len(chosen)} bits and {len(values)} values"
            )
        outcomes = np.arange(self.joint.shape[-1])
        kept = np.ones(len(outcomes), dtype=bool)
        for index, value in zip(chosen, values, strict=True):
            kept &= register_values(outcomes, [self.source[index]]) == int(value)
        return self._with(self.joint * kept)

    def expectation_values(self, observables: ObservablesArrayLike) -> NDArray[np.float64]:
        """Return expectation values of diagonal observables, broadcast against the bindings.

        Args:
            observables: Sums of products of I, Z, 0 and 1 on the register's bits.

        Returns:
            Values in the broadcast shape.

        Raises:
            InputError: If an observable is not diagonal or does not match this register's bits.
        """
        array = ObservablesArray.coerce(observables)
        tables = [self._table(terms) for terms in np.ravel(np.asarray(array))]
        grid = self._rows() @ np.array(tables).reshape(array.size, self.joint.shape[-1]).T
        columns = np.arange(array.size).reshape(array.shape)
        rows, columns = np.broadcast_arrays(self._positions(), columns)
        return np.asarray(grid[rows, columns])

    @staticmethod
    def concatenate_bits(registers: Sequence["OutcomeProbabilities"]) -> "OutcomeProbabilities":
        """Return the joint probabilities of several registers of one result.

        Args:
            registers: The registers; their bits are concatenated, the first register's lowest.

        Returns:
            Probabilities of one long register, correlations included.

        Raises:
            InputError: If the registers do not come from one result.
        """
        if any(other.joint is not registers[0].joint for other in registers):
            raise InputError("registers of different results have no joint distribution")
        source = [bit for register in registers for bit in register.source]
        return OutcomeProbabilities(registers[0].joint, len(source), source)

    def _rows(self) -> NDArray[np.float64]:
        return self.joint.reshape(self.size, self.joint.shape[-1])

    def _positions(self) -> NDArray[np.int64]:
        return np.asarray(np.arange(self.size).reshape(self.shape))

    def _with(self, weights: NDArray[np.float64]) -> "OutcomeProbabilities":
        return OutcomeProbabilities(weights, self.num_bits, self.source)

    def _table(self, terms: dict[str, float]) -> NDArray[np.float64]:
        """Return the value of a diagonal observable at each outcome."""
        outcomes = np.arange(self.joint.shape[-1])
        table = np.zeros(len(outcomes))
        for label, coefficient in terms.items():
            if len(label) != self.num_bits or not set(label) <= _FACTORS.keys():
                raise InputError(
                    f"observables must be products of I, Z, 0 and 1 on {self.num_bits} bits, got "
                    f"{label!r}"
                )
            factors = [
                np.take(_FACTORS[letter], register_values(outcomes, [bit]).astype(np.int64))
                for letter, bit in zip(reversed(label), self.source, strict=True)
                if letter != "I"
            ]
            table += coefficient * math.prod(factors)
        return table


class ExactSamplerPubResult(SamplerPubResult):
    """A sampler's result of one PUB, with probabilities instead of shots."""

    def join_data(self, names: Iterable[str] | None = None) -> OutcomeProbabilities:
        """Return the joint probabilities of several registers.

        Args:
            names: Registers, the lowest bits first; None for all of them in the circuit's order.

        Returns:
            Probabilities of one long register.

        Raises:
            InputError: If there is no register, or none with this name.
        """
        wanted = list(self.data if names is None else names)
        if not wanted or not set(wanted) <= set(self.data):
            known = ", ".join(self.data) or "none"
            raise InputError(f"names must be registers of the circuit ({known}), got {wanted}")
        return OutcomeProbabilities.concatenate_bits([self.data[name] for name in wanted])
