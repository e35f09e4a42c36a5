"""The qubits and values that a circuit's classical registers hold at its end."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.compile.active_qubits import active_qubits
from qiskit_qmu.simulator.compile.instructions import is_measurement

_LARGEST_INT64 = 62


def register_qubits(circuit: QuantumCircuit) -> dict[str, list[int | None]]:
    """Return, for each classical register, the qubit that each of its bits holds at the end.

    Args:
        circuit: A circuit with final measurements, or with none.

    Returns:
        Register names to one qubit index per bit; None for a bit that is never written.

    Raises:
        InputError: If the circuit measures inside another instruction.
    """
    for instruction in circuit.data:
        if instruction.clbits and not is_measurement(instruction):
            raise InputError(
                f"instruction {instruction.name!r} has classical bits, but measurements inside "
                "instructions are not supported; decompose it first"
            )
    source = {
        instruction.clbits[0]: circuit.find_bit(instruction.qubits[0]).index
        for instruction in circuit.data
        if is_measurement(instruction)
    }
    return {register.name: [source.get(bit) for bit in register] for register in circuit.cregs}


def measured_qubits(circuit: QuantumCircuit) -> dict[str, list[int | None]]:
    """Return `register_qubits` of a circuit that must have measurements.

    Raises:
        InputError: If the circuit has no measurements, or measures inside another instruction.
    """
    registers = register_qubits(circuit)
    if all(qubit is None for qubits in registers.values() for qubit in qubits):
        raise InputError("the circuit has no measurements to sample; add them with measure_all()")
    return registers


def register_values(
    states: NDArray[np.int64], qubits: Sequence[int | None]
) -> NDArray[np.int64] | NDArray[np.object_]:
    """Return the integer that a register holds after measuring basis states.

    Args:
        states: Basis states, as integers whose bit q is qubit q.
        qubits: The qubit that each bit of the register holds, None for a bit that stays 0.

    Returns:
        Values in the shape of ``states``; Python integers where 64 bits are too few.
    """
    values = np.zeros(states.shape, dtype=np.int64 if len(qubits) <= _LARGEST_INT64 else object)
    for position, qubit in enumerate(qubits):
        if qubit is not None:
            values |= ((states >> qubit) & 1).astype(values.dtype) << position
    return values


def register_bytes(num_qubits: int, qubits: Sequence[int | None]) -> NDArray[np.uint8]:
    """Return a register's bits after measuring each basis state, packed like a BitArray.

    Args:
        num_qubits: Number n of qubits.
        qubits: The qubit that each bit of the register holds, None for a bit that stays 0.

    Returns:
        Bytes (2^n, number of bytes), the highest bits first.
    """
    states = np.arange(2**num_qubits)
    packed = np.zeros((len(states), -(-len(qubits) // 8)), dtype=np.uint8)
    for position, qubit in enumerate(qubits):
        if qubit is not None:
            bit = ((states >> qubit) & 1).astype(np.uint8)
            packed[:, -1 - position // 8] |= bit << np.uint8(position % 8)
    return packed


def outcome_of_states(circuit: QuantumCircuit) -> tuple[NDArray[np.int64], int]:
    """Return the outcome (2^n,) that each basis state is read as, and the number of outcomes.

    Args:
        circuit: A measured circuit; the basis states are those of its n active qubits.

    Raises:
        InputError: If the circuit has no measurement, or measures into several registers.
    """
    measured_qubits(circuit)
    active = active_qubits(circuit).circuit
    registers = register_qubits(active)
    if len(registers) != 1:
        raise InputError(f"the circuit must have one classical register, but has {len(registers)}")
    (qubits,) = registers.values()
    values = register_values(np.arange(2**active.num_qubits), qubits).astype(np.int64)
    return values, 2 ** len(qubits)


def merge_outcomes(values: torch.Tensor, outcomes: torch.Tensor, count: int) -> torch.Tensor:
    """Sum the values (2^n, …) of basis states that give the same outcome, (count, …)."""
    return values.new_zeros(count, *values.shape[1:]).index_add(0, outcomes, values)
