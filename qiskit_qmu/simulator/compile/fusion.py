"""Compiles a circuit into a program: fuses gates that can be applied together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import Parameter, ParameterExpression, QuantumCircuit

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.compile.angles import AngleMap
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
from qiskit_qmu.simulator.compile.instructions import is_symbolic
from qiskit_qmu.simulator.compile.parity_masks import linear_masks, parity_sign, permuted_mask
from qiskit_qmu.simulator.compile.program import (
    BatchStep,
    DenseStep,
    Factor,
    GateRun,
    LayerStep,
    ParityTerm,
    PhaseStep,
    PreparedQubits,
    Program,
    ProgramStep,
    blocks_of,
)
from qiskit_qmu.simulator.compile.unrolling import unroll, unroll_definition
from qiskit_qmu.simulator.memory import DEFAULT_MEMORY_BUDGET, require_memory

_ZERO = 1e-15
# Bytes per basis state: of a step's permutation with its inverse, of its constant phases, and of
# temporary tables while a round of gates is collected.
_PERMUTATION_BYTES, _CONSTANT_BYTES, _ROUND_BYTES = 16, 16, 40


def compile_program(
    circuit: QuantumCircuit,
    batched: Sequence[Parameter],
    shared: Sequence[Parameter],
    *,
    memory_budget: int = DEFAULT_MEMORY_BUDGET,
) -> Program:
    """Compile a circuit.

    Args:
        circuit: A circuit of unitary gates; final measurements are ignored.
        batched: Parameters whose values differ from sample to sample, in the order of the values.
        shared: Parameters whose values all samples share, in the order of the values.
        memory_budget: Bytes that its tables may use.

    Returns:
        The fused program; its ``str`` lists the steps.

    Raises:
        InputError: If a parameter of the circuit is in neither list, the circuit is too large, or
            an instruction cannot be simulated.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> x, w = Parameter("x"), Parameter("w")
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.ry(x, [0, 1])
        >>> _ = circuit.cx(0, 1)
        >>> _ = circuit.ry(w, 0)
        >>> print(compile_program(circuit, batched=[x], shared=[w]))
        2 qubits, 1 shared and 2 per-sample angles
        product state
        permutation
        layer 0: 1 dense blocks
    """
    missing = set(circuit.parameters) - {*batched, *shared}
    if missing:
        names = ", ".join(sorted(parameter.name for parameter in missing))
        raise InputError(f"circuit parameters {names} are neither batched nor shared")
    fuser = _Fuser(circuit.num_qubits, set(batched), memory_budget)
    for gate in unroll(circuit):
        fuser.add(gate)
    fuser.flush()
    return Program(
        num_qubits=circuit.num_qubits,
        initial=fuser.initial,
        prepared=tuple(fuser.prepared),
        layers=tuple(fuser.layers),
        steps=tuple(fuser.steps),
        shared_map=AngleMap(fuser.shared_angles, shared),
        batched_map=AngleMap(fuser.batched_angles, batched, shared),
        num_shared_angles=len(fuser.shared_angles),
        num_batched_angles=len(fuser.batched_angles),
        table_bytes=fuser.table_bytes,
    )


@dataclass
class _Fuser:
    """Collects gates: pending one-qubit runs first, then pending phases and permutations.

    A one-qubit gate can join the pending runs as long as no pending phase or permutation touches
    its qubit; otherwise everything pending is written out and a new round begins.
    """

    num_qubits: int
    batched_parameters: set[Parameter]
    memory_budget: int
    steps: list[ProgramStep] = field(default_factory=list)
    layers: list[tuple[GateRun, ...]] = field(default_factory=list)
    shared_angles: list[ParameterExpression] = field(default_factory=list)
    batched_angles: list[GateAngle] = field(default_factory=list)
    prepared: list[PreparedQubits] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table_bytes = 0
        self._reserve(_ROUND_BYTES)
        self.initial: tuple[GateRun, ...] = ()
        self._started = False
        self._used: set[int] = set()
        self._begin_round()

    def _begin_round(self) -> None:
        self._runs: list[list[Factor]] = [[] for _ in range(self.num_qubits)]
        self._touched: set[int] = set()
        self._source = np.arange(2**self.num_qubits)
        self._constant = np.ones(2**self.num_qubits, dtype=complex)
        self._terms: list[ParityTerm] = []

    def add(self, gate: ElementaryGate) -> None:
        """Add the next gate of the circuit."""
        self._add(gate)
        self._used.update(
            [gate.qubit] if isinstance(gate, FixedGate | PauliRotation) else gate.qubits
        )

    def _add(self, gate: ElementaryGate) -> None:
        match gate:
            case FixedGate(qubit, matrix):
                self._add_fixed(qubit, matrix)
            case PauliRotation(qubit, axis, angle):
                self._add_rotation(qubit, axis, angle)
            case ParityRotation(qubits, angle):
                self._add_parity(qubits, angle)
            case MonomialGate(qubits, source, phases):
                self._add_monomial(qubits, source, phases)
            case DenseGate(qubits, matrix):
                self.flush()
                self.steps.append(DenseStep(qubits, matrix))
            case StatePreparationGate():
                self._add_preparation(gate)
            case FeatureAmplitudes(qubits, values):
                self._prepare(qubits, None, values, are_amplitudes=True)

    def flush(self) -> None:
        """Write out everything pending."""
        runs = tuple(tuple(run) for run in self._runs)
        if not self._started:
            self.initial, self._started = runs, True
        else:
            self._write_runs(runs)
        self._write_phases()
        self._begin_round()

    def _angle(self, angle: ParameterExpression) -> tuple[int, bool]:
        batched = bool(self.batched_parameters.intersection(angle.parameters))
        angles = self.batched_angles if batched else self.shared_angles
        angles.append(angle)
        return len(angles) - 1, batched

    def _add_fixed(self, qubit: int, matrix: NDArray[np.complex128]) -> None:
        diagonal, flip = np.diag(matrix), np.array([matrix[0, 1], matrix[1, 0]])
        if qubit in self._touched and np.abs(flip).max() < _ZERO:
            self._add_monomial((qubit,), np.array([0, 1]), diagonal)
        elif qubit in self._touched and np.abs(diagonal).max() < _ZERO:
            self._add_monomial((qubit,), np.array([1, 0]), flip)
        else:
            self._add_factor(qubit, Factor(matrix=matrix))

    def _add_rotation(self, qubit: int, axis: str, angle: ParameterExpression) -> None:
        diagonal_per_sample = (
            axis == "z" and self._started and self.batched_parameters.intersection(angle.parameters)
        )
        if axis == "z" and (qubit in self._touched or diagonal_per_sample):
            self._add_parity((qubit,), angle)
        else:
            index, batched = self._angle(angle)
            self._add_factor(qubit, Factor(axis=axis, angle=index, batched=batched))

    def _add_factor(self, qubit: int, factor: Factor) -> None:
        if qubit in self._touched:
            self.flush()
        self._runs[qubit].append(factor)

    def _add_parity(self, qubits: tuple[int, ...], angle: GateAngle) -> None:
        self._touched.update(qubits)
        mask = sum(1 << qubit for qubit in qubits)
        if is_symbolic(angle):
            self._terms.append(ParityTerm(mask, *self._angle(angle)))
        else:
            self._constant *= np.exp(-0.5j * float(angle) * parity_sign(self.num_qubits, mask))

    def _add_preparation(self, preparation: StatePreparationGate) -> None:
        angles = preparation.angles
        symbolic = all(map(is_symbolic, angles))
        if symbolic and self._used.isdisjoint(preparation.qubits):
            self._prepare(preparation.qubits, preparation.amplitudes, angles)
        else:
            for part in unroll_definition(preparation.gate, preparation.qubits):
                self.add(part)

    def _prepare(
        self,
        qubits: tuple[int, ...],
        amplitudes: NDArray[np.complex128] | None,
        angles: tuple[GateAngle, ...],
        *,
        are_amplitudes: bool = False,
    ) -> None:
        first = len(self.batched_angles)
        self.batched_angles.extend(angles)
        places = tuple(range(first, len(self.batched_angles)))
        self.prepared.append(PreparedQubits(qubits, amplitudes, places, are_amplitudes))
        self._touched.update(qubits)

    def _add_monomial(
        self,
        qubits: tuple[int, ...],
        source: NDArray[np.int64],
        phases: NDArray[np.complex128],
    ) -> None:
        permutes = self._terms and not np.array_equal(source, np.arange(len(source)))
        if permutes:
            linear = linear_masks(qubits, source)
            if linear is None:
                self.flush()
            else:
                self._terms = [
                    replace(term, mask=permuted_mask(term.mask, qubits, linear))
                    for term in self._terms
                ]
        self._touched.update(qubits)
        states = np.arange(2**self.num_qubits)
        local = sum(((states >> qubit) & 1) << i for i, qubit in enumerate(qubits))
        cleared = states & ~sum(1 << qubit for qubit in qubits)
        origin = source[local]
        full = cleared | sum(((origin >> i) & 1) << qubit for i, qubit in enumerate(qubits))
        self._source = self._source[full]
        self._constant = self._constant[full] * phases[local]

    def _write_runs(self, runs: tuple[GateRun, ...]) -> None:
        per_sample = {
            qubit: run for qubit, run in enumerate(runs) if any(factor.batched for factor in run)
        }
        if per_sample:
            self.steps.append(BatchStep(per_sample))
        shared = tuple(() if qubit in per_sample else run for qubit, run in enumerate(runs))
        active = tuple(
            block
            for block, (start, size) in enumerate(blocks_of(self.num_qubits))
            if any(shared[start : start + size])
        )
        if active:
            self.steps.append(LayerStep(len(self.layers), active))
            self.layers.append(shared)

    def _reserve(self, bytes_per_state: int) -> None:
        self.table_bytes += bytes_per_state * 2**self.num_qubits
        what = f"the tables of a circuit of {self.num_qubits} qubits"
        require_memory(self.table_bytes, self.memory_budget, what)

    def _write_phases(self) -> None:
        permutes = not np.array_equal(self._source, np.arange(len(self._source)))
        constant = not np.allclose(self._constant, 1.0, rtol=0, atol=1e-14)
        if not (permutes or constant or self._terms):
            return
        self._reserve(_PERMUTATION_BYTES * permutes + _CONSTANT_BYTES * constant)
        self.steps.append(
            PhaseStep(
                source=self._source if permutes else None,
                constant=self._constant if constant else None,
                terms=tuple(self._terms),
            )
        )
