"""RotationCircuit: a circuit in which every rotation has an angle of its own."""

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

# Names that stand for something else than an operation of that name and of another class.
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
"""Rotations whose generators have two eigenvalues, one apart: the two-term shift rule holds."""


@final
@dataclass(frozen=True, eq=False)
class RotationCircuit:
    """A circuit whose rotations are numbered, and how its own parameters make their angles.

    One such circuit is transpiled once; every row of parameter values and every shift of one angle
    is only a row of angles of it, and no device ever sees a parameter expression.

    Attributes:
        circuit: The circuit with one parameter for each rotation.
        angles: Its parameters, in order.
        depends: Whether an angle is a function of a parameter of the original, (A, P).
        placed: Whether it stands on a device's qubits already, and is sent as it is.
    """

    circuit: QuantumCircuit
    angles: tuple[Parameter, ...]
    depends: NDArray[np.bool_]
    _map: AngleMap
    placed: bool = False

    @staticmethod
    def on_device(circuit: QuantumCircuit) -> "RotationCircuit":
        """Return a circuit without parameters that stands on a device's qubits already."""
        return RotationCircuit(
            circuit, (), np.zeros((0, 0), dtype=bool), AngleMap([], []), placed=True
        )

    @staticmethod
    def of(circuit: QuantumCircuit) -> "RotationCircuit":
        """Number the rotations of a circuit.

        Args:
            circuit: A circuit as a user writes it: on its own qubits, not transpiled.

        Raises:
            InputError: If it was transpiled already, or a gate with parameters is neither a
                rotation nor made of rotations.
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
            basis: One Pauli letter for each qubit, the last one of qubit 0, as in Qiskit; a qubit
                with I is not measured.

        Returns:
            The circuit; bit i of the register is the i-th measured qubit, from qubit 0 on.

        Final measurements of the circuit's own are left out, as on the exact simulator.

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
    """Raise InputError if a circuit was transpiled already.

    Qiskit ML 0.9 reads the results of such a circuit by its layout, wrongly: silently so for a
    measured one, and for an EstimatorQNN without observables.
    """
    if circuit.layout is not None:
        raise InputError(
            "the circuit was transpiled already; a backend takes virtual circuits, transpiles them "
            "itself and brings results back to their qubits (give a QNN no pass_manager)"
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
                "the circuit of an observable must be measured at its end only, got "
                f"{instruction.name!r} after a measurement, or with classical bits"
            )
        else:
            bare.append(operation, instruction.qubits)
    return bare


def _count(circuit: QuantumCircuit) -> int:
    return sum(is_symbolic(operation) for operation, _, _ in _opened(circuit))


def _opened(
    circuit: QuantumCircuit,
) -> Iterator[tuple[Operation, Sequence[Qubit], Sequence[Clbit]]]:
    """Yield a circuit's operations, with gates of several angles made rotations of one each."""
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
    """Yield an operation, or the gates that one under the name of another is made of.

    Transpilers and simulators go by names. One that has nothing but a matrix is given by it.
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
            "a RawFeatureVector without values cannot be transpiled: each row is another circuit; "
            "an AmplitudeEncoding has angles instead"
        )
    else:
        definition = None if _blocks(operation) else getattr(operation, "definition", None)
        if definition is None:
            raise InputError(
                "an instruction with parameters must be a rotation or be made of rotations, got "
                f"{operation.name!r}"
            )
        inner = dict(zip(definition.qubits, qubits, strict=True))
        for instruction in definition.data:
            part = instruction.operation
            if operation.label is not None:  # noise models know gates by their labels
                part = part.to_mutable()
                part.label = operation.label
            yield from _rotations(part, [inner[qubit] for qubit in instruction.qubits])


def _blocks(operation: Operation) -> tuple[QuantumCircuit, ...]:
    return tuple(getattr(operation, "blocks", ()))


def is_symbolic(operation: Operation) -> bool:
    """Return whether an operation has a parameter without a value."""
    return any(block.parameters for block in _blocks(operation)) or any(
        isinstance(parameter, ParameterExpression) and parameter.parameters
        for parameter in getattr(operation, "params", ())
    )
