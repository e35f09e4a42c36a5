"""What has no final state is refused by every public class, with an error that names it."""

import pytest
from qiskit.circuit import Gate, Parameter, QuantumCircuit
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import PauliProductMeasurement
from qiskit.quantum_info import Pauli, SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
    TorchSimulatorConnector,
    compile_program,
)

A = Parameter("a")


def started() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.ry(A, 0)
    circuit.cx(0, 1)
    return circuit


def if_else(circuit: QuantumCircuit) -> None:
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)


def while_loop(circuit: QuantumCircuit) -> None:
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x(1)


def for_loop(circuit: QuantumCircuit) -> None:
    with circuit.for_loop(range(2)):
        circuit.x(1)


def switch_case(circuit: QuantumCircuit) -> None:
    with circuit.switch(circuit.cregs[0]) as case, case(0):
        circuit.x(1)


def box(circuit: QuantumCircuit) -> None:
    with circuit.box():
        circuit.x(1)


def store(circuit: QuantumCircuit) -> None:
    circuit.add_var("flag", expr.lift(True, types.Bool()))


def reset(circuit: QuantumCircuit) -> None:
    circuit.reset(0)


def nested_reset(circuit: QuantumCircuit) -> None:
    inner = QuantumCircuit(1, name="inner")
    inner.reset(0)
    circuit.append(inner.to_instruction(), [1])


def initialize(circuit: QuantumCircuit) -> None:
    circuit.initialize([0.6, 0.8], 0)


def gate_after_measurement(circuit: QuantumCircuit) -> None:
    circuit.measure(0, 0)
    circuit.h(0)


def pauli_product_measurement(circuit: QuantumCircuit) -> None:
    circuit.append(PauliProductMeasurement(Pauli("ZX")), [0, 1], [0])


def opaque(circuit: QuantumCircuit) -> None:
    circuit.append(Gate("opaque", 2, []), [0, 1])


NAMES = {
    if_else: "if_else",
    while_loop: "while_loop",
    for_loop: "for_loop",
    switch_case: "switch_case",
    box: "box",
    store: "store",
    gate_after_measurement: "'h' acts on a qubit that was already measured",
    pauli_product_measurement: "pauli_product_measurement",
    opaque: "opaque",
}


RESETS = {reset: "reset", nested_reset: "reset", initialize: "initialize"}


@pytest.fixture(params=NAMES, ids=lambda add: add.__name__)
def refused(request):
    """Return a circuit that cannot be simulated, and the name that the error must have in it."""
    circuit = started()
    request.param(circuit)
    return circuit, NAMES[request.param]


def measured(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with a measurement of the other qubit, unless it has measurements."""
    if "measure" not in circuit.count_ops():
        circuit.measure(1, 1)
    return circuit


@pytest.mark.parametrize("add", RESETS, ids=lambda add: add.__name__)
def test_compile_program_of_a_circuit_with_a_reset_in_the_middle(add):
    circuit = started()
    add(circuit)
    with pytest.raises(InputError, match=RESETS[add]):
        compile_program(circuit, [A], [])


def test_compile_program(refused):
    circuit, name = refused
    with pytest.raises(InputError, match=name):
        compile_program(circuit, [A], [])


def test_estimator(refused):
    circuit, name = refused
    with pytest.raises(InputError, match=name):
        TorchEstimator().run([(circuit, "ZZ", [0.3])]).result()


def test_sampler(refused):
    circuit, name = refused
    with pytest.raises(InputError, match=name):
        TorchSampler().run([(measured(circuit), [0.3])]).result()


def test_estimator_gradient(refused):
    circuit, name = refused
    gradient = TorchEstimatorGradient(TorchEstimator())
    with pytest.raises(InputError, match=name):
        gradient.run([circuit], [SparsePauliOp("ZZ")], [[0.3]]).result()


def test_sampler_gradient(refused):
    circuit, name = refused
    gradient = TorchSamplerGradient(TorchSampler())
    with pytest.raises(InputError, match=name):
        gradient.run([measured(circuit)], [[0.3]]).result()


def test_connector_of_expectations(refused):
    circuit, name = refused
    with pytest.raises(InputError, match=name):
        TorchSimulatorConnector(
            EstimatorQNN(
                circuit=circuit,
                observables=SparsePauliOp("ZZ"),
                weight_params=[A],
                estimator=TorchEstimator(),
            )
        )


def test_connector_of_probabilities(refused):
    circuit, name = refused
    with pytest.raises(InputError, match=name):
        TorchSimulatorConnector(
            SamplerQNN(circuit=measured(circuit), weight_params=[A], sampler=TorchSampler())
        )
