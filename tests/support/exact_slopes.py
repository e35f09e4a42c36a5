"""Exact states and their derivatives, slowly: the product rule over Qiskit's own gate matrices.

The matrix of a standard gate is a trigonometric polynomial of each of its angles, with frequencies
that are multiples of one half, so its derivative is a sum of the same matrix at shifted angles
(trigonometric interpolation), without any rounding that a finite difference has. Every other gate
is taken apart by its definition, or is an exponential whose derivative SciPy knows. The derivatives
of parameter expressions are finite differences of high order, of the numbers that Qiskit binds them
to: those that Qiskit 2.3 knows are wrong for some. Nothing here is shared with the simulator.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from qiskit.circuit import (
    AnnotatedOperation,
    Operation,
    Parameter,
    ParameterExpression,
    QuantumCircuit,
)
from qiskit.circuit.library import HamiltonianGate, RVGate, UnitaryGate
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator
from random_circuits import slow_slope
from scipy.linalg import expm, expm_frechet

_STANDARD = {gate.base_class for gate in get_standard_gate_name_mapping().values()}
_IGNORED = {"barrier", "delay", "measure", "reset"}


def _stencil(points: int) -> list[tuple[float, float]]:
    """Return shifts s and weights w with M'(a) = Σ w M(a + s), exact for frequencies up to
    (points - 2) / 4."""
    shifts = 4 * np.pi * np.arange(points) / points
    frequencies = np.arange(1 - points // 2, points // 2) / 2
    weights = (1j * frequencies * np.exp(-1j * np.outer(shifts, frequencies))).sum(1).real / points
    return list(zip(shifts.tolist(), weights.tolist(), strict=True))


_OF_GATES = _stencil(6)  # frequencies up to 1
_OF_POWERS = _stencil(16)  # up to 7/2, for gates to the third power

Values = Mapping[Parameter, float]
Slope = Callable[[Values], float]


class _Piece(NamedTuple):
    """An operation that has a matrix, where it acts, its angles and their derivatives."""

    operation: Operation | None
    targets: tuple[int, ...]
    angles: list[ParameterExpression | float]
    derivatives: list[dict[Parameter, Slope]]


def states_and_slopes(
    circuit: QuantumCircuit, parameters: Sequence[Parameter], rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return final states (B, 2^n) and their derivatives (B, P, 2^n) for values (B, P)."""
    pieces = list(_pieces(circuit, range(circuit.num_qubits)))
    columns = np.array([_columns(circuit, pieces, parameters, row) for row in rows])
    return columns[:, 0], columns[:, 1:]


def _columns(
    circuit: QuantumCircuit, pieces: list[_Piece], parameters: Sequence[Parameter], row: np.ndarray
) -> np.ndarray:
    values = dict(zip(parameters, row, strict=True))
    columns = np.zeros((1 + len(parameters), 2**circuit.num_qubits), dtype=complex)
    columns[0, 0] = 1
    for operation, targets, angles, derivatives in pieces:
        numbers = [_number(angle, values) for angle in angles]
        moved = _apply(_matrix(operation, numbers), targets, columns)
        for position, by_parameter in enumerate(derivatives):
            if by_parameter:
                change = _apply(_slope(operation, numbers, position), targets, columns[:1])[0]
            for parameter, slope in by_parameter.items():
                moved[1 + parameters.index(parameter)] += slope(values) * change
        columns = moved
    return columns


def _angle_slope(angle: ParameterExpression, parameter: Parameter) -> Slope:
    """Return the derivative of a parameter expression."""
    return lambda values: slow_slope(
        lambda value: _number(angle, {**values, parameter: value}), values[parameter], 1.0
    )


def _number(angle: ParameterExpression | float, values: Values) -> float:
    if not isinstance(angle, ParameterExpression):
        return float(np.real(angle))
    bound = angle.bind({parameter: values[parameter] for parameter in angle.parameters})
    return float(np.real(bound.numeric()))


def _is_symbolic(angle: object) -> bool:
    return isinstance(angle, ParameterExpression) and bool(angle.parameters)


def _pieces(circuit: QuantumCircuit, qubits: Sequence[int]) -> Iterator[_Piece]:
    """Yield the operations that have a matrix, on the outermost circuit's qubits.

    An operation of None is a global phase.
    """
    yield _piece(None, (), [circuit.global_phase])
    for instruction in circuit.data:
        operation = instruction.operation
        targets = tuple(qubits[circuit.find_bit(qubit).index] for qubit in instruction.qubits)
        if operation.name in _IGNORED:
            continue
        if operation.name != "initialize" and not _is_parametrized(operation):
            yield _piece(UnitaryGate(Operator(operation), check_input=False), targets, [])
        elif isinstance(operation, HamiltonianGate):
            yield _piece(operation, targets, operation.params[1:])
        elif _has_matrix(operation):
            yield _piece(operation, targets, operation.params)
        else:
            yield from _pieces(operation.definition, targets)


def _piece(operation: Operation | None, targets: tuple[int, ...], angles: list) -> _Piece:
    derivatives = [
        {parameter: _angle_slope(angle, parameter) for parameter in angle.parameters}
        if _is_symbolic(angle)
        else {}
        for angle in angles
    ]
    return _Piece(operation, targets, angles, derivatives)


def _is_parametrized(operation: Operation) -> bool:
    return any(map(_is_symbolic, getattr(operation, "params", ())))


def _has_matrix(operation: Operation) -> bool:
    kinds = (AnnotatedOperation, HamiltonianGate, RVGate)
    return isinstance(operation, kinds) or operation.base_class in _STANDARD


def _matrix(operation: Operation | None, angles: list[float]) -> np.ndarray:
    if operation is None:
        return np.exp(1j * np.array([angles]))
    if isinstance(operation, UnitaryGate):
        return operation.params[0]
    if isinstance(operation, (HamiltonianGate, RVGate)):
        return expm(_exponent(operation, angles))
    if isinstance(operation, AnnotatedOperation):
        bound = AnnotatedOperation(_bound(operation.base_op, angles), operation.modifiers)
        return Operator(bound).data
    return _bound(operation, angles).to_matrix()


def _bound(gate: Operation, angles: list[float]) -> Operation:
    bound = gate.to_mutable()
    bound.params = angles
    return bound


def _exponent(operation: Operation, angles: list[float]) -> np.ndarray:
    if isinstance(operation, HamiltonianGate):
        return -1j * angles[0] * np.asarray(operation.params[0])
    x, y, z = angles
    return -0.5j * np.array([[z, x - 1j * y], [x + 1j * y, -z]])


def _slope(operation: Operation | None, angles: list[float], position: int) -> np.ndarray:
    """Return the derivative of an operation's matrix by one of its angles."""
    if isinstance(operation, (HamiltonianGate, RVGate)):
        direction = np.eye(len(angles))[position].tolist()
        exponent, change = _exponent(operation, angles), _exponent(operation, direction)
        return expm_frechet(exponent, change, compute_expm=False)
    total = 0
    for shift, weight in _OF_POWERS if isinstance(operation, AnnotatedOperation) else _OF_GATES:
        shifted = list(angles)
        shifted[position] += shift
        total = total + weight * _matrix(operation, shifted)
    return total


def _apply(matrix: np.ndarray, targets: tuple[int, ...], columns: np.ndarray) -> np.ndarray:
    num_qubits = columns.shape[1].bit_length() - 1
    axes = [num_qubits - qubit for qubit in reversed(targets)]
    size = len(targets)
    tensor = columns.reshape(len(columns), *[2] * num_qubits)
    product = np.tensordot(matrix.reshape([2] * (2 * size)), tensor, (range(size, 2 * size), axes))
    return np.moveaxis(product, range(size), axes).reshape(columns.shape)
