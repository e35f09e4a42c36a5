"""Outcomes of one circuit at many rows of angles: counts or exact probabilities, by register."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BitArray, DataBin

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.sampler import OutcomeProbabilities

Register: TypeAlias = BitArray | OutcomeProbabilities
"""What one classical register held."""
Outcomes: TypeAlias = dict[str, Register]
"""Registers by name, each of shape (B,): one entry for each row of angles."""


class RegisterData(DataBin):
    """A PUB's registers, with ``meas`` for all of them where none has that name.

    SamplerQNN 0.9.1 reads the register "meas" row by row, and without one hands every row the mean
    of all rows.
    """

    def __getattr__(self, name: str) -> Register:
        """Return, as ``meas``, the only register, or all of them joined, the first one lowest."""
        if name != "meas":
            raise AttributeError(f"no register {name!r}")
        return joined([register for _, register in DataBin.items(self)])


def joined(registers: Sequence[Register]) -> Register:
    """Return several registers as one, the first one lowest.

    Raises:
        InputError: If they are exact probabilities, which do not say how registers are correlated.
    """
    if len(registers) == 1:
        return registers[0]
    if any(isinstance(register, OutcomeProbabilities) for register in registers):
        raise InputError(
            "a circuit must have one classical register where values are exact, got "
            f"{len(registers)}"
        )
    return BitArray.concatenate_bits([r for r in registers if isinstance(r, BitArray)])


def concatenated(parts: Sequence[Outcomes]) -> Outcomes:
    """Return the rows of several outcomes of the same circuit, one after the other."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return {name: _concatenated([part[name] for part in parts]) for name in first}


def rows_of(outcomes: Outcomes, start: int, shape: tuple[int, ...]) -> Outcomes:
    """Return rows from ``start`` on, as many as the shape holds, in that shape."""
    size = int(np.prod(shape))
    rows = slice(start, start + size)
    taken: Outcomes = {}
    for name, register in outcomes.items():
        if isinstance(register, BitArray):
            array = register.array[rows]
            taken[name] = BitArray(array.reshape(*shape, *array.shape[1:]), register.num_bits)
        else:
            values = register.probabilities[rows]
            taken[name] = OutcomeProbabilities(values.reshape(*shape, -1), register.num_bits)
    return taken


def frequencies(register: Register) -> NDArray[np.float64]:
    """Return the share (B, 2^bits) of each outcome in each row."""
    if isinstance(register, OutcomeProbabilities):
        return register.probabilities
    return np.asarray(counts(register) / register.num_shots)


def counts(register: BitArray) -> NDArray[np.int64]:
    """Return how often (B, 2^bits) each outcome was measured in each row."""
    size = 2**register.num_bits
    values = _integers(register.array)
    shifted = values + size * np.arange(len(values))[:, None]
    return np.bincount(shifted.ravel(), minlength=size * len(values)).reshape(-1, size)


def signs(register: Register, bits: Sequence[int]) -> tuple[NDArray[np.float64], int | None]:
    """Return the ±1 product of some bits, (B, outcomes) or (B, shots), see `moments`."""
    if isinstance(register, OutcomeProbabilities):
        outcomes = np.arange(2**register.num_bits)
        mask = sum(1 << bit for bit in bits)
        return 1.0 - 2.0 * (np.bitwise_count(outcomes & mask) & 1)[None, :], None
    num_bytes = register.array.shape[-1]
    masks = np.zeros(num_bytes, dtype=np.uint8)
    for bit in bits:
        masks[num_bytes - 1 - bit // 8] |= 1 << (bit % 8)
    parity = np.bitwise_count(register.array & masks).sum(axis=-1, dtype=np.uint8) & 1
    return 1.0 - 2.0 * parity, register.num_shots


def moments(
    register: Register, terms: Sequence[tuple[Sequence[int], float]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance of the mean (B,) of a weighted sum of ±1 products of bits.

    Args:
        register: What was measured.
        terms: Bits of each product, and its weight.
    """
    total: NDArray[np.float64] = np.zeros((1, 1))
    shots: int | None = None
    for bits, weight in terms:
        values, shots = signs(register, bits)
        total = total + weight * values
    if isinstance(register, OutcomeProbabilities):
        mean = (register.probabilities * total).sum(axis=-1)
        return mean, np.zeros_like(mean)
    return total.mean(axis=-1), total.var(axis=-1) / (shots or 1)


def _concatenated(registers: Sequence[Register]) -> Register:
    first = registers[0]
    if isinstance(first, BitArray):
        arrays = [register.array for register in registers if isinstance(register, BitArray)]
        return BitArray(np.concatenate(arrays), first.num_bits)
    values = [r.probabilities for r in registers if isinstance(r, OutcomeProbabilities)]
    return OutcomeProbabilities(np.concatenate(values), first.num_bits)


def _integers(array: NDArray[np.uint8]) -> NDArray[np.int64]:
    values = np.zeros(array.shape[:-1], dtype=np.int64)
    for column in range(array.shape[-1]):
        values = (values << 8) | array[..., column]
    return values
