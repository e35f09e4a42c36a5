"""Restricts circuits to the qubits that they use."""

from collections import Counter
from dataclasses import dataclass
from typing import final

import numpy as np
from qiskit.circuit import (
    Barrier,
    CircuitInstruction,
    Clbit,
    Gate,
    Instruction,
    Measure,
    Operation,
    ParameterExpression,
    QuantumCircuit,
    Qubit,
    Reset,
)
from qiskit.circuit.library import Initialize
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import PauliList, SparsePauliOp
from qiskit_machine_learning.circuit.library.raw_feature_vector import ParameterizedInitialize

from qiskit_qmu.simulator.compile.instructions import does_nothing, is_measurement, with_numbers


@final
@dataclass(frozen=True, kw_only=True)
class ActiveCircuit:
    """A circuit on as few qubits as possible.

    Attributes:
        circuit: The small circuit; classical bits, registers and parameters are those of the
            original.
        wires: For each qubit of the original, the qubit of ``circuit`` that holds it at the end;
            None for one that ends in |0>.
    """

    circuit: QuantumCircuit
    wires: tuple[int | None, ...]

    def restrict(self, observable: SparsePauliOp) -> SparsePauliOp:
        """Return an observable of the original circuit as one of the small circuit.

        Args:
            observable: An observable on the original's qubits.

        Returns:
            The observable with the same expectation value: on a qubit in |0>, X and Y have the
            value 0 and Z has the value 1.
        """
        if self.wires == tuple(range(self.circuit.num_qubits)):
            return observable
        paulis = observable.paulis
        idle = [qubit for qubit, wire in enumerate(self.wires) if wire is None]
        nonzero = np.flatnonzero(~paulis.x[:, idle].any(axis=1))
        if len(nonzero) == 0:
            return SparsePauliOp("I" * self.circuit.num_qubits, 0.0)
        x = np.zeros((len(nonzero), self.circuit.num_qubits), dtype=bool)
        z = np.zeros_like(x)
        for qubit, wire in enumerate(self.wires):
            if wire is not None:
                x[:, wire] = paulis.x[nonzero, qubit]
                z[:, wire] = paulis.z[nonzero, qubit]
        return SparsePauliOp(PauliList.from_symplectic(z, x), observable.coeffs[nonzero])


def active_qubits(circuit: QuantumCircuit) -> ActiveCircuit:
    """Return a circuit without the qubits that no gate touches, and without resets.

    A transpiled circuit has all qubits of its device; a statevector should hold only those in use.
    Barriers, delays and identities touch nothing; a measured idle qubit gives 0. A qubit that is
    reset after use continues as a new qubit in |0>, and no gate touches the old one any more, which
    is equivalent to a reset.

    Args:
        circuit: Any circuit; one with control flow, which is not simulated, is left unchanged.

    Returns:
        The small circuit, or the same object if all qubits are used and none is reset.

    Example:
        >>> circuit = QuantumCircuit(5)
        >>> _ = circuit.cx(3, 1)
        >>> active = active_qubits(circuit)
        >>> active.circuit.num_qubits
        2
        >>> active.wires
        (None, 1, None, 0, None)
    """
    if circuit.has_control_flow_op() or _is_plain(circuit):
        return ActiveCircuit(circuit=circuit, wires=tuple(range(circuit.num_qubits)))
    rewiring = _Rewiring(circuit)
    for instruction in circuit.data:
        rewiring.add(instruction)
    return rewiring.finish()


def _is_plain(circuit: QuantumCircuit) -> bool:
    """Whether gates touch all qubits, and none is reset."""
    left = set(circuit.qubits)
    for instruction in circuit.data:
        if not instruction.is_standard_gate() and _resets(instruction.operation):
            return False
        if left and _touches(instruction) and not is_measurement(instruction):
            left.difference_update(instruction.qubits)
    return not left and circuit.num_qubits > 0


def _touches(instruction: CircuitInstruction) -> bool:
    # An identity with a free parameter (a delay of unknown length) stays, to keep the parameter.
    parameters = any(isinstance(each, ParameterExpression) for each in instruction.params)
    return parameters or not does_nothing(instruction.operation)


def _resets(operation: Operation) -> bool:
    """Whether this resets a qubit, directly or in its definition."""
    if isinstance(operation, Reset | Initialize | ParameterizedInitialize):
        return True
    if isinstance(operation, Gate | Barrier | Measure) or not isinstance(operation, Instruction):
        return False
    parts = _parts(operation)
    return parts is not None and any(_resets(part.operation) for part in parts.data)


def _parts(operation: Instruction) -> QuantumCircuit | None:
    try:
        return with_numbers(operation).definition
    except QiskitError:  # e.g. amplitudes that are parameters
        return None


class _Rewiring:
    """Collects the instructions of a circuit on new wires, numbered as they are first touched."""

    def __init__(self, circuit: QuantumCircuit) -> None:
        self._circuit = circuit
        self._wire_of: dict[Qubit, int] = {}
        self._count = 0
        self._instructions: list[tuple[CircuitInstruction, list[int]]] = []
        self._writes: Counter[Clbit] = Counter(
            bit for instruction in circuit.data for bit in instruction.clbits
        )

    def add(self, instruction: CircuitInstruction) -> None:
        operation = instruction.operation
        if not instruction.is_standard_gate() and _resets(operation):
            parts = None if isinstance(operation, Reset) else _parts(operation)
            if parts is not None:
                self._add_parts(parts, instruction)
                return
            # The old wires are left untouched; the next gates get new ones.
            for qubit in instruction.qubits:
                self._wire_of.pop(qubit, None)
            if isinstance(operation, Reset):
                return
        if _touches(instruction) and not self._reads_nothing(instruction):
            wires = [self._wire(qubit) for qubit in instruction.qubits]
            self._instructions.append((instruction, wires))

    def _add_parts(self, parts: QuantumCircuit, whole: CircuitInstruction) -> None:
        qubits = dict(zip(parts.qubits, whole.qubits, strict=True))
        clbits = dict(zip(parts.clbits, whole.clbits, strict=True))
        for part in parts.data:
            self.add(
                part.replace(
                    qubits=tuple(map(qubits.__getitem__, part.qubits)),
                    clbits=tuple(map(clbits.__getitem__, part.clbits)),
                )
            )

    def _reads_nothing(self, instruction: CircuitInstruction) -> bool:
        """Whether this measures a qubit in |0> into a bit that is 0 anyway."""
        return (
            is_measurement(instruction)
            and instruction.qubits[0] not in self._wire_of
            and self._writes[instruction.clbits[0]] == 1
        )

    def _wire(self, qubit: Qubit) -> int:
        if qubit not in self._wire_of:
            self._wire_of[qubit] = self._count
            self._count += 1
        return self._wire_of[qubit]

    def finish(self) -> ActiveCircuit:
        original = self._circuit
        # A state vector has at least one qubit.
        circuit = QuantumCircuit(max(1, self._count), global_phase=original.global_phase)
        circuit.add_bits(original.clbits)
        for register in original.cregs:
            circuit.add_register(register)
        for instruction, wires in self._instructions:
            circuit.append(instruction.operation, wires, instruction.clbits)
        ends = tuple(map(self._wire_of.get, original.qubits))
        return ActiveCircuit(circuit=circuit, wires=ends)
