"""Encodings and hardware-efficient ansätze as plain Qiskit circuits without dead angles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, final, get_args

from qiskit.circuit import Parameter, ParameterVector, QuantumCircuit
from qiskit.circuit.library import zz_feature_map

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Encoding = Literal["ry", "rx-ry-rz", "zz"]
"""How a feature becomes an angle: one RY, RX·RY·RZ of the same feature, or Qiskit's ZZ map."""
Entangler = Literal["ring", "linear", "full"]
"""Which pairs of qubits an entangling layer joins."""
EntanglingGate = Literal["cx", "cz"]

_AXES = ("rx", "ry", "rz")


@final
@dataclass(frozen=True)
class QNNCircuit:
    """A circuit with its parameters told apart.

    Attributes:
        circuit: The circuit without measurements; draw it, transpile it, or add `measure_all()`.
        inputs: One parameter per feature.
        weights: The trainable angles.
    """

    circuit: QuantumCircuit
    inputs: tuple[Parameter, ...]
    weights: tuple[Parameter, ...]


@dataclass(frozen=True)
class _Gate:
    name: str
    qubits: tuple[int, ...]

    @property
    def is_rotation(self) -> bool:
        return self.name in _AXES

    @property
    def is_diagonal(self) -> bool:
        return self.name in {"rz", "cz"}


def qnn_circuit(
    num_features: int,
    num_qubits: int,
    num_layers: int,
    *,
    encoding: Encoding = "ry",
    rotations: Sequence[str] = ("ry", "rz"),
    entanglement: Entangler = "ring",
    entangling_gate: EntanglingGate = "cz",
) -> QNNCircuit:
    """Return an encoding followed by a hardware-efficient ansatz.

    Every layer of the ansatz rotates each qubit by the block of ``rotations`` and then entangles.
    Rotations that cannot change the distribution of any measurement in the computational basis are
    left out, and so are CZ gates at the end: in the last layer everything diagonal has no effect.

    Args:
        num_features: Features of a sample, at most one per qubit.
        num_qubits: Qubits, at least one.
        num_layers: Layers of the ansatz, at least one.
        encoding: "ry", "rx-ry-rz" or "zz".
        rotations: Axes of the rotation block in order, of "rx", "ry", "rz".
        entanglement: "ring", "linear" or "full".
        entangling_gate: "cx" or "cz".

    Returns:
        The circuit with its input and weight parameters.

    Raises:
        InputError: If a number is too small, there are more features than qubits, or a name is
            unknown.
    """
    _check.at_least(1, num_features=num_features, num_qubits=num_qubits, num_layers=num_layers)
    _check.one_of(get_args(Encoding), encoding=encoding)
    _check.one_of(get_args(Entangler), entanglement=entanglement)
    _check.one_of(get_args(EntanglingGate), entangling_gate=entangling_gate)
    for axis in rotations:
        _check.one_of(_AXES, rotation=axis)
    if num_features > num_qubits:
        raise InputError(
            f"num_features must be at most num_qubits ({num_qubits}), got {num_features}"
        )
    if encoding == "zz":
        _check.at_least(2, num_features=num_features)
    inputs = ParameterVector("x", num_features)
    circuit = QuantumCircuit(num_qubits)
    _encode(circuit, inputs, encoding)
    layer = _layer(num_qubits, rotations, entanglement, entangling_gate)
    gates = [gate for _ in range(num_layers) for gate in layer]
    encoded = set(range(num_features))
    live = _without_inert_start(_without_inert_end(gates, num_qubits), num_qubits, encoded)
    weights = ParameterVector("w", sum(gate.is_rotation for gate in live))
    _check.at_least(1, num_weights=len(weights))
    angles = iter(weights)
    for gate in live:
        arguments = (next(angles),) if gate.is_rotation else ()
        getattr(circuit, gate.name)(*arguments, *gate.qubits)
    return QNNCircuit(circuit, tuple(inputs), tuple(weights))


def _encode(circuit: QuantumCircuit, inputs: ParameterVector, encoding: Encoding) -> None:
    if encoding == "zz":
        feature_map = zz_feature_map(len(inputs))
        named = feature_map.assign_parameters(
            dict(zip(feature_map.parameters, inputs, strict=True))
        )
        circuit.compose(named, range(len(inputs)), inplace=True)
        return
    for qubit, feature in enumerate(inputs):
        for axis in encoding.split("-"):
            getattr(circuit, axis)(feature, qubit)


def _layer(
    num_qubits: int, rotations: Sequence[str], entanglement: Entangler, gate: EntanglingGate
) -> list[_Gate]:
    block = [_Gate(axis, (qubit,)) for qubit in range(num_qubits) for axis in rotations]
    pairs = list(_pairs(num_qubits, entanglement))
    if gate == "cz" and entanglement != "full":
        # CZ gates commute: every other pair first makes two rounds of gates side by side.
        pairs.sort(key=lambda pair: pair[0] % 2)
    return block + [_Gate(gate, pair) for pair in pairs]


def _pairs(num_qubits: int, entanglement: Entangler) -> Iterator[tuple[int, int]]:
    if entanglement == "full":
        yield from ((i, j) for i in range(num_qubits) for j in range(i + 1, num_qubits))
        return
    yield from ((i, i + 1) for i in range(num_qubits - 1))
    if entanglement == "ring" and num_qubits > 2:
        yield (num_qubits - 1, 0)


def _without_inert_end(gates: list[_Gate], num_qubits: int) -> list[_Gate]:
    """Drop gates after which only diagonal operators are measured, and which commute with them.

    Read from the end, a qubit is diagonal while all that is measured on it is a function of its Z
    value. A CX keeps its control diagonal whatever happens to the target; it keeps the target so
    only if the control is.
    """
    diagonal = set(range(num_qubits))
    kept = []
    for gate in reversed(gates):
        if gate.is_diagonal and diagonal.issuperset(gate.qubits):
            continue
        kept.append(gate)
        if gate.is_rotation:
            diagonal -= set(gate.qubits) if gate.name != "rz" else set()
        elif gate.name == "cx":
            control, target = gate.qubits
            diagonal -= {target} if control not in diagonal else set()
    return kept[::-1]


def _without_inert_start(gates: list[_Gate], num_qubits: int, encoded: set[int]) -> list[_Gate]:
    """Drop rotations about Z of qubits that are still |0>: they only add a global phase."""
    blank = set(range(num_qubits)) - encoded
    kept = []
    for gate in gates:
        if gate.is_diagonal and gate.is_rotation and blank.issuperset(gate.qubits):
            continue
        kept.append(gate)
        if gate.is_rotation:
            blank -= set(gate.qubits)
        elif gate.name == "cx" and gate.qubits[0] not in blank:
            blank.discard(gate.qubits[1])
    return kept
