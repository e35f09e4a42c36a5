"""Circuits on the qubits that they really use."""

from collections import Counter
from dataclasses import dataclass
from typing import final

import numpy as np
from qiskit.circuit import CircuitInstruction, Clbit, ParameterExpression, QuantumCircuit, Qubit
from qiskit.quantum_info import PauliList, SparsePauliOp

from qiskit_qmu.simulator.instructions import does_nothing, is_measurement, is_reset


@final
@dataclass(frozen=True, kw_only=True)
class ActiveCircuit:
    """A circuit on as few qubits as it needs.

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
            observable: On the original's qubits.

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
    """Leave out the qubits that no gate touches.

    A transpiled circuit has all qubits of its device, of which a state vector holds only those that
    count. Barriers, delays, identities and resets touch nothing; a measured idle qubit gives 0.

    Args:
        circuit: Any circuit; one with control flow, which is not simulated, is left as it is.

    Returns:
        The small circuit, or the same object where all qubits are used.
    """
    if _all_touched(circuit) or circuit.has_control_flow_op():
        return ActiveCircuit(circuit=circuit, wires=tuple(range(circuit.num_qubits)))
    rewiring = _Rewiring(circuit)
    for instruction in circuit.data:
        rewiring.add(instruction)
    return rewiring.finish()


def _all_touched(circuit: QuantumCircuit) -> bool:
    left = set(circuit.qubits)
    for instruction in circuit.data:
        if not left:
            break
        if _touches(instruction) and not is_measurement(instruction):
            left.difference_update(instruction.qubits)
    return not left and circuit.num_qubits > 0


def _touches(instruction: CircuitInstruction) -> bool:
    # An identity with a free parameter (a delay of unknown length) stays, to keep the parameter.
    parameters = any(isinstance(each, ParameterExpression) for each in instruction.params)
    return parameters or not (is_reset(instruction) or does_nothing(instruction.operation))


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
        if self._changes_nothing(instruction) or self._reads_nothing(instruction):
            return
        wires = [self._wire(qubit) for qubit in instruction.qubits]
        self._instructions.append((instruction, wires))

    def _changes_nothing(self, instruction: CircuitInstruction) -> bool:
        # A reset in the middle stays, for the simulator to refuse it.
        in_middle = is_reset(instruction) and instruction.qubits[0] in self._wire_of
        return not _touches(instruction) and not in_middle

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
