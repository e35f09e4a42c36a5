"""Circuits as a sequence of four kinds of elementary gate.

Every Qiskit gate is one of the four or is unrolled by its own definition until it is.
Global phases are dropped: no measured value depends on them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import ControlledGate, Gate, Operation, ParameterExpression, QuantumCircuit
from qiskit.circuit.library import (
    CPhaseGate,
    CRZGate,
    CU1Gate,
    CZGate,
    Initialize,
    PhaseGate,
    RXGate,
    RYGate,
    RZGate,
    RZZGate,
    U1Gate,
    UGate,
)

from qiskit_qmu._check import InputError

Angle: TypeAlias = ParameterExpression | float

# A phase gate is a rotation about z up to a global phase.
_ROTATIONS = {RXGate: "x", RYGate: "y", RZGate: "z", PhaseGate: "z", U1Gate: "z"}
# exp(i * angle * sum of coefficient * parity), parities over the first and second qubit.
_PARITIES: dict[type, tuple[tuple[tuple[int, ...], float], ...]] = {
    CPhaseGate: (((0,), -0.25), ((1,), -0.25), ((0, 1), 0.25)),
    CU1Gate: (((0,), -0.25), ((1,), -0.25), ((0, 1), 0.25)),
    CRZGate: (((1,), -0.25), ((0, 1), 0.25)),
    RZZGate: (((0, 1), -0.5),),
}
_IGNORED = {"barrier", "id", "delay"}
_LARGEST_MATRIX = 6


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
    """exp(i angle Σ c χ), where χ(s) = ±1 is the parity of the basis state s over some qubits."""

    terms: tuple[tuple[tuple[int, ...], float], ...]
    angle: Angle


@dataclass(frozen=True)
class Monomial:
    """A gate that maps each basis state to one basis state times a phase, as CX, SWAP, CY, CCX.

    ``new[j] = phases[j] * old[source[j]]`` in the basis of the gate's own qubits.
    """

    qubits: tuple[int, ...]
    source: NDArray[np.int64]
    phases: NDArray[np.complex128]


Elementary = Fixed | Rotation | Parity | Monomial


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
    for operation, targets in _flatten(circuit, qubits):
        if operation.name == "measure":
            measured.update(targets)
            continue
        _refuse_after_measurement(operation, targets, measured)
        if operation.name == "reset":
            if used.intersection(targets):
                raise InputError("reset in the middle of a circuit is not simulated, got 'reset'")
        else:
            used.update(targets)
            yield from _elementary(operation, targets)


def _refuse_after_measurement(
    operation: Operation, targets: tuple[int, ...], measured: set[int]
) -> None:
    if measured.intersection(targets):
        raise InputError(
            f"measurements must be the last instructions of a circuit, got {operation.name!r} "
            "on a qubit that was measured before"
        )


def _flatten(
    circuit: QuantumCircuit, qubits: tuple[int, ...]
) -> Iterator[tuple[Operation, tuple[int, ...]]]:
    """Yield operations on outer qubit indices, with `initialize` and plain instructions opened."""
    for instruction in circuit.data:
        operation = instruction.operation
        targets = tuple(qubits[circuit.find_bit(qubit).index] for qubit in instruction.qubits)
        if operation.name in _IGNORED:
            continue
        if isinstance(operation, Initialize) or (
            not isinstance(operation, Gate) and operation.name not in {"measure", "reset"}
        ):
            definition = getattr(operation, "definition", None)
            if definition is None or getattr(operation, "blocks", None):
                raise InputError(
                    f"circuits must be made of unitary gates, got instruction {operation.name!r}"
                )
            yield from _flatten(definition, targets)
        else:
            yield operation, targets


def _elementary(gate: Gate, qubits: tuple[int, ...]) -> Iterator[Elementary]:
    kind = gate.base_class
    open_control = _has_open_control(gate)
    symbolic = any(isinstance(p, ParameterExpression) and p.parameters for p in gate.params)
    if not symbolic and len(qubits) == 1 and hasattr(gate, "__array__"):
        yield Fixed(qubits[0], np.asarray(gate.to_matrix(), dtype=complex))
    elif kind in _ROTATIONS:
        yield Rotation(qubits[0], _ROTATIONS[kind], gate.params[0])
    elif kind is UGate:
        theta, phi, lam = gate.params
        for axis, angle in (("z", lam), ("y", theta), ("z", phi)):
            yield from _rotation(qubits[0], axis, angle)
    elif kind in _PARITIES and not open_control:
        terms = tuple(
            (tuple(qubits[i] for i in parity), factor) for parity, factor in _PARITIES[kind]
        )
        yield Parity(terms, gate.params[0])
    elif kind is CZGate and not open_control:
        yield from _elementary(CPhaseGate(math.pi), qubits)
    else:
        monomial = None if symbolic else _as_monomial(gate, qubits)
        if monomial is not None:
            yield monomial
        else:
            yield from _by_definition(gate, qubits)


def _has_open_control(gate: Gate) -> bool:
    return isinstance(gate, ControlledGate) and gate.ctrl_state != 2**gate.num_ctrl_qubits - 1


def _rotation(qubit: int, axis: str, angle: Angle) -> Iterator[Elementary]:
    if isinstance(angle, ParameterExpression) and angle.parameters:
        yield Rotation(qubit, axis, angle)
    else:
        gate = {"x": RXGate, "y": RYGate, "z": RZGate}[axis](float(angle))
        yield Fixed(qubit, np.asarray(gate.to_matrix(), dtype=complex))


def _as_monomial(gate: Gate, qubits: tuple[int, ...]) -> Monomial | None:
    if len(qubits) > _LARGEST_MATRIX or not hasattr(gate, "__array__"):
        return None
    matrix = np.asarray(gate.to_matrix(), dtype=complex)
    source = np.abs(matrix).argmax(axis=1)
    phases = matrix[np.arange(len(matrix)), source]
    exact = np.isclose(np.abs(phases), 1.0, rtol=0, atol=1e-12).all()
    return Monomial(qubits, source, phases) if exact else None


def _by_definition(gate: Gate, qubits: tuple[int, ...]) -> Iterator[Elementary]:
    definition = gate.definition
    if definition is None:
        raise InputError(
            f"a gate must be of the standard library or have a definition, got {gate.name!r}"
        )
    for operation, targets in _flatten(definition, qubits):
        yield from _elementary(operation, targets)
