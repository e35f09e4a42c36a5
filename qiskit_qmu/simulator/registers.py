"""What the classical registers of a circuit read at its end."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.instructions import is_measurement

_LARGEST_INT64 = 62


def register_qubits(circuit: QuantumCircuit) -> dict[str, list[int | None]]:
    """Return, for each classical register, the qubit that each of its bits holds at the end.

    Args:
        circuit: A circuit with final measurements, or with none.

    Returns:
        Register names to one qubit index per bit, None for a bit that is never written.

    Raises:
        InputError: If the circuit measures inside of another instruction.
    """
    for instruction in circuit.data:
        if instruction.clbits and not is_measurement(instruction):
            raise InputError(
                "measurements must stand in the circuit itself, got classical bits in instruction "
                f"{instruction.name!r}"
            )
    source = {
        instruction.clbits[0]: circuit.find_bit(instruction.qubits[0]).index
        for instruction in circuit.data
        if is_measurement(instruction)
    }
    return {register.name: [source.get(bit) for bit in register] for register in circuit.cregs}


def measured_qubits(circuit: QuantumCircuit) -> dict[str, list[int | None]]:
    """Return what `register_qubits` does, of a circuit that must measure something.

    Raises:
        InputError: If the circuit measures nothing, or measures inside of another instruction.
    """
    registers = register_qubits(circuit)
    if all(qubit is None for qubits in registers.values() for qubit in qubits):
        raise InputError("a sampled circuit must have measurements, got none")
    return registers


def register_values(
    states: NDArray[np.int64], qubits: Sequence[int | None]
) -> NDArray[np.int64] | NDArray[np.object_]:
    """Return the integer that a register holds after basis states were measured.

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
    """Return a register's bits after each basis state was measured, packed as a BitArray is.

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
