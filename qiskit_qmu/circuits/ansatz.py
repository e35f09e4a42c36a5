"""Hardware-efficient ansätze as a list of gates, without those that no measurement detects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from qiskit_qmu import _check

Entangler = Literal["ring", "linear", "full", "none"]
"""Which pairs of qubits an entangling layer joins."""
EntanglingGate = Literal["cx", "cz"]

_AXES = ("rx", "ry", "rz")


@dataclass(frozen=True)
class AnsatzGate:
    """A gate of an ansatz: its Qiskit name and its qubits."""

    name: str
    qubits: tuple[int, ...]

    @property
    def is_rotation(self) -> bool:
        """Whether it has a trainable angle."""
        return self.name in _AXES

    @property
    def is_diagonal(self) -> bool:
        """Whether it is diagonal in the computational basis."""
        return self.name in {"rz", "cz"}


def ansatz_gates(
    num_qubits: int,
    num_layers: int,
    rotations: Sequence[str],
    entanglement: Entangler,
    entangling_gate: EntanglingGate,
    encoded: set[int],
) -> list[AnsatzGate]:
    """Return the gates of an ansatz that can change the outcome of a measurement.

    Args:
        num_qubits: Qubits.
        num_layers: Layers.
        rotations: Axes of the rotation block in order, of "rx", "ry", "rz".
        entanglement: "ring", "linear", "full" or "none".
        entangling_gate: "cx" or "cz".
        encoded: Qubits that the encoding leaves in a state other than |0>.

    Raises:
        InputError: If a name is unknown.
    """
    _check.one_of(get_args(Entangler), entanglement=entanglement)
    _check.one_of(get_args(EntanglingGate), entangling_gate=entangling_gate)
    for axis in rotations:
        _check.one_of(_AXES, rotation=axis)
    layer = _layer(num_qubits, rotations, entanglement, entangling_gate)
    gates = [gate for _ in range(num_layers) for gate in layer]
    return _without_inert_start(_without_inert_end(gates, num_qubits), num_qubits, encoded)


def _layer(
    num_qubits: int, rotations: Sequence[str], entanglement: Entangler, gate: EntanglingGate
) -> list[AnsatzGate]:
    block = [AnsatzGate(axis, (qubit,)) for qubit in range(num_qubits) for axis in rotations]
    pairs = list(_pairs(num_qubits, entanglement))
    if gate == "cz" and entanglement != "full":
        # CZ gates commute: taking every other pair first makes two layers of parallel gates.
        pairs.sort(key=lambda pair: pair[0] % 2)
    return block + [AnsatzGate(gate, pair) for pair in pairs]


def _pairs(num_qubits: int, entanglement: Entangler) -> Iterator[tuple[int, int]]:
    if entanglement == "none":
        return
    if entanglement == "full":
        yield from ((i, j) for i in range(num_qubits) for j in range(i + 1, num_qubits))
        return
    yield from ((i, i + 1) for i in range(num_qubits - 1))
    if entanglement == "ring" and num_qubits > 2:
        yield (num_qubits - 1, 0)


def _without_inert_end(gates: list[AnsatzGate], num_qubits: int) -> list[AnsatzGate]:
    """Drop gates after which only diagonal operators are measured, and which commute with them.

    Read from the end, a qubit is diagonal while everything measured on it is a function of its Z
    value. A CX always keeps its control diagonal; it keeps the target diagonal only if the control
    is.
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


def _without_inert_start(
    gates: list[AnsatzGate], num_qubits: int, encoded: set[int]
) -> list[AnsatzGate]:
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
