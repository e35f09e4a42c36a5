"""What goes wrong with Qiskit ML 0.9.1 on devices: right numbers here, or a clear error.

One test for each way of giving a device's circuit to a QNN, at a layout that is not trivial, and
for each name of a classical register.
"""

import numpy as np
import pytest
from qiskit.circuit import ClassicalRegister, QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_ibm_runtime.fake_provider import FakeManilaV2
from qnns import (
    BUILDERS,
    OBSERVABLES,
    QNN,
    ROWS,
    WEIGHTS,
    estimator_qnn,
    expected_outputs,
    expected_slopes,
    sampler_qnn,
)

from qiskit_qmu.backends import open_backend

LAYOUT = (4, 2, 3)
REFUSED = "must be given on its own qubits"


def pass_manager(level: int = 3, **options):
    return generate_preset_pass_manager(level, seed_transpiler=7, **options)


def device_pass_manager():
    return pass_manager(backend=FakeManilaV2(), initial_layout=list(LAYOUT))


def noiseless_device():
    """Return Aer behind a pass manager for a line of five qubits with ECR gates."""
    return open_backend(
        "aer",
        pass_manager=pass_manager(
            coupling_map=[[0, 1], [1, 2], [2, 3], [3, 4]],
            basis_gates=["rz", "sx", "x", "ecr"],
            initial_layout=list(LAYOUT),
        ),
    )


def measured() -> QuantumCircuit:
    circuit = QNN.circuit.copy()
    circuit.measure_all()
    return circuit


def check(kind: str, network) -> None:
    np.testing.assert_allclose(network.forward(ROWS, WEIGHTS), expected_outputs(kind), atol=1e-9)
    for own, expected in zip(network.backward(ROWS, WEIGHTS), expected_slopes(kind), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-8)


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_logical_circuits_are_right_at_a_layout_that_is_not_trivial(kind):
    backend = noiseless_device()
    check(kind, BUILDERS[kind](backend))
    isa = backend.sampler.isa_circuit(measured())
    assert isa.num_qubits == 5
    assert set(isa.count_ops()) <= {"rz", "sx", "x", "ecr", "measure", "barrier"}
    assert isa.layout.initial_index_layout(filter_ancillas=True) == list(LAYOUT)


def test_measured_logical_circuits_are_right():
    check("sampler", sampler_qnn(noiseless_device(), circuit=measured()))


@pytest.mark.parametrize("circuit", ["logical", "measured"])
def test_a_sampler_qnn_with_a_pass_manager_is_refused(circuit):
    given = measured() if circuit == "measured" else QNN.circuit
    network = sampler_qnn(noiseless_device(), circuit=given, pass_manager=device_pass_manager())
    for run in (network.forward, network.backward):
        with pytest.raises(Exception, match=REFUSED):
            run(ROWS, WEIGHTS)


@pytest.mark.parametrize("circuit", ["logical", "measured"])
def test_a_sampler_qnn_of_a_device_circuit_is_refused(circuit):
    given = device_pass_manager().run(measured() if circuit == "measured" else QNN.circuit)
    network = sampler_qnn(noiseless_device(), circuit=given)
    for run in (network.forward, network.backward):
        with pytest.raises(Exception, match=REFUSED):
            run(ROWS, WEIGHTS)


def test_a_pass_manager_without_a_layout_is_right():
    manager = pass_manager(1, backend=AerSimulator())
    network = sampler_qnn(noiseless_device(), pass_manager=manager)
    np.testing.assert_allclose(
        network.forward(ROWS, WEIGHTS), expected_outputs("sampler"), atol=1e-9
    )


def test_an_estimator_qnn_with_a_pass_manager_is_refused():
    """With observables on logical qubits, Qiskit refuses before the circuit is looked at."""
    network = estimator_qnn(noiseless_device(), pass_manager=device_pass_manager())
    for run in (network.forward, network.backward):
        with pytest.raises(Exception, match=f"{REFUSED}|number of qubits"):
            run(ROWS, WEIGHTS)


@pytest.mark.parametrize("observables", [True, False])
def test_an_estimator_qnn_of_a_device_circuit_is_refused(observables):
    isa = device_pass_manager().run(QNN.circuit)
    mapped = [o.apply_layout(isa.layout) for o in OBSERVABLES] if observables else None
    network = estimator_qnn(noiseless_device(), circuit=isa, observables=mapped)
    for run in (network.forward, network.backward):
        with pytest.raises(Exception, match=REFUSED):
            run(ROWS, WEIGHTS)


def test_an_estimator_qnn_without_observables_is_right():
    """It measures Z on all qubits at once."""
    network = estimator_qnn(noiseless_device(), observables=None)
    parity = np.array([(-1) ** s.bit_count() for s in range(8)])
    np.testing.assert_allclose(
        network.forward(ROWS, WEIGHTS)[:, 0], expected_outputs("sampler") @ parity, atol=1e-9
    )


@pytest.mark.parametrize("names", [("meas",), ("c",), ("out",), ("low", "high")])
def test_registers_of_any_name_are_read_row_by_row(names):
    """Outcome 0 … 7 in the order of the classical bits, whatever registers hold them."""
    circuit = QNN.circuit.copy()
    sizes = (3,) if len(names) == 1 else (1, 2)
    for name, size in zip(names, sizes, strict=True):
        circuit.add_register(ClassicalRegister(size, name))
    circuit.measure(range(3), range(3))
    network = sampler_qnn(noiseless_device(), circuit=circuit)
    np.testing.assert_allclose(
        network.forward(ROWS, WEIGHTS), expected_outputs("sampler"), atol=1e-9
    )
    if len(names) > 1:
        with pytest.raises(Exception, match="must have one classical register"):
            network.backward(ROWS, WEIGHTS)
    else:
        slopes = zip(network.backward(ROWS, WEIGHTS), expected_slopes("sampler"), strict=True)
        for own, expected in slopes:
            np.testing.assert_allclose(own, expected, atol=1e-8)


@pytest.mark.parametrize("names", [("c",), ("low", "high")])
def test_registers_of_counts_are_read_row_by_row(names):
    """As above with 4000 shots: 16 numbers within five standard errors, p < 1e-5."""
    circuit = QNN.circuit.copy()
    sizes = (3,) if len(names) == 1 else (1, 2)
    for name, size in zip(names, sizes, strict=True):
        circuit.add_register(ClassicalRegister(size, name))
    circuit.measure(range(3), range(3))
    network = sampler_qnn(open_backend("aer", shots=4000, seed=3), circuit=circuit)
    error = np.abs(network.forward(ROWS, WEIGHTS) - expected_outputs("sampler"))
    assert error.max() < 5 * 0.5 / np.sqrt(4000)
