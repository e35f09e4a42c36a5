"""Outcomes of one circuit at many rows of angles: counts or exact probabilities, by register."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit.primitives import BitArray, DataBin

from qiskit_qmu.simulator.readout.outcome_probabilities import OutcomeProbabilities

Register: TypeAlias = BitArray | OutcomeProbabilities
"""Outcomes of one classical register."""
Outcomes: TypeAlias = dict[str, Register]
"""Registers by name, each of shape (B,): one entry for each row of angles."""


class RegisterData(DataBin):
    """A PUB's registers, with ``meas`` for all of them if none has that name.

    SamplerQNN 0.9.1 reads the register "meas" row by row; without one, every row gets the mean of
    all rows.
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
    """Return rows from ``start`` on, as many as fit the shape, in that shape."""
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


def no_outcomes(circuit: QuantumCircuit, shots: int | None) -> Outcomes:
    """Return the empty registers of a circuit with no rows of angles."""
    if shots is None:
        joint = np.zeros((0, 2**circuit.num_clbits))
        place = {bit: i for i, bit in enumerate(circuit.clbits)}
        return {
            own.name: OutcomeProbabilities(joint, own.size, [place[bit] for bit in own])
            for own in circuit.cregs
        }
    return {
        own.name: BitArray(np.zeros((0, shots, -(-own.size // 8)), dtype=np.uint8), own.size)
        for own in circuit.cregs
    }


def _flat(register: BitArray) -> NDArray[np.uint8]:
    array: NDArray[np.uint8] = register.array
    # Not -1 for the rows: they cannot be inferred for a register without bits.
    return array.reshape(register.size, *array.shape[-2:])


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


def _integers(array: NDArray[np.uint8]) -> NDArray[np.int64]:
    values = np.zeros(array.shape[:-1], dtype=np.int64)
    for column in range(array.shape[-1]):
        values = (values << 8) | array[..., column]
    return values
