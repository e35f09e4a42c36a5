"""Definitions and matrices of operations."""

import warnings

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import (
    AnnotatedOperation,
    Gate,
    Instruction,
    Operation,
    QuantumCircuit,
)
from qiskit.circuit.library import StatePreparation, UnitaryGate
from qiskit.exceptions import QiskitError
from qiskit.transpiler.passes import HighLevelSynthesis

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.compile.instructions import does_nothing, is_symbolic, with_numbers

_LARGEST_MATRIX = 6


def definition_of(operation: Operation) -> QuantumCircuit:
    """Return an operation's definition.

    Raises:
        InputError: If it is control flow, or has no definition.
    """
    if getattr(operation, "blocks", None):
        raise InputError(
            f"instruction {operation.name!r} cannot be simulated: it is control flow; circuits may "
            "contain unitary gates and final measurements"
        )
    if isinstance(operation, Instruction):
        try:
            definition = with_numbers(operation).definition
        except QiskitError:  # e.g. an RV gate with unbound parameters
            definition = None
    else:
        definition = _synthesized(operation)
    if definition is None:
        raise InputError(
            f"instruction {operation.name!r} cannot be simulated: it is not a standard gate, and "
            "has no definition for its parameters"
        )
    return definition


def matrix_of(operation: Operation) -> NDArray[np.complex128] | None:
    """Return the matrix of a gate without parameters, if it is small or defines the gate."""
    if not isinstance(operation, Gate) or not hasattr(operation, "__array__"):
        return None
    if any(map(is_symbolic, operation.params)):
        return None
    defining = isinstance(operation, UnitaryGate)
    if operation.num_qubits > _LARGEST_MATRIX and not defining and operation.definition is not None:
        return None
    return np.asarray(operation.to_matrix(), dtype=complex)


def in_known_gates(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit of gates made of Qiskit's standard gates and matrices alone.

    Global phases are kept: they matter under control.

    Raises:
        InputError: If an instruction is not a unitary gate.
    """
    known = QuantumCircuit(circuit.num_qubits, global_phase=circuit.global_phase)
    for instruction in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        if instruction.is_standard_gate():
            known.append(instruction.operation, qubits)
        elif not does_nothing(instruction.operation):
            matrix = matrix_of(instruction.operation)
            if matrix is not None:
                known.unitary(matrix, qubits)
            else:
                opened = in_known_gates(definition_of(instruction.operation))
                known.compose(opened, qubits, inplace=True)
    return known


def prepares_state(gate: Operation) -> bool:
    """Whether a gate takes |0…0⟩ to the amplitudes that are its parameters."""
    # The inverse of a preparation is of the same class and has the same parameters.
    forward = type(gate) is StatePreparation and not gate._inverse  # noqa: SLF001
    return forward and len(gate.params) == 2**gate.num_qubits


def _synthesized(operation: Operation) -> QuantumCircuit | None:
    """Return Qiskit's synthesis of a mathematical object (Clifford, annotated operation, …)."""
    circuit = QuantumCircuit(operation.num_qubits, operation.num_clbits)
    try:
        circuit.append(_with_known_base(operation), circuit.qubits, circuit.clbits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they precede an error, which is handled here
            synthesized: QuantumCircuit = HighLevelSynthesis()(circuit)
    except QiskitError:
        return None
    unchanged = any(instruction.name == operation.name for instruction in synthesized.data)
    return None if unchanged else synthesized


def _with_known_base(operation: Operation) -> Operation:
    """Return an annotated operation whose base Qiskit's synthesis, which goes by names, knows."""
    if not isinstance(operation, AnnotatedOperation):
        return operation
    base = QuantumCircuit(operation.base_op.num_qubits)
    base.append(operation.base_op, base.qubits)
    if base.data[0].is_standard_gate():
        return operation
    return AnnotatedOperation(in_known_gates(base).to_gate(), operation.modifiers)
