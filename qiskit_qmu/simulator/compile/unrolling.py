"""Circuits as a sequence of elementary gates.

Every Qiskit gate is one of a few kinds, or is unrolled by its own definition until it is.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import (
    ControlledGate,
    Gate,
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
    U1Gate,
    UGate,
)
from qiskit_machine_learning.circuit.library.raw_feature_vector import ParameterizedInitialize

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import as_amplitude_encoding
from qiskit_qmu.simulator.compile.active_qubits import active_qubits
from qiskit_qmu.simulator.compile.definitions import definition_of, matrix_of, prepares_state
from qiskit_qmu.simulator.compile.elementary_gates import (
    DenseGate,
    ElementaryGate,
    FeatureAmplitudes,
    FixedGate,
    GateAngle,
    MonomialGate,
    ParityRotation,
    PauliRotation,
    StatePreparationGate,
)
from qiskit_qmu.simulator.compile.instructions import does_nothing, is_symbolic

# A phase gate is a rotation about z up to a global phase.
_ROTATIONS = {RXGate: "x", RYGate: "y", RZGate: "z", PhaseGate: "z", U1Gate: "z"}
# Rotations about parities over the first and second qubit, with their share of the gate's angle.
_PARITIES: dict[type, tuple[tuple[tuple[int, ...], float], ...]] = {
    CPhaseGate: (((0,), 0.5), ((1,), 0.5), ((0, 1), -0.5)),
    CU1Gate: (((0,), 0.5), ((1,), 0.5), ((0, 1), -0.5)),
    CRZGate: (((1,), 0.5), ((0, 1), -0.5)),
    RZZGate: (((0, 1), 1.0),),
}
_ZERO = 1e-13


def unroll(circuit: QuantumCircuit) -> Iterator[ElementaryGate]:
    """Yield the elementary gates of a circuit in order, without final measurements.

    Args:
        circuit: Any circuit of unitary gates, with barriers and final measurements.

    Yields:
        Elementary gates on the circuit's qubit indices.

    Raises:
        InputError: If the circuit has control flow, a mid-circuit reset or measurement, or an
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
                f"mid-circuit measurements cannot be simulated: instruction {name} acts on a qubit "
                "that was already measured"
            )
        resets = isinstance(operation, Reset | ParameterizedInitialize)
        if resets and used.intersection(targets):
            raise InputError(f"instruction {name} resets a qubit that is already in use")
        if isinstance(operation, Reset):
            continue
        used.update(targets)
        if isinstance(operation, ParameterizedInitialize):
            yield FeatureAmplitudes(targets, tuple(map(_real, operation.params)))
        else:
            yield from _elementary(operation, targets)


def rotation_angles(circuit: QuantumCircuit) -> Iterator[ParameterExpression]:
    """Yield the angle of every rotation that depends on parameters, one per rotation.

    The parameter-shift rule runs two circuits for each. It does not apply to amplitudes that are
    features, which are skipped.

    Args:
        circuit: As for `unroll`, but mid-circuit resets are allowed.

    Raises:
        InputError: As for `unroll`.
    """
    for gate in unroll(active_qubits(circuit).circuit):
        angles: tuple[GateAngle, ...] = ()
        if isinstance(gate, PauliRotation | ParityRotation):
            angles = (gate.angle,)
        elif isinstance(gate, StatePreparationGate):
            angles = gate.angles
        yield from filter(is_symbolic, angles)


def unroll_definition(gate: Gate, qubits: tuple[int, ...]) -> Iterator[ElementaryGate]:
    """Yield the elementary gates of a gate's definition."""
    for operation, targets, _ in _flatten(definition_of(gate), qubits):
        yield from _elementary(operation, targets)


def _flatten(
    circuit: QuantumCircuit, qubits: tuple[int, ...], outer: str = ""
) -> Iterator[tuple[Operation, tuple[int, ...], str]]:
    """Yield operations, outer qubit indices, and the name of the enclosing instruction, if any."""
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
        is_symbolic(value) for value in operation.params
    )


def _real(value: ParameterExpression | complex) -> GateAngle:
    """Return an amplitude in a gate where others are parameters.

    Raises:
        InputError: If it is a number that is not real.
    """
    if is_symbolic(value):
        return value
    number = complex(value)
    if number.imag:
        raise InputError(f"amplitudes next to parameters must be real, got {number}")
    return number.real


def _elementary(gate: Gate, qubits: tuple[int, ...]) -> Iterator[ElementaryGate]:
    kind = gate.base_class
    symbolic = any(map(is_symbolic, gate.params))
    if kind in _ROTATIONS and symbolic:
        yield PauliRotation(qubits[0], _ROTATIONS[kind], gate.params[0])
    elif kind is UGate and symbolic:
        theta, phi, lam = gate.params
        for axis, angle in (("z", lam), ("y", theta), ("z", phi)):
            yield from _rotation(qubits[0], axis, angle)
    elif kind in _PARITIES and not _has_open_control(gate):
        for parity, share in _PARITIES[kind]:
            # A product would turn a plain parameter into an expression.
            angle = gate.params[0] if share == 1 else gate.params[0] * share
            yield ParityRotation(tuple(qubits[i] for i in parity), angle)
    elif prepares_state(gate):
        yield StatePreparationGate(qubits, gate, np.asarray(gate.params, dtype=complex))
    elif (encoding := as_amplitude_encoding(gate)) is not None:
        yield StatePreparationGate(qubits, gate, angles=tuple(encoding.params))
    else:
        matrix = matrix_of(gate)
        yield from unroll_definition(gate, qubits) if matrix is None else _by_matrix(matrix, qubits)


def _has_open_control(gate: Gate) -> bool:
    return isinstance(gate, ControlledGate) and gate.ctrl_state != 2**gate.num_ctrl_qubits - 1


def _rotation(qubit: int, axis: str, angle: GateAngle) -> Iterator[ElementaryGate]:
    if is_symbolic(angle):
        yield PauliRotation(qubit, axis, angle)
    else:
        gate = {"x": RXGate, "y": RYGate, "z": RZGate}[axis](float(angle))
        yield FixedGate(qubit, np.asarray(gate.to_matrix(), dtype=complex))


def _by_matrix(matrix: NDArray[np.complex128], qubits: tuple[int, ...]) -> Iterator[ElementaryGate]:
    source = np.abs(matrix).argmax(axis=1)
    rows = np.arange(len(matrix))
    phases = matrix[rows, source]
    # The remainder is compared with zero: one minus the phase's size is its square.
    rest = matrix.copy()
    rest[rows, source] = 0
    if len(qubits) == 1:
        yield FixedGate(qubits[0], matrix)
    elif np.abs(rest).max() < _ZERO:
        yield MonomialGate(qubits, source, phases / np.abs(phases))
    else:
        yield DenseGate(qubits, matrix)
