"""Circuits as a sequence of a few kinds of elementary gate.

Every Qiskit gate is one of them or is unrolled by its own definition until it is.
Global phases are dropped: no measured value depends on them.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import (
    AnnotatedOperation,
    ControlledGate,
    Gate,
    Instruction,
    Measure,
    Operation,
    ParameterExpression,
    QuantumCircuit,
    Reset,
)
from qiskit.circuit.library import (
    CPhaseGate,
    CRZGate,
    CU1Gate,
    PhaseGate,
    RXGate,
    RYGate,
    RZGate,
    RZZGate,
    StatePreparation,
    U1Gate,
    UGate,
    UnitaryGate,
)
from qiskit.exceptions import QiskitError
from qiskit.transpiler.passes import HighLevelSynthesis
from qiskit_machine_learning.circuit.library.raw_feature_vector import ParameterizedInitialize

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import as_amplitude_encoding
from qiskit_qmu.simulator.active_qubits import active_qubits
from qiskit_qmu.simulator.expressions import with_numbers
from qiskit_qmu.simulator.instructions import does_nothing

Angle: TypeAlias = ParameterExpression | float

# A phase gate is a rotation about z up to a global phase.
_ROTATIONS = {RXGate: "x", RYGate: "y", RZGate: "z", PhaseGate: "z", U1Gate: "z"}
# Rotations about parities over the first and second qubit, with their share of the gate's angle.
_PARITIES: dict[type, tuple[tuple[tuple[int, ...], float], ...]] = {
    CPhaseGate: (((0,), 0.5), ((1,), 0.5), ((0, 1), -0.5)),
    CU1Gate: (((0,), 0.5), ((1,), 0.5), ((0, 1), -0.5)),
    CRZGate: (((1,), 0.5), ((0, 1), -0.5)),
    RZZGate: (((0, 1), 1.0),),
}
_LARGEST_MATRIX = 6
_ZERO = 1e-13


@dataclass(frozen=True)
class Fixed:
    """A one-qubit gate without parameters."""

    qubit: int
    matrix: NDArray[np.complex128]


@dataclass(frozen=True)
class Rotation:
    """exp(-i angle P / 2) with the Pauli matrix P of ``axis`` on one qubit."""

    qubit: int
    axis: str
    angle: ParameterExpression


@dataclass(frozen=True)
class Parity:
    """exp(-i angle χ / 2), where χ(s) = ±1 is the parity of the basis state s over some qubits."""

    qubits: tuple[int, ...]
    angle: Angle


@dataclass(frozen=True)
class Monomial:
    """A gate that maps each basis state to one basis state times a phase, as CX, SWAP, CY, CCX.

    ``new[j] = phases[j] * old[source[j]]`` in the basis of the gate's own qubits.
    """

    qubits: tuple[int, ...]
    source: NDArray[np.int64]
    phases: NDArray[np.complex128]


@dataclass(frozen=True)
class Dense:
    """Any other gate without parameters, by its matrix in the basis of its own qubits."""

    qubits: tuple[int, ...]
    matrix: NDArray[np.complex128]


@dataclass(frozen=True)
class Preparation:
    """A gate that takes |0…0⟩ to known amplitudes; elsewhere it is what its definition says.

    The amplitudes are given, or those that the angles of an amplitude encoding make.
    """

    qubits: tuple[int, ...]
    gate: Gate
    amplitudes: NDArray[np.complex128] | None = None
    angles: tuple[Angle, ...] = ()


@dataclass(frozen=True)
class Features:
    """Qubits that start in real amplitudes of norm 1, proportional to these values."""

    qubits: tuple[int, ...]
    values: tuple[Angle, ...]


Elementary = Fixed | Rotation | Parity | Monomial | Dense | Preparation | Features


def unroll(circuit: QuantumCircuit) -> Iterator[Elementary]:
    """Yield the elementary gates of a circuit in order; final measurements are left out.

    Args:
        circuit: Any circuit of unitary gates, with barriers and final measurements.

    Yields:
        Elementary gates on the circuit's qubit indices.

    Raises:
        InputError: If the circuit holds control flow, a reset or a measurement in its middle, or an
            instruction without a definition; the message names it.
    """
    qubits = tuple(range(circuit.num_qubits))
    used: set[int] = set()
    measured: set[int] = set()
    for operation, targets, outer in _flatten(circuit, qubits):
        if isinstance(operation, Measure):
            measured.update(targets)
            continue
        name = f"{operation.name!r} in {outer!r}" if outer else repr(operation.name)
        if measured.intersection(targets):
            raise InputError(
                f"measurements must be the last instructions of a circuit, got {name} on a qubit "
                "that was measured before"
            )
        resets = isinstance(operation, Reset | ParameterizedInitialize)
        if resets and used.intersection(targets):
            raise InputError(
                f"qubits must not be reset in the middle of a circuit, got instruction {name}"
            )
        if isinstance(operation, Reset):
            continue
        used.update(targets)
        if isinstance(operation, ParameterizedInitialize):
            yield Features(targets, tuple(map(_real, operation.params)))
        else:
            yield from _elementary(operation, targets)


def rotation_angles(circuit: QuantumCircuit) -> Iterator[ParameterExpression]:
    """Yield the angle of every rotation that depends on parameters, one for each rotation.

    The parameter-shift rule runs two circuits for each. It knows nothing of amplitudes that are
    features, which are left out.

    Args:
        circuit: As for `unroll`, but qubits may be reset in its middle.

    Raises:
        InputError: As `unroll` does.
    """
    for gate in unroll(active_qubits(circuit).circuit):
        angles: tuple[Angle, ...] = ()
        if isinstance(gate, Rotation | Parity):
            angles = (gate.angle,)
        elif isinstance(gate, Preparation):
            angles = gate.angles
        yield from (a for a in angles if isinstance(a, ParameterExpression) and a.parameters)


def _flatten(
    circuit: QuantumCircuit, qubits: tuple[int, ...], outer: str = ""
) -> Iterator[tuple[Operation, tuple[int, ...], str]]:
    """Yield operations, outer qubit indices, and the opened instruction they are in, if any."""
    for instruction in circuit.data:
        operation = instruction.operation
        targets = tuple(qubits[circuit.find_bit(qubit).index] for qubit in instruction.qubits)
        if does_nothing(operation):
            continue
        if isinstance(operation, Gate | Measure | Reset) or _has_free_features(operation):
            yield operation, targets, outer
        else:
            yield from _flatten(definition_of(operation), targets, outer or operation.name)


def _has_free_features(operation: Operation) -> bool:
    return isinstance(operation, ParameterizedInitialize) and any(
        isinstance(value, ParameterExpression) and value.parameters for value in operation.params
    )


def _real(value: ParameterExpression | complex) -> Angle:
    """Return an amplitude beside others that are parameters.

    Raises:
        InputError: If it is a number that is not real.
    """
    if isinstance(value, ParameterExpression) and value.parameters:
        return value
    number = complex(value)
    if number.imag:
        raise InputError(f"amplitudes beside those with parameters must be real, got {number}")
    return number.real


def definition_of(operation: Operation) -> QuantumCircuit:
    """Return what an operation is made of.

    Raises:
        InputError: If it is control flow, or has no definition.
    """
    if getattr(operation, "blocks", None):
        raise InputError(
            f"circuits must be made of unitary gates, got instruction {operation.name!r}"
        )
    if isinstance(operation, Instruction):
        try:
            definition = with_numbers(operation).definition
        except QiskitError:  # as of an RV gate with free parameters
            definition = None
    else:
        definition = _synthesized(operation)
    if definition is None:
        raise InputError(
            "an instruction must be a gate of the standard library or have a definition for its "
            f"parameters, got {operation.name!r}"
        )
    return definition


def _synthesized(operation: Operation) -> QuantumCircuit | None:
    """Return Qiskit's synthesis of a mathematical object (Clifford, annotated operation, …)."""
    circuit = QuantumCircuit(operation.num_qubits, operation.num_clbits)
    try:
        circuit.append(_with_known_base(operation), circuit.qubits, circuit.clbits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a failure to come, which is told here
            synthesized: QuantumCircuit = HighLevelSynthesis()(circuit)
    except QiskitError:
        return None
    unchanged = any(instruction.name == operation.name for instruction in synthesized.data)
    return None if unchanged else synthesized


def _with_known_base(operation: Operation) -> Operation:
    """Return an annotated operation on what Qiskit's synthesis, which goes by names, knows."""
    if not isinstance(operation, AnnotatedOperation):
        return operation
    base = QuantumCircuit(operation.base_op.num_qubits)
    base.append(operation.base_op, base.qubits)
    if base.data[0].is_standard_gate():
        return operation
    return AnnotatedOperation(in_known_gates(base).to_gate(), operation.modifiers)


def in_known_gates(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit of gates made of Qiskit's standard gates and matrices alone.

    Global phases are kept: they matter under control.

    Raises:
        InputError: If an instruction is no unitary gate.
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


def opened(gate: Gate, qubits: tuple[int, ...]) -> Iterator[Elementary]:
    """Yield the elementary gates of a gate's definition."""
    for operation, targets, _ in _flatten(definition_of(gate), qubits):
        yield from _elementary(operation, targets)


def _elementary(gate: Gate, qubits: tuple[int, ...]) -> Iterator[Elementary]:
    kind = gate.base_class
    symbolic = any(isinstance(p, ParameterExpression) and p.parameters for p in gate.params)
    if kind in _ROTATIONS and symbolic:
        yield Rotation(qubits[0], _ROTATIONS[kind], gate.params[0])
    elif kind is UGate and symbolic:
        theta, phi, lam = gate.params
        for axis, angle in (("z", lam), ("y", theta), ("z", phi)):
            yield from _rotation(qubits[0], axis, angle)
    elif kind in _PARITIES and not _has_open_control(gate):
        for parity, share in _PARITIES[kind]:
            # A product would turn a plain parameter into an expression.
            angle = gate.params[0] if share == 1 else gate.params[0] * share
            yield Parity(tuple(qubits[i] for i in parity), angle)
    elif prepares_state(gate):
        yield Preparation(qubits, gate, np.asarray(gate.params, dtype=complex))
    elif (encoding := as_amplitude_encoding(gate)) is not None:
        yield Preparation(qubits, gate, angles=tuple(encoding.params))
    else:
        matrix = matrix_of(gate)
        yield from opened(gate, qubits) if matrix is None else _by_matrix(matrix, qubits)


def _has_open_control(gate: Gate) -> bool:
    return isinstance(gate, ControlledGate) and gate.ctrl_state != 2**gate.num_ctrl_qubits - 1


def _rotation(qubit: int, axis: str, angle: Angle) -> Iterator[Elementary]:
    if isinstance(angle, ParameterExpression) and angle.parameters:
        yield Rotation(qubit, axis, angle)
    else:
        gate = {"x": RXGate, "y": RYGate, "z": RZGate}[axis](float(angle))
        yield Fixed(qubit, np.asarray(gate.to_matrix(), dtype=complex))


def prepares_state(gate: Operation) -> bool:
    """Whether a gate takes |0…0⟩ to the amplitudes that are its parameters."""
    # The inverse of a preparation is of the same class and has the same parameters.
    forward = type(gate) is StatePreparation and not gate._inverse  # noqa: SLF001
    return forward and len(gate.params) == 2**gate.num_qubits


def matrix_of(operation: Operation) -> NDArray[np.complex128] | None:
    """Return the matrix of a gate without parameters, if it is small or what defines the gate."""
    if not isinstance(operation, Gate) or not hasattr(operation, "__array__"):
        return None
    if any(isinstance(p, ParameterExpression) and p.parameters for p in operation.params):
        return None
    defining = isinstance(operation, UnitaryGate)
    if operation.num_qubits > _LARGEST_MATRIX and not defining and operation.definition is not None:
        return None
    return np.asarray(operation.to_matrix(), dtype=complex)


def _by_matrix(matrix: NDArray[np.complex128], qubits: tuple[int, ...]) -> Iterator[Elementary]:
    source = np.abs(matrix).argmax(axis=1)
    rows = np.arange(len(matrix))
    phases = matrix[rows, source]
    # What is left is to be compared with zero: one minus the phase's size is its square.
    rest = matrix.copy()
    rest[rows, source] = 0
    if len(qubits) == 1:
        yield Fixed(qubits[0], matrix)
    elif np.abs(rest).max() < _ZERO:
        yield Monomial(qubits, source, phases / np.abs(phases))
    else:
        yield Dense(qubits, matrix)
