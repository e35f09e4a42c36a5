"""What goes wrong with Qiskit ML 0.9.1 on devices: right numbers here, or a clear error.

One test for each way of giving a device's circuit to a QNN, at a layout that is not trivial, and
for each name of a classical register.
"""

from functools import partial

import numpy as np
import pytest
from qiskit.circuit import ClassicalRegister, QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_ibm_runtime.fake_provider import FakeHanoiV2, FakeManilaV2
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

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend

LAYOUT = (4, 2, 3)
PARITY = (-1.0) ** np.bitwise_count(np.arange(8))
REFUSED = "the circuit was already transpiled"


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


BACKENDS = pytest.mark.parametrize(
    "opened",
    [noiseless_device, open_backend, partial(open_backend, "fake_manila")],
    ids=["device", "exact", "fake_manila"],
)
"""What refuses a circuit does so whatever it would have run on."""
EXACT = pytest.mark.parametrize("opened", [noiseless_device, open_backend], ids=["device", "exact"])


def measured() -> QuantumCircuit:
    circuit = QNN.circuit.copy()
    circuit.measure_all()
    return circuit


def check(kind: str, network) -> None:
    np.testing.assert_allclose(network.forward(ROWS, WEIGHTS), expected_outputs(kind), atol=1e-9)
    for own, expected in zip(network.backward(ROWS, WEIGHTS), expected_slopes(kind), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-8)


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_virtual_circuits_are_right_at_a_layout_that_is_not_trivial(kind):
    backend = noiseless_device()
    check(kind, BUILDERS[kind](backend))
    isa = backend.sampler.isa_circuit(measured())
    assert isa.num_qubits == 5
    assert set(isa.count_ops()) <= {"rz", "sx", "x", "ecr", "measure", "barrier"}
    assert isa.layout.initial_index_layout(filter_ancillas=True) == list(LAYOUT)


@pytest.mark.parametrize("seed", [1, 7])
@pytest.mark.parametrize("kind", list(BUILDERS))
def test_level_3_on_a_device_of_27_qubits(kind, seed):
    """Shots of matrix product states: 100 numbers within five standard errors, p < 1e-4."""
    manager = generate_preset_pass_manager(3, backend=FakeHanoiV2(), seed_transpiler=seed)
    options = {"method": "matrix_product_state", "shots": 4000, "seed": seed}
    backend = open_backend("aer", pass_manager=manager, **options)
    network = BUILDERS[kind](backend)
    spread = 1 / np.sqrt(4000)
    error = np.abs(network.forward(ROWS, WEIGHTS) - expected_outputs(kind))
    assert 0 < error.max() < 5 * spread
    slopes = zip(network.backward(ROWS, WEIGHTS), expected_slopes(kind), (3, 1), strict=True)
    for own, expected, rotations in slopes:
        assert 0 < np.abs(own - expected).max() < 5 * np.sqrt(rotations / 2) * spread
    layout = backend.sampler.isa_circuit(measured()).layout
    assert layout.initial_index_layout(filter_ancillas=True) != [0, 1, 2]


@EXACT
def test_measured_virtual_circuits_are_right(opened):
    check("sampler", sampler_qnn(opened(), circuit=measured()))


@BACKENDS
@pytest.mark.parametrize("circuit", ["virtual", "measured"])
def test_a_sampler_qnn_with_a_pass_manager_is_refused(circuit, opened):
    given = measured() if circuit == "measured" else QNN.circuit
    is_refused(sampler_qnn(opened(), circuit=given, pass_manager=device_pass_manager()))


@BACKENDS
@pytest.mark.parametrize("circuit", ["virtual", "measured"])
def test_a_sampler_qnn_of_a_device_circuit_is_refused(circuit, opened):
    given = device_pass_manager().run(measured() if circuit == "measured" else QNN.circuit)
    is_refused(sampler_qnn(opened(), circuit=given))


@EXACT
@pytest.mark.parametrize("kind", list(BUILDERS))
def test_a_pass_manager_without_a_layout_is_right(kind, opened):
    manager = pass_manager(1, backend=AerSimulator())
    check(kind, BUILDERS[kind](opened(), pass_manager=manager))


@BACKENDS
@pytest.mark.parametrize("observables", [OBSERVABLES, None], ids=["given", "none"])
def test_an_estimator_qnn_with_a_pass_manager_is_refused(observables, opened):
    """With observables on virtual qubits, Qiskit refuses before the circuit is looked at."""
    network = estimator_qnn(opened(), observables=observables, pass_manager=device_pass_manager())
    is_refused(network, REFUSED if observables is None else "number of qubits")


@BACKENDS
@pytest.mark.parametrize("mapped", [True, False])
def test_an_estimator_qnn_of_a_device_circuit_is_refused(mapped, opened):
    isa = device_pass_manager().run(QNN.circuit)
    observables = [o.apply_layout(isa.layout) for o in OBSERVABLES] if mapped else None
    is_refused(estimator_qnn(opened(), circuit=isa, observables=observables))


def is_refused(network, message: str = REFUSED) -> None:
    for run in (network.forward, network.backward):
        with pytest.raises(Exception, match=message):
            run(ROWS, WEIGHTS)


def test_the_exact_connector_refuses_a_device_circuit():
    backend = open_backend()
    network = sampler_qnn(backend, circuit=device_pass_manager().run(measured()))
    with pytest.raises(InputError, match=REFUSED):
        backend.connector(network, WEIGHTS)


@EXACT
def test_an_estimator_qnn_without_observables_is_right(opened):
    """It measures Z on all qubits at once."""
    network = estimator_qnn(opened(), observables=None)
    outputs = network.forward(ROWS, WEIGHTS)[:, 0]
    np.testing.assert_allclose(outputs, expected_outputs("sampler") @ PARITY, atol=1e-9)
    slopes = zip(network.backward(ROWS, WEIGHTS), expected_slopes("sampler"), strict=True)
    for own, expected in slopes:
        of_parity = np.einsum("bop,o->bp", expected, PARITY)
        np.testing.assert_allclose(own[:, 0], of_parity, atol=1e-8)


@EXACT
@pytest.mark.parametrize("names", [("meas",), ("c",), ("out",), ("low", "high")])
def test_registers_of_any_name_are_read_row_by_row(names, opened):
    """Outcome 0 … 7 in the order of the classical bits, whatever registers hold them."""
    circuit = QNN.circuit.copy()
    sizes = (3,) if len(names) == 1 else (1, 2)
    for name, size in zip(names, sizes, strict=True):
        circuit.add_register(ClassicalRegister(size, name))
    circuit.measure(range(3), range(3))
    network = sampler_qnn(opened(), circuit=circuit)
    np.testing.assert_allclose(
        network.forward(ROWS, WEIGHTS), expected_outputs("sampler"), atol=1e-9
    )
    if len(names) > 1:
        with pytest.raises(Exception, match="one classical register"):
            network.backward(ROWS, WEIGHTS)
    else:
        slopes = zip(network.backward(ROWS, WEIGHTS), expected_slopes("sampler"), strict=True)
        for own, expected in slopes:
            np.testing.assert_allclose(own, expected, atol=1e-8)


@pytest.mark.parametrize("name", ["aer", "exact"])
@pytest.mark.parametrize("names", [("c",), ("out",), ("low", "high")])
def test_registers_of_counts_are_read_row_by_row(names, name):
    """As above with 4000 shots: 16 numbers within five standard errors, p < 1e-5."""
    circuit = QNN.circuit.copy()
    sizes = (3,) if len(names) == 1 else (1, 2)
    for register, size in zip(names, sizes, strict=True):
        circuit.add_register(ClassicalRegister(size, register))
    circuit.measure(range(3), range(3))
    network = sampler_qnn(open_backend(name, shots=4000, seed=3), circuit=circuit)
    error = np.abs(network.forward(ROWS, WEIGHTS) - expected_outputs("sampler"))
    assert error.max() < 5 * 0.5 / np.sqrt(4000)
