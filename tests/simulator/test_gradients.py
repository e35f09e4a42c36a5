"""Gradients against Qiskit ML's parameter shift over Qiskit's own primitives, alone and in QNNs."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives import StatevectorEstimator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Pauli, SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.gradients import (
    ParamShiftEstimatorGradient,
    ParamShiftSamplerGradient,
)
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN
from qiskit_machine_learning.primitives import QMLSampler
from random_circuits import random_angle, random_gate, random_observable, standard_gate

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
)
from qiskit_qmu.simulator.readout import jacobians

# Gates that Qiskit ML's parameter shift differentiates rightly, by translating them to rotations.
SHIFTED = ["rx", "ry", "rz", "p", "u", "r", "rxx", "ryy", "rzz", "rzx", "cp", "crx", "crz", "cu"]


def _powers_have_right_slopes() -> bool:
    x = Parameter("x")
    slope = ((x.cos() + 2) ** 2).gradient(x).bind({x: 1.0})
    return bool(np.isclose(complex(slope).real, -2 * (np.cos(1) + 2) * np.sin(1)))


# Random circuits are checked against the product rule too, in test_random_circuits.py.
needs_right_slopes = pytest.mark.skipif(
    not _powers_have_right_slopes(),
    reason="Qiskit 2.3 leaves the inner derivative of a power out, and with it parameter shift",
)


def random_ansatz(generator: np.random.Generator, num_qubits: int, size: int) -> QuantumCircuit:
    """Return a circuit whose parameters stand in expressions, products included."""
    parameters = list(ParameterVector("p", 4))
    circuit = QuantumCircuit(num_qubits)
    for _ in range(size):
        fixed = random_gate(generator, num_qubits, [])
        circuit.append(fixed, generator.permutation(num_qubits)[: fixed.num_qubits].tolist())
        name = str(generator.choice(SHIFTED[:6] if num_qubits == 1 else SHIFTED))
        count = {"u": 3, "r": 2, "cu": 4}.get(name, 1)
        gate = standard_gate(name, [random_angle(generator, parameters) for _ in range(count)])
        circuit.append(gate, generator.permutation(num_qubits)[: gate.num_qubits].tolist())
    circuit.ry(parameters[0], 0)
    return circuit


def estimator_gradients() -> tuple[TorchEstimatorGradient, ParamShiftEstimatorGradient]:
    ours = TorchEstimatorGradient(TorchEstimator())
    return ours, ParamShiftEstimatorGradient(StatevectorEstimator())


def sampler_gradients() -> tuple[TorchSamplerGradient, ParamShiftSamplerGradient]:
    return TorchSamplerGradient(TorchSampler()), ParamShiftSamplerGradient(QMLSampler())


def assert_estimates(*arguments, **options) -> None:
    ours, stock = (g.run(*arguments, **options).result() for g in estimator_gradients())
    assert len(ours.gradients) == len(stock.gradients)
    for own, other in zip(ours.gradients, stock.gradients, strict=True):
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-10)
    wanted = [list(metadata["parameters"]) for metadata in stock.metadata]
    assert [metadata["parameters"] for metadata in ours.metadata] == wanted


def assert_samples(*arguments, **options) -> None:
    """QMLSampler's exact mode rounds probabilities to multiples of 2⁻⁴⁰."""
    ours, stock = (g.run(*arguments, **options).result() for g in sampler_gradients())
    assert len(ours.gradients) == len(stock.gradients)
    for own, other in zip(ours.gradients, stock.gradients, strict=True):
        assert len(own) == len(other)
        for slopes, expected in zip(own, other, strict=True):
            assert set(expected) <= set(slopes)
            for outcome, slope in slopes.items():
                assert slope == pytest.approx(expected.get(outcome, 0.0), abs=1e-9)


@needs_right_slopes
@pytest.mark.parametrize("case", range(8))
def test_random_expectations(case, generator):
    circuit = random_ansatz(generator, int(generator.integers(1, 5)), 5)
    observable = random_observable(generator, circuit.num_qubits)
    rows = generator.uniform(-1, 1, (3, circuit.num_parameters))
    assert_estimates([circuit] * 3, [observable] * 3, rows)


@needs_right_slopes
@pytest.mark.parametrize("case", range(4))
def test_random_probabilities(case, generator):
    circuit = random_ansatz(generator, int(generator.integers(1, 4)), 3)
    circuit.measure_all()
    rows = generator.uniform(-1, 1, (2, circuit.num_parameters))
    assert_samples([circuit] * 2, rows)


@needs_right_slopes
@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [*(pytest.param(case, marks=pytest.mark.ci) for case in range(20)), *range(20, 300)]
)
def test_many_random_gradients(case, generator):
    circuit = random_ansatz(generator, int(generator.integers(1, 7)), 8)
    observable = random_observable(generator, circuit.num_qubits)
    rows = generator.uniform(-1, 1, (3, circuit.num_parameters))
    assert_estimates([circuit] * 3, [observable] * 3, rows)
    measured = random_ansatz(generator, int(generator.integers(1, 4)), 4)
    measured.measure_all()
    assert_samples([measured], generator.uniform(-1, 1, (1, measured.num_parameters)))


def test_only_the_wanted_parameters_in_the_wanted_order(generator):
    circuit = qnn_circuit(2, 2, 2).circuit
    a, b, c = (circuit.parameters[i] for i in (5, 0, 3))
    rows = generator.uniform(-2, 2, (4, circuit.num_parameters))
    wanted = [[a, b, c], [c], [b, a], None]
    assert_estimates([circuit] * 4, [SparsePauliOp("ZX")] * 4, rows, parameters=wanted)
    measured = circuit.copy()
    measured.measure_all()
    assert_samples([measured] * 4, rows, parameters=wanted)


def test_several_circuits_and_observables_in_one_call(generator):
    """Two circuits in turn; observables at rows of their own, so that they form no grid."""
    first, second = qnn_circuit(2, 2, 1).circuit, qnn_circuit(3, 3, 1).circuit
    circuits = [first, second, first, second, first]
    observables = [random_observable(generator, circuit.num_qubits) for circuit in circuits]
    observables[4] = observables[0]
    rows = [generator.uniform(-2, 2, circuit.num_parameters) for circuit in circuits]
    assert_estimates(circuits, observables, rows)
    measured = {id(circuit): circuit.copy() for circuit in (first, second)}
    for circuit in measured.values():
        circuit.measure_all()
    together = [measured[id(circuit)] for circuit in circuits]
    slopes = sampler_gradients()[0].run(together, rows).result().gradients
    # Stock sampler gradients mix up circuits of different sizes, so it gets them one by one.
    for circuit, row, own in zip(together, rows, slopes, strict=True):
        assert_samples([circuit], [row])
        (alone,) = sampler_gradients()[0].run([circuit], [row]).result().gradients
        for slope, expected in zip(own, alone, strict=True):
            assert slope == pytest.approx(expected, abs=1e-12)


def test_a_single_circuit_and_observables_of_other_classes(generator):
    circuit = qnn_circuit(2, 2, 1).circuit
    row = generator.uniform(-2, 2, (1, circuit.num_parameters))
    assert_estimates(circuit, SparsePauliOp("ZX"), row)
    assert_estimates(circuit, Pauli("-YX"), row)


def test_permuted_and_partial_measurements(generator):
    """A register that holds two of three qubits, in another order."""
    circuit = qnn_circuit(3, 3, 1).circuit
    measured = QuantumCircuit(3, 2)
    measured.compose(circuit, inplace=True)
    measured.measure([2, 0], [0, 1])
    row = generator.uniform(-2, 2, (1, circuit.num_parameters))
    (slopes,) = TorchSamplerGradient(TorchSampler()).run([measured], row).result().gradients
    operators = {
        outcome: SparsePauliOp(["III", "ZII", "IIZ", "ZIZ"], [0.25, a / 4, b / 4, a * b / 4])
        for outcome, (a, b) in enumerate([(1, 1), (-1, 1), (1, -1), (-1, -1)])
    }
    for outcome, projector in operators.items():
        stock = ParamShiftEstimatorGradient(StatevectorEstimator())
        (expected,) = stock.run([circuit], [projector], row).result().gradients
        found = [slope[outcome] for slope in slopes]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_many_outputs_are_differentiated_in_chunks(generator, monkeypatch):
    circuit = qnn_circuit(2, 2, 1).circuit
    observables = [SparsePauliOp(label) for label in ("ZZ", "XI", "IY")]
    rows = generator.uniform(-2, 2, (4, circuit.num_parameters))
    arguments = ([circuit] * 12, [o for o in observables for _ in range(4)], np.tile(rows, (3, 1)))
    whole = estimator_gradients()[0].run(*arguments).result().gradients
    monkeypatch.setattr(jacobians, "_LARGEST_BACKWARD_BATCH", 3)
    chunked = estimator_gradients()[0].run(*arguments).result().gradients
    np.testing.assert_allclose(chunked, whole, rtol=0, atol=1e-14)


def test_single_precision(generator):
    circuit = qnn_circuit(2, 2, 2).circuit
    row = generator.uniform(-2, 2, (1, circuit.num_parameters))
    exact, single = (
        TorchEstimatorGradient(TorchEstimator(dtype=dtype))
        .run([circuit], [SparsePauliOp("ZZ")], row)
        .result()
        .gradients[0]
        for dtype in (torch.complex128, torch.complex64)
    )
    np.testing.assert_allclose(single, exact, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        ([QuantumCircuit(1)], [SparsePauliOp("Z")], [[]]),
        ([qnn_circuit(1, 1, 1).circuit], [SparsePauliOp("ZZ")], [[0.1, 0.2]]),
        ([qnn_circuit(1, 1, 1).circuit], [SparsePauliOp("Z")], [[0.1]]),
        ([qnn_circuit(1, 1, 1).circuit] * 2, [SparsePauliOp("Z")] * 2, [[0.1, 0.2]]),
        ([qnn_circuit(1, 1, 1).circuit], [SparsePauliOp("Z")], [[0.1, 0.2]], [[Parameter("z")]]),
    ],
    ids=["no parameters", "qubits", "values", "lengths", "unknown parameter"],
)
def test_arguments_are_checked_as_in_stock_gradients(arguments):
    for gradient in estimator_gradients():
        with pytest.raises(ValueError, match=r"not parameterised|match|must have|not present"):
            gradient.run(*arguments)


def test_a_sampled_circuit_must_be_measured_into_one_register():
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    gradient = TorchSamplerGradient(TorchSampler())
    with pytest.raises(InputError, match="has no measurements to sample"):
        gradient.run([circuit], [[0.1]]).result()
    circuit.measure_all()
    circuit.measure_all()
    with pytest.raises(InputError, match="must have one classical register, but has 2"):
        gradient.run([circuit], [[0.1]]).result()


QNN = qnn_circuit(2, 3, 2, rotations=("rx", "rz"), entangling_gate="cx")
PARAMETERS = {"input_params": QNN.inputs, "weight_params": QNN.weights}


def expectation_network(*, stock: bool, input_gradients: bool) -> EstimatorQNN:
    estimator = StatevectorEstimator() if stock else TorchEstimator()
    gradient = ParamShiftEstimatorGradient if stock else TorchEstimatorGradient
    return EstimatorQNN(
        circuit=QNN.circuit,
        observables=[SparsePauliOp(label) for label in ("ZII", "IZI", "XYZ")],
        estimator=estimator,
        gradient=gradient(estimator),
        default_precision=0.0,
        input_gradients=input_gradients,
        **PARAMETERS,
    )


def probability_network(*, stock: bool, input_gradients: bool) -> SamplerQNN:
    sampler = QMLSampler() if stock else TorchSampler()
    gradient = ParamShiftSamplerGradient if stock else TorchSamplerGradient
    return SamplerQNN(
        circuit=QNN.circuit,
        sampler=sampler,
        gradient=gradient(sampler),
        interpret=lambda outcome: outcome % 3,
        output_shape=3,
        input_gradients=input_gradients,
        **PARAMETERS,
    )


@pytest.mark.parametrize("network", [expectation_network, probability_network])
@pytest.mark.parametrize("input_gradients", [True, False])
def test_stock_networks_and_connectors_run_unmodified(network, input_gradients, generator):
    """Forward, weight gradients and input gradients; float32 is what TorchConnector returns."""
    weights = generator.uniform(-2, 2, len(QNN.weights))
    rows = torch.tensor(generator.uniform(-2, 2, (2, 2)), dtype=torch.float32)
    factors = torch.tensor(generator.normal(size=(2, 3)), dtype=torch.float32)
    found = []
    for stock in (True, False):
        qnn = network(stock=stock, input_gradients=input_gradients)
        connector = TorchConnector(qnn, weights)
        inputs = rows.clone().requires_grad_()
        outputs = connector(inputs)
        (outputs * factors).sum().backward()
        found.append((outputs.detach(), connector.weight.grad, inputs.grad))
        values = rows.numpy().astype(float)
        exact = (qnn.forward(values, weights), *qnn.backward(values, weights))
        found[-1] = (*found[-1], *exact)
    for stock, own in zip(*found, strict=True):
        if stock is None:
            assert own is None
            assert not input_gradients
        elif isinstance(stock, torch.Tensor):
            torch.testing.assert_close(own, stock, rtol=0, atol=2e-6)
        else:
            np.testing.assert_allclose(own, stock, rtol=0, atol=1e-9)


def test_stock_parameter_shift_works_with_shots(generator):
    """Its standard error is at most √(2/N)/2 per angle; five of them fail in 6·10⁻⁷ each."""
    circuit = qnn_circuit(2, 2, 1).circuit
    row = generator.uniform(-2, 2, (1, circuit.num_parameters))
    noisy = ParamShiftEstimatorGradient(TorchEstimator(shots=10**6, seed=1))
    (found,) = noisy.run([circuit], [SparsePauliOp("ZZ")], row).result().gradients
    (exact,) = (
        estimator_gradients()[0].run([circuit], [SparsePauliOp("ZZ")], row).result().gradients
    )
    np.testing.assert_allclose(found, exact, rtol=0, atol=5 * np.sqrt(2 / 10**6) / 2)
    assert np.abs(found - exact).max() > 0


def test_idle_qubits_that_are_measured_and_parameters_without_effect():
    """The register reads 0 whatever the angles; a phase of the whole state has no gradient."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(3, 1, global_phase=b)
    circuit.ry(a, 2)
    circuit.measure(0, 0)
    values = [[0.3, 0.7]]
    for shots in (None, 10):
        gradient = TorchSamplerGradient(TorchSampler(shots=shots, seed=0))
        (slopes,) = gradient.run([circuit], values).result().gradients
        assert [slope[0] for slope in slopes] == pytest.approx([0.0, 0.0], abs=1e-15)
        gradient = TorchEstimatorGradient(TorchEstimator(shots=shots, seed=0))
        (slopes,) = gradient.run([circuit], [SparsePauliOp("IIZ")], values).result().gradients
        assert slopes.tolist() == pytest.approx([0.0, 0.0], abs=1e-15)


def test_transpiled_circuits_with_many_idle_qubits(generator):
    circuit = qnn_circuit(2, 2, 2).circuit
    device = GenericBackendV2(27, seed=1)
    isa = transpile(circuit, device, initial_layout=[22, 7], optimization_level=1)
    observable = SparsePauliOp(["ZX", "IZ"], [1.0, 0.5])
    row = generator.uniform(-2, 2, (1, circuit.num_parameters))
    for shots in (None, 10**5):
        gradient = TorchEstimatorGradient(TorchEstimator(shots=shots, seed=3))
        (expected,), (found,) = (
            gradient.run([c], [o], row).result().gradients
            for c, o in ((circuit, observable), (isa, observable.apply_layout(isa.layout)))
        )
        # Two sums of 1.5 at most, each within five standard errors.
        atol = 1e-12 if shots is None else 10 * 1.5 / (2 * shots) ** 0.5
        np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
