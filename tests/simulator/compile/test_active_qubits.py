"""Idle qubits: the small circuit against the density matrix of the whole one."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.quantum_info import DensityMatrix, SparsePauliOp, Statevector
from random_circuits import random_circuit, random_observable

from qiskit_qmu.simulator.compile.active_qubits import active_qubits

A = Parameter("a")


def exact(observable: SparsePauliOp, circuit: QuantumCircuit) -> float:
    """Return an expectation value from the density matrix."""
    return DensityMatrix(circuit).expectation_value(observable).real


def assert_same_values(circuit: QuantumCircuit, generator: np.random.Generator, size: int) -> None:
    active = active_qubits(circuit)
    assert active.circuit.num_qubits == size
    wires = [wire for wire in active.wires if wire is not None]
    assert len(set(wires)) == len(wires)
    # A density matrix of the small circuit would be larger than that of the whole one.
    state = Statevector(active.circuit)
    for _ in range(5):
        observable = random_observable(generator, circuit.num_qubits)
        expected = exact(observable, circuit)
        actual = state.expectation_value(active.restrict(observable)).real
        assert actual == pytest.approx(expected, abs=1e-10)


def test_a_circuit_whose_qubits_are_all_used_is_returned_itself(generator):
    circuit = random_circuit(generator, 4, 3)
    circuit.h(range(4))
    active = active_qubits(circuit)
    assert active.circuit is circuit
    assert active.wires == (0, 1, 2, 3)
    observable = random_observable(generator, 4)
    assert active.restrict(observable) is observable


@pytest.mark.parametrize("case", range(10))
def test_random_circuits_on_some_of_the_qubits(case, generator):
    circuit = QuantumCircuit(5)
    used = generator.permutation(5)[:3].tolist()
    circuit.compose(random_circuit(generator, 3, 8), used, inplace=True)
    circuit.h(used)
    assert_same_values(circuit, generator, 3)


def test_a_reset_at_the_start_takes_no_qubit(generator):
    circuit = QuantumCircuit(3)
    circuit.reset([0, 1, 2])
    circuit.ry(1.0, 0)
    circuit.cx(0, 1)
    assert_same_values(circuit, generator, 2)
    assert active_qubits(circuit).wires == (0, 1, None)


def reset(circuit: QuantumCircuit) -> None:
    circuit.reset(1)


def initialize(circuit: QuantumCircuit) -> None:
    circuit.initialize([0.6, 0, 0, 0.8j], [2, 1])


def nested(circuit: QuantumCircuit) -> None:
    inner = QuantumCircuit(2, name="inner")
    inner.reset(0)
    inner.h(0)
    inner.reset(1)
    circuit.append(inner.to_instruction(), [1, 0])


@pytest.mark.parametrize(("restart", "count"), [(reset, 1), (initialize, 2), (nested, 2)])
@pytest.mark.parametrize("used_again", [False, True])
def test_a_qubit_that_is_reset_goes_on_as_another(restart, count, used_again, generator):
    circuit = random_circuit(generator, 3, 6)
    circuit.h(range(3))
    restart(circuit)
    if used_again:
        circuit.compose(random_circuit(generator, 3, 6), inplace=True)
        circuit.h(range(3))
        restart(circuit)
        circuit.h(range(3))
        assert_same_values(circuit, generator, 3 + 2 * count)
    else:
        new_wires = {reset: 0, initialize: 2, nested: 1}[restart]
        assert_same_values(circuit, generator, 3 + new_wires)


def test_barriers_delays_and_identities_touch_nothing(generator):
    circuit = QuantumCircuit(4, global_phase=0.3)
    circuit.id(0)
    circuit.delay(10, 1)
    circuit.barrier()
    circuit.rx(0.7, 2)
    assert_same_values(circuit, generator, 1)
    assert active_qubits(circuit).circuit.global_phase == 0.3


@pytest.mark.parametrize("num_qubits", [0, 1, 3])
def test_a_circuit_without_gates_keeps_one_qubit(num_qubits):
    active = active_qubits(QuantumCircuit(num_qubits))
    assert active.circuit.num_qubits == 1
    assert active.wires == (None,) * num_qubits
    assert active.restrict(SparsePauliOp("Z" * num_qubits, 2.0)) == SparsePauliOp("I", 2.0)


def test_an_observable_that_flips_an_idle_qubit_has_the_value_zero():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    restricted = active_qubits(circuit).restrict(SparsePauliOp(["XX", "YZ"]))
    assert restricted == SparsePauliOp("I", 0.0)


def test_parameters_stay_in_order():
    circuit = QuantumCircuit(3, global_phase=A)
    second = Parameter("b")
    circuit.rx(second, 2)
    circuit.delay(Parameter("duration"), 1)
    active = active_qubits(circuit)
    assert list(active.circuit.parameters) == list(circuit.parameters)


def test_classical_registers_stay_and_idle_measurements_go():
    shared = ClassicalRegister(2, "c")
    circuit = QuantumCircuit(QuantumRegister(3), shared, ClassicalRegister(bits=shared[:1]))
    circuit.x(2)
    circuit.measure([0, 2], [0, 1])
    active = active_qubits(circuit)
    assert active.circuit.cregs == circuit.cregs
    assert active.circuit.clbits == circuit.clbits
    assert active.circuit.count_ops() == {"x": 1, "measure": 1}


def test_a_bit_that_is_written_twice_keeps_its_last_measurement():
    circuit = QuantumCircuit(2, 1)
    circuit.x(0)
    circuit.measure([0, 1], [0, 0])
    assert active_qubits(circuit).circuit.count_ops() == {"x": 1, "measure": 2}


def test_control_flow_is_left_to_whoever_refuses_it():
    circuit = QuantumCircuit(2, 1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    assert active_qubits(circuit).circuit is circuit
