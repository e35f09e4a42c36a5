"""Outcomes of one circuit at many rows of angles: counts or exact probabilities, by register."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BitArray, DataBin

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.outcome_probabilities import OutcomeProbabilities

Register: TypeAlias = BitArray | OutcomeProbabilities
"""What one classical register held."""
Terms: TypeAlias = Sequence[tuple[int, float]]
"""Products of bits as masks, and their weights."""
Outcomes: TypeAlias = dict[str, Register]
"""Registers by name, each of shape (B,): one entry for each row of angles."""


_LARGEST_TABLE = 14
"""Bits up to which outcomes are counted rather than read shot by shot."""


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
    """Return several registers of one result as one, the first one lowest."""
    if len(registers) == 1:
        return registers[0]
    exact = [r for r in registers if isinstance(r, OutcomeProbabilities)]
    if exact:
        return OutcomeProbabilities.concatenate_bits(exact)
    return BitArray.concatenate_bits([r for r in registers if isinstance(r, BitArray)])


def concatenated(parts: Sequence[Outcomes]) -> Outcomes:
    """Return the rows of several outcomes of the same circuit, one after the other."""
    if len(parts) == 1:
        return parts[0]
    joint = _joint(parts[0])
    if joint is not None:
        whole = np.concatenate([_joint(part) for part in parts])
        return _with_joint(parts[0], whole)
    return {
        name: BitArray(np.concatenate([part[name].array for part in parts]), register.num_bits)
        for name, register in parts[0].items()
    }


def rows_of(outcomes: Outcomes, start: int, shape: tuple[int, ...]) -> Outcomes:
    """Return rows from ``start`` on, as many as the shape holds, in that shape."""
    rows = slice(start, start + int(np.prod(shape)))
    joint = _joint(outcomes)
    if joint is not None:
        taken = joint.reshape(-1, joint.shape[-1])[rows]
        return _with_joint(outcomes, taken.reshape(*shape, joint.shape[-1]))
    return {
        name: BitArray(_flat(register)[rows].reshape(*shape, *register.array.shape[-2:]), bits)
        for name, register in outcomes.items()
        for bits in [register.num_bits]
    }


def _joint(outcomes: Outcomes) -> NDArray[np.float64] | None:
    """Return the probabilities that exact registers share; None for counts."""
    first = next(iter(outcomes.values()))
    return first.joint if isinstance(first, OutcomeProbabilities) else None


def _with_joint(outcomes: Outcomes, joint: NDArray[np.float64]) -> Outcomes:
    return {
        name: OutcomeProbabilities(joint, register.num_bits, register.source)
        for name, register in outcomes.items()
        if isinstance(register, OutcomeProbabilities)
    }


def _flat(register: BitArray) -> NDArray[np.uint8]:
    array: NDArray[np.uint8] = register.array
    return array.reshape(-1, *array.shape[-2:])


def frequencies(register: Register) -> NDArray[np.float64]:
    """Return the share (B, 2^bits) of each outcome in each row."""
    if isinstance(register, OutcomeProbabilities):
        values: NDArray[np.float64] = register.probabilities
        return values
    return np.asarray(counts(register) / register.num_shots)


def counts(register: BitArray) -> NDArray[np.int64]:
    """Return how often (B, 2^bits) each outcome was measured in each row."""
    size = 2**register.num_bits
    values = _integers(register.array)
    shifted = values + size * np.arange(len(values))[:, None]
    return np.bincount(shifted.ravel(), minlength=size * len(values)).reshape(-1, size)


def moments(
    register: Register, observables: Sequence[Terms]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means and variances of the means (O, B) of weighted sums of ±1 products of bits.

    Args:
        register: What was measured.
        observables: For each of O sums, the bits of each product as a mask, and its weight.
    """
    if register.num_bits > _LARGEST_TABLE:
        return _moments_of_shots(register, observables)
    outcomes = np.arange(2**register.num_bits)
    table = np.zeros((len(observables), len(outcomes)))
    for row, terms in enumerate(observables):
        for mask, weight in terms:
            table[row] += np.where(np.bitwise_count(outcomes & mask) % 2 == 1, -weight, weight)
    shares = frequencies(register).T
    means = table @ shares
    if isinstance(register, OutcomeProbabilities):
        return means, np.zeros_like(means)
    return means, np.maximum(table**2 @ shares - means**2, 0.0) / register.num_shots


def _moments_of_shots(
    register: Register, observables: Sequence[Terms]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the same shot by shot, for registers whose outcomes are too many for a table."""
    if isinstance(register, OutcomeProbabilities):
        raise InputError(f"exact values are of at most {_LARGEST_TABLE} bits, got more")
    means, variances = [], []
    for terms in observables:
        total = np.zeros(register.array.shape[:-1])
        for mask, weight in terms:
            total += weight * _products(register, mask)
        means.append(total.mean(axis=-1))
        variances.append(total.var(axis=-1) / register.num_shots)
    return np.array(means), np.array(variances)


def _products(register: BitArray, mask: int) -> NDArray[np.float64]:
    """Return the product (B, shots) of the ±1 values of some bits."""
    num_bytes = register.array.shape[-1]
    masks = np.frombuffer(mask.to_bytes(num_bytes, "big"), dtype=np.uint8)
    used = np.flatnonzero(masks)
    bits = np.bitwise_count(register.array[..., used] & masks[used])
    return np.where(bits.sum(axis=-1) % 2 == 1, -1.0, 1.0)


def _integers(array: NDArray[np.uint8]) -> NDArray[np.int64]:
    values = np.zeros(array.shape[:-1], dtype=np.int64)
    for column in range(array.shape[-1]):
        values = (values << 8) | array[..., column]
    return values
