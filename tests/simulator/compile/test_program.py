"""What a compiled circuit consists of: the plan that makes it fast, and its refusals."""

import copy

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import Pauli

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.simulator import compile_program
from qiskit_qmu.simulator.compile.parity_masks import parity_sign
from qiskit_qmu.simulator.compile.program import BatchStep, LayerStep, PhaseStep, Program, blocks_of

X = Parameter("x")
W = ParameterVector("w", 4)


def compiled(circuit: QuantumCircuit) -> Program:
    return compile_program(circuit, [X], list(W))


@pytest.mark.parametrize("gate", ["cx", "cz"])
def test_the_plan_of_a_layered_circuit(gate):
    """Encoding and first rotations: the product state; then entangling and dense layers in turn."""
    qnn = qnn_circuit(10, 10, 5, entangling_gate=gate)
    program = compile_program(qnn.circuit, qnn.inputs, qnn.weights)
    kinds = [type(step) for step in program.steps]
    alternating = [PhaseStep, LayerStep] * 4
    assert kinds == (alternating if gate == "cz" else [*alternating, PhaseStep])
    assert all(len(run) == 3 for run in program.initial)
    assert [step.blocks for step in program.steps if isinstance(step, LayerStep)] == [(0, 1)] * 4
    assert program.num_batched_angles == 10
    assert program.num_shared_angles == len(qnn.weights)
    entangling = [step for step in program.steps if isinstance(step, PhaseStep)]
    assert all((step.source is not None) == (gate == "cx") for step in entangling)
    assert all((step.constant is not None) == (gate == "cz") for step in entangling)


def test_permutations_and_phases_of_any_number_are_one_step():
    circuit = QuantumCircuit(3)
    circuit.cx(0, 1)
    circuit.rzz(W[0], 0, 1)
    circuit.swap(1, 2)
    circuit.cp(X, 0, 2)
    circuit.rz(W[1], 1)
    circuit.x(1)
    circuit.s(2)
    circuit.ccx(0, 1, 2)
    (step,) = compiled(circuit).steps[:1]
    assert isinstance(step, PhaseStep)
    assert sorted(term.angle for term in step.terms if not term.batched) == [0, 1]
    # A controlled phase is three rotations, about each qubit and about both.
    assert sorted(term.angle for term in step.terms if term.batched) == [0, 1, 2]


def test_gates_wait_for_each_other_only_on_the_same_qubits():
    """The rotation of qubit 2 joins the product state although it comes after a CX."""
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.ry(W[0], 2)
    circuit.ry(W[1], 1)
    program = compiled(circuit)
    assert [len(run) for run in program.initial] == [1, 0, 1]
    assert [type(step) for step in program.steps] == [PhaseStep, LayerStep]


def test_per_sample_gates_after_the_start_are_batch_steps():
    circuit = QuantumCircuit(7)
    circuit.h(range(7))
    circuit.cz(0, 1)
    circuit.ry(X, 0)
    circuit.ry(W[0], 0)
    circuit.ry(W[1], 1)
    phase, batch, layer = compiled(circuit).steps
    assert isinstance(phase, PhaseStep)
    assert isinstance(batch, BatchStep)
    assert {qubit: len(run) for qubit, run in batch.runs.items()} == {0: 2}
    assert isinstance(layer, LayerStep)
    assert layer.blocks == (0,)


def test_per_sample_rotations_about_z_are_phases():
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.rz(X, 1)
    steps = compiled(circuit).steps
    assert not any(isinstance(step, BatchStep) for step in steps)


def test_a_circuit_without_entanglement_is_a_product_state():
    circuit = QuantumCircuit(2)
    circuit.ry(X, 0)
    circuit.rx(W[0], 1)
    program = compiled(circuit)
    assert program.steps == ()
    assert (program.num_batched_angles, program.num_shared_angles) == (1, 1)


def test_a_program_is_described_line_by_line():
    circuit = QuantumCircuit(6)
    circuit.cx(0, 1)
    circuit.rzz(W[0], 0, 1)
    circuit.rzz(X, 0, 1)
    circuit.cz(0, 1)
    circuit.h(5)
    circuit.h(0)
    circuit.rx(X, 1)
    assert str(compiled(circuit)).splitlines() == [
        "6 qubits, 1 shared and 2 per-sample angles",
        "product state",
        "permutation and constant phases and rotations about 1 parities "
        "and per-sample rotations about 1 parities",
        "per-sample gates on qubits [1]",
        "layer 0: 1 dense blocks",
    ]


def test_a_program_is_never_copied():
    program = compiled(QuantumCircuit(1))
    assert copy.deepcopy([program])[0] is program


@pytest.mark.parametrize("num_qubits", range(1, 24))
def test_blocks_cover_the_qubits_evenly(num_qubits):
    blocks = blocks_of(num_qubits)
    covered = [qubit for start, size in blocks for qubit in range(start, start + size)]
    assert covered == list(range(num_qubits))
    sizes = [size for _, size in blocks]
    assert max(sizes) <= 5
    assert max(sizes) - min(sizes) <= 1
    assert len(blocks) == int(np.ceil(num_qubits / 5))


def test_parity_sign_is_the_diagonal_of_a_pauli_z_string():
    for mask in range(8):
        label = "".join("Z" if mask >> qubit & 1 else "I" for qubit in (2, 1, 0))
        expected = np.diag(Pauli(label).to_matrix()).real
        np.testing.assert_array_equal(parity_sign(3, mask), expected)


def test_every_parameter_must_have_a_value():
    circuit = QuantumCircuit(1)
    circuit.ry(X, 0)
    circuit.rz(W[1], 0)
    with pytest.raises(InputError, match=r"w\[1\], x are neither batched nor shared"):
        compile_program(circuit, [], [W[0]])
    assert compile_program(circuit, [X], [W[1], W[0]]).num_shared_angles == 1
