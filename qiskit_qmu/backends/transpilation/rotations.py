"""RotationCircuit: a circuit in which every rotation has its own angle parameter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import (
    Barrier,
    CircuitInstruction,
    ClassicalRegister,
    Clbit,
    Gate,
    Measure,
    Operation,
    Parameter,
    ParameterExpression,
    ParameterVector,
    QuantumCircuit,
    Qubit,
)
from qiskit.circuit.library import (
    PhaseGate,
    RXGate,
    RXXGate,
    RYGate,
    RYYGate,
    RZGate,
    RZXGate,
    RZZGate,
    U1Gate,
    U3Gate,
    UGate,
    UnitaryGate,
)
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit_machine_learning.circuit.library.raw_feature_vector import ParameterizedInitialize

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.compile.angles import AngleMap
from qiskit_qmu.simulator.compile.definitions import in_known_gates

# Names under which transpilers and simulators expect an operation of a certain class.
_NAMES = {*get_standard_gate_name_mapping(), "barrier", "unitary"}
TWO_TERM = {
    RXGate,
    RYGate,
    RZGate,
    PhaseGate,
    U1Gate,
    RXXGate,
    RYYGate,
    RZZGate,
    RZXGate,
}
"""Rotations whose generators have two eigenvalues that differ by one: the two-term shift rule."""


@final
@dataclass(frozen=True, eq=False)
class RotationCircuit:
    """A circuit with one parameter per rotation, and how the original parameters make the angles.

    Such a circuit is transpiled once; every row of parameter values and every shift of one angle
    is just another row of angles, and no device ever gets a parameter expression.

    Attributes:
        circuit: The circuit with one parameter for each rotation.
        angles: Its parameters, in order.
        depends: Whether an angle depends on a parameter of the original circuit, (A, P).
        placed: Whether it is already on a device's qubits and is sent unchanged.
    """

    circuit: QuantumCircuit
    angles: tuple[Parameter, ...]
    depends: NDArray[np.bool_]
    _map: AngleMap
    placed: bool = False

    @staticmethod
    def on_device(circuit: QuantumCircuit) -> "RotationCircuit":
        """Wrap a circuit without parameters that is already on a device's qubits."""
        return RotationCircuit(
            circuit, (), np.zeros((0, 0), dtype=bool), AngleMap([], []), placed=True
        )

    @staticmethod
    def of(circuit: QuantumCircuit) -> "RotationCircuit":
        """Number the rotations of a circuit.

        Args:
            circuit: A virtual circuit, not transpiled.

        Raises:
            InputError: If it was already transpiled, or a parametrized gate is neither a rotation
                nor made of rotations.
        """
        check_virtual(circuit)
        bare, expressions = circuit.copy_empty_like(), []
        bare.global_phase = 0.0
        names = iter(ParameterVector("angle", _count(circuit)))
        for operation, qubits, clbits in _opened(circuit):
            placed = operation
            if is_symbolic(operation):
                expressions.append(operation.params[0])
                placed = type(operation)(next(names), label=operation.label)
            bare.append(placed, qubits, clbits)
        parameters = list(circuit.parameters)
        depends = np.array(
            [[p in expression.parameters for p in parameters] for expression in expressions]
        ).reshape(len(expressions), len(parameters))
        return RotationCircuit(
            bare, tuple(bare.parameters), depends, AngleMap(expressions, parameters)
        )

    def values(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the angles (B, A) of rows (B, P) of the original parameters.

        Raises:
            InputError: If a value is NaN or infinite.
        """
        _check.finite(parameter_values=rows)
        if not self.angles:
            return np.zeros((len(rows), 0))
        return np.asarray(self._map(torch.as_tensor(rows)).numpy())

    def slopes(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the derivatives (B, A, P) of the angles by the original parameters."""
        if not self.angles:
            return np.zeros((len(rows), 0, rows.shape[1]))
        jacobian = torch.func.vmap(torch.func.jacrev(self._map))(torch.as_tensor(rows))
        return np.asarray(jacobian.detach().numpy())

    def measured_in(self, basis: str) -> "RotationCircuit":
        """Return the circuit with its qubits measured in a Pauli basis, into register "meas".

        Args:
            basis: One Pauli letter per qubit, the last for qubit 0, as in Qiskit; a qubit with I
                is not measured.

        Returns:
            The circuit; bit i of the register is the i-th measured qubit, from qubit 0 on.

        The circuit's own final measurements are dropped, as on the exact simulator.

        Raises:
            InputError: If the circuit is measured before its end.
        """
        measured = [qubit for qubit, pauli in enumerate(reversed(basis)) if pauli != "I"]
        circuit = QuantumCircuit(self.circuit.num_qubits)
        for qubit in measured:
            pauli = basis[len(basis) - 1 - qubit]
            if pauli == "Y":
                circuit.sdg(qubit)
            if pauli in "XY":
                circuit.h(qubit)
        whole = _without_final_measurements(self.circuit).compose(circuit)
        whole.barrier()
        whole.add_register(ClassicalRegister(len(measured), "meas"))
        whole.measure(measured, range(len(measured)))
        return RotationCircuit(whole, self.angles, self.depends, self._map)


def check_virtual(circuit: QuantumCircuit) -> None:
    """Raise InputError if a circuit was already transpiled.

    Qiskit ML 0.9 misreads the results of such a circuit by its layout: silently for a measured
    one, and for an EstimatorQNN without observables.
    """
    if circuit.layout is not None:
        raise InputError(
            "the circuit was already transpiled; backends take virtual circuits, transpile them "
            "and map results back to their qubits (create the QNN without a pass_manager)"
        )


def _without_final_measurements(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit without its measurements and classical bits.

    Raises:
        InputError: If a measurement is not at the end.
    """
    if not circuit.num_clbits:
        return circuit
    bare = QuantumCircuit(circuit.qubits, global_phase=circuit.global_phase)
    measured: set[Qubit] = set()
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, Measure):
            measured.update(instruction.qubits)
        elif not isinstance(operation, Barrier) and (
            instruction.clbits or not measured.isdisjoint(instruction.qubits)
        ):
            raise InputError(
                f"{instruction.name!r} after a measurement, or with classical bits: circuits of "
                "observables may only have final measurements"
            )
        else:
            bare.append(operation, instruction.qubits)
    return bare


def _count(circuit: QuantumCircuit) -> int:
    return sum(is_symbolic(operation) for operation, _, _ in _opened(circuit))


def _opened(
    circuit: QuantumCircuit,
) -> Iterator[tuple[Operation, Sequence[Qubit], Sequence[Clbit]]]:
    """Yield a circuit's operations, with gates of several angles decomposed into rotations."""
    for instruction in circuit.data:
        operation = instruction.operation
        if not is_symbolic(operation):
            for known, qubits in _under_own_name(instruction):
                yield known, qubits, instruction.clbits
        else:
            for rotation, qubits in _rotations(operation, instruction.qubits):
                yield rotation, qubits, ()


def _under_own_name(
    instruction: CircuitInstruction,
) -> Iterator[tuple[Operation, Sequence[Qubit]]]:
    """Yield an operation, or its definition if it bears another operation's name.

    Transpilers and simulators go by names. An operation with only a matrix is given as a unitary.
    """
    operation, qubits = instruction.operation, instruction.qubits
    known = instruction.is_standard_gate() or isinstance(operation, UnitaryGate)
    custom = isinstance(operation, Gate) and not known
    if custom and (operation.name in _NAMES or operation.definition is None):
        whole = QuantumCircuit(operation.num_qubits)
        whole.append(operation, whole.qubits)
        gates = in_known_gates(whole)
        outer = dict(zip(gates.qubits, qubits, strict=True))
        for part in gates.data:
            yield part.operation, [outer[qubit] for qubit in part.qubits]
    else:
        yield operation, qubits


def _rotations(
    operation: Operation, qubits: Sequence[Qubit]
) -> Iterator[tuple[Operation, Sequence[Qubit]]]:
    kind = getattr(operation, "base_class", type(operation))
    if not is_symbolic(operation) or kind in TWO_TERM:
        yield operation, qubits
    elif kind in {UGate, U3Gate}:
        theta, phi, lam = operation.params
        label = operation.label
        for kind, angle in ((RZGate, lam), (RYGate, theta), (RZGate, phi)):
            yield kind(angle, label=label), qubits
    elif isinstance(operation, ParameterizedInitialize):
        raise InputError(
            "a RawFeatureVector with unbound parameters cannot be transpiled, as every row gives "
            "another circuit; use AmplitudeEncoding, which is parametrized by angles"
        )
    else:
        definition = None if _blocks(operation) else getattr(operation, "definition", None)
        if definition is None:
            raise InputError(
                f"parametrized instruction {operation.name!r} is neither a rotation nor made of "
                "rotations"
            )
        inner = dict(zip(definition.qubits, qubits, strict=True))
        for instruction in definition.data:
            part = instruction.operation
            if operation.label is not None:  # noise models look up gates by their labels
                part = part.to_mutable()
                part.label = operation.label
            yield from _rotations(part, [inner[qubit] for qubit in instruction.qubits])


def _blocks(operation: Operation) -> tuple[QuantumCircuit, ...]:
    return tuple(getattr(operation, "blocks", ()))


def is_symbolic(operation: Operation) -> bool:
    """Return whether an operation has an unbound parameter."""
    return any(block.parameters for block in _blocks(operation)) or any(
        isinstance(parameter, ParameterExpression) and parameter.parameters
        for parameter in getattr(operation, "params", ())
    )
