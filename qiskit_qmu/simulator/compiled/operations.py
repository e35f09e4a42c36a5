"""A compiled program as tables that an interpreter runs: a compact list of operations.

Permutations of basis states are never executed. Each amplitude stays where it is, and a table says
where the amplitude of each basis state is; gates, phases and readouts behind a permutation are
written in terms of these places.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu.simulator.compile.parity_masks import parity_sign
from qiskit_qmu.simulator.compile.program import (
    BatchStep,
    DenseStep,
    Factor,
    GateRun,
    LayerStep,
    ParityTerm,
    PhaseStep,
    Program,
)
from qiskit_qmu.simulator.readout.observables import strings_by_flip

GATE, PHASES, DENSE, PARITY = range(4)
LARGEST_TABLES = 2**26
"""Bytes of the tables of one program."""

_PAULIS = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
_AXES = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True)
class OutcomeReadout:
    """Probabilities of basis states, each added to one of the outputs.

    Attributes:
        outputs: The output of each basis state, (2^n,).
        num_outputs: Number of outputs.
    """

    outputs: NDArray[np.int64]
    num_outputs: int


NetworkReadout = list[SparsePauliOp] | OutcomeReadout


Slot = tuple[int, NDArray[Any], NDArray[Any], int]
"""Angle, the matrices that its cosine and its sine multiply, and axis."""


class OperationTables(NamedTuple):
    """The program; slots are the factors of all runs, then the rotations about parities.

    Attributes:
        operations: Kind and three numbers each, (K, 4).
        pairs: Places of the amplitudes that a gate pairs, (T, 2, 2^n / 2).
        run_starts: The first slot of each run, and the end, (R + 1,); the first n runs make the
            initial state.
        angle_of: The angle of each slot, shared ones first, -1 for none, (S,).
        even: Real and imaginary parts of the matrix that a slot's cosine multiplies, (S, 8).
        odd: The same for its sine.
        axis: The axis of each slot, 0 to 2, (S,).
        spin: How a slot turns X, Y and Z: constant, cosine and sine parts, (S, 3, 3, 3).
        phases: Constant phases, (T', 2^n, 2).
        signs: Parities, 0 or 1, (T'', 2^n).
        entries: Entries of dense matrices, (E, 2).
        places: Places of the groups that dense gates act on, (G,).
    """

    operations: NDArray[np.int32]
    pairs: NDArray[np.int32]
    run_starts: NDArray[np.int32]
    angle_of: NDArray[np.int32]
    even: NDArray[np.floating]
    odd: NDArray[np.floating]
    axis: NDArray[np.int32]
    spin: NDArray[np.floating]
    phases: NDArray[np.floating]
    signs: NDArray[np.int8]
    entries: NDArray[np.floating]
    places: NDArray[np.int32]


class ReadoutTables(NamedTuple):
    """Readouts by the places of amplitudes.

    Attributes:
        diagonal: Values of the diagonal strings of each observable, (O, 2^n).
        partners: The place that a group of strings takes each amplitude to, (F, 2^n).
        strings: Factors of these strings, (F, O, 2^n, 2).
        outcomes: The output that each probability adds to, (2^n,); empty for observables.
    """

    diagonal: NDArray[np.floating]
    partners: NDArray[np.int32]
    strings: NDArray[np.floating]
    outcomes: NDArray[np.int32]


@dataclass
class OperationList:
    """Collects the operations of a program.

    Attributes:
        place: The place of the amplitude of each basis state, (2^n,).
    """

    program: Program
    operations: list[tuple[int, int, int, int]] = field(default_factory=list)
    pairs: dict[bytes, int] = field(default_factory=dict)
    run_starts: list[int] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    phases: list[NDArray[Any]] = field(default_factory=list)
    signs: list[NDArray[Any]] = field(default_factory=list)
    entries: list[NDArray[Any]] = field(default_factory=list)
    places: list[NDArray[np.int64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._parities: list[tuple[int, ParityTerm]] = []
        self.place = np.arange(2**self.program.num_qubits)
        for run in self.program.initial:
            self._add_run(run)
        for step in self.program.steps:
            match step:
                case LayerStep(index, _):
                    self._add_gates(enumerate(self.program.layers[index]))
                case BatchStep(runs):
                    self._add_gates(sorted(runs.items()))
                case PhaseStep():
                    self._add_phases(step)
                case DenseStep():
                    self._add_dense(step)
        self.run_starts.append(len(self.slots))
        for place, term in self._parities:
            kind, _, table, rest = self.operations[place]
            self.operations[place] = (kind, len(self.slots), table, rest)
            angle = term.angle + self.program.num_shared_angles * term.batched
            self.slots.append((angle, np.eye(2), np.zeros((2, 2)), 2))

    def _add_run(self, run: GateRun) -> int:
        self.run_starts.append(len(self.slots))
        self.slots.extend(map(self._slot, run))
        return len(self.run_starts) - 1

    def _slot(self, factor: Factor) -> Slot:
        if factor.matrix is not None:
            return -1, factor.matrix, np.zeros((2, 2)), 0
        axis = _AXES[factor.axis]
        angle = factor.angle + self.program.num_shared_angles * factor.batched
        return angle, np.eye(2), -1j * _PAULIS[axis], axis

    def _add_gates(self, runs: Iterable[tuple[int, GateRun]]) -> None:
        for qubit, run in runs:
            if run:
                states = np.arange(len(self.place))
                zero = states[states >> qubit & 1 == 0]
                table = self.place[[zero, zero | 1 << qubit]]
                table = table[:, np.argsort(table.min(axis=0))].astype(np.int32)
                number = self.pairs.setdefault(table.tobytes(), len(self.pairs))
                self.operations.append((GATE, self._add_run(run), number, 0))

    def _add_phases(self, step: PhaseStep) -> None:
        if step.source is not None:
            self.place = self.place[step.source]
        if step.constant is not None:
            self.operations.append((PHASES, len(self.phases), 0, 0))
            self.phases.append(self.in_place(step.constant))
        for term in step.terms:
            # Their slots come behind those of all runs.
            self._parities.append((len(self.operations), term))
            self.operations.append((PARITY, 0, len(self.signs), 0))
            sign = parity_sign(self.program.num_qubits, term.mask)
            self.signs.append(self.in_place((1 - sign) // 2))

    def _add_dense(self, step: DenseStep) -> None:
        states = np.arange(len(self.place))
        others = states[states & sum(1 << qubit for qubit in step.qubits) == 0]
        size = len(step.matrix)
        rows = np.arange(size)
        offsets = sum((rows >> i & 1) << qubit for i, qubit in enumerate(step.qubits))
        first, entry = sum(map(len, self.places)), sum(map(len, self.entries))
        self.operations.append((DENSE, first, entry, size))
        self.places.append(self.place[others[:, None] + offsets].ravel())
        self.entries.append(step.matrix.ravel())

    def in_place(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values (…, 2^n) of basis states in the order of the places."""
        moved = np.empty_like(values)
        moved[..., self.place] = values
        return moved

    def tables(self, dtype: type[np.floating]) -> OperationTables:
        """Return the tables in one precision."""
        half = len(self.place) // 2
        angles, even, odd, axes = zip(*self.slots, strict=True) if self.slots else ((),) * 4
        return OperationTables(
            operations=np.array(self.operations, np.int32).reshape(-1, 4),
            pairs=np.frombuffer(bytearray().join(self.pairs), np.int32).reshape(-1, 2, half),
            run_starts=np.array(self.run_starts, np.int32),
            angle_of=np.array(angles, np.int32),
            even=_parts(even, dtype).reshape(-1, 8),
            odd=_parts(odd, dtype).reshape(-1, 8),
            axis=np.array(axes, np.int32),
            spin=np.array(
                [_spin(angle, even, axis) for angle, even, _, axis in self.slots], dtype
            ).reshape(-1, 3, 3, 3),
            phases=_parts(self.phases, dtype).reshape(-1, len(self.place), 2),
            signs=np.array(self.signs, np.int8).reshape(-1, len(self.place)),
            entries=_parts([np.concatenate([*self.entries, []])], dtype).reshape(-1, 2),
            places=np.concatenate([*self.places, []]).astype(np.int32),
        )

    def readout(self, readout: NetworkReadout, dtype: type[np.floating]) -> ReadoutTables:
        """Return the tables of a readout in one precision."""
        if isinstance(readout, OutcomeReadout):
            return self._probabilities(readout.outputs, dtype)
        return self._expectations(readout, dtype)

    def _expectations(
        self, observables: list[SparsePauliOp], dtype: type[np.floating]
    ) -> ReadoutTables:
        num_qubits, size = self.program.num_qubits, len(self.place)
        diagonal: NDArray[Any] = np.zeros((len(observables), size))
        partners: list[NDArray[Any]] = []
        strings: list[NDArray[Any]] = []
        for flip, by_sign in strings_by_flip(observables).items():
            signs = np.array([parity_sign(num_qubits, sign) for sign in by_sign])
            factors = np.array(list(by_sign.values())).T @ signs
            if flip == 0:
                diagonal = self.in_place(factors.real)
            else:
                partners.append(self.in_place(self.place[np.arange(size) ^ flip]))
                strings.append(self.in_place(factors))
        return ReadoutTables(
            diagonal=diagonal.astype(dtype),
            partners=np.array(partners, np.int32).reshape(-1, size),
            strings=_parts(strings, dtype).reshape(-1, len(observables), size, 2),
            outcomes=np.zeros(0, np.int32),
        )

    def _probabilities(self, outputs: NDArray[np.int64], dtype: type[np.floating]) -> ReadoutTables:
        size = len(self.place)
        return ReadoutTables(
            diagonal=np.zeros((0, size), dtype),
            partners=np.zeros((0, size), np.int32),
            strings=np.zeros((0, 0, size, 2), dtype),
            outcomes=self.in_place(outputs).astype(np.int32),
        )


def readout_size(readout: NetworkReadout) -> tuple[int, int]:
    """Return the groups of strings that flip bits, and the outputs."""
    if isinstance(readout, OutcomeReadout):
        return 0, readout.num_outputs
    return sum(flip != 0 for flip in strings_by_flip(readout)), len(readout)


def table_bytes(program: Program, num_flips: int, num_outputs: int) -> int:
    """Return a bound on the bytes of a program's tables, without making them."""
    runs = sum(bool(run) for layer in program.layers for run in layer)
    terms = constants = dense = 0
    for step in program.steps:
        match step:
            case BatchStep(own):
                runs += len(own)
            case PhaseStep(_, constant, own_terms):
                terms, constants = terms + len(own_terms), constants + (constant is not None)
            case DenseStep():
                dense += 1
    each = 4 * runs + terms + 16 * constants + 4 * dense + (4 + 16 * num_outputs) * num_flips
    return int((each + 8 * num_outputs) * 2**program.num_qubits)


def _parts(matrices: Iterable[NDArray[Any]], dtype: type[np.floating]) -> NDArray[np.floating]:
    """Return real and imaginary parts in a new last dimension."""
    array = np.array(list(matrices), complex)
    return np.stack([array.real, array.imag], axis=-1).astype(dtype)


def _spin(angle: int, even: NDArray[Any], axis: int) -> NDArray[np.float64]:
    """Return the rotation of (X, Y, Z) by a slot: constant, cosine and sine parts."""
    if angle < 0:
        turned = np.einsum("ab,jbc,dc->jad", even, _PAULIS, even.conj())
        whole = np.einsum("iab,jba->ij", _PAULIS, turned).real / 2
        return np.array([whole, 0 * whole, 0 * whole])
    along = np.zeros((3, 3))
    along[axis, axis] = 1
    cross = np.cross(np.eye(3)[axis], np.eye(3)).T
    return np.array([along, np.eye(3) - along, cross])
