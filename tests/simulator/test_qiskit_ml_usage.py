"""Typical programs of Qiskit ML with our primitives, gradients and connector dropped in."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2, real_amplitudes, z_feature_map, zz_feature_map
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.algorithms import (
    QSVC,
    VQC,
    VQR,
    NeuralNetworkClassifier,
    NeuralNetworkRegressor,
)
from qiskit_machine_learning.circuit.library import qnn_circuit
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.gradients import (
    LinCombEstimatorGradient,
    LinCombSamplerGradient,
    ParamShiftEstimatorGradient,
    ParamShiftSamplerGradient,
    SPSAEstimatorGradient,
    SPSASamplerGradient,
)
from qiskit_machine_learning.kernels import FidelityQuantumKernel
from qiskit_machine_learning.neural_networks import EffectiveDimension, EstimatorQNN, SamplerQNN
from qiskit_machine_learning.optimizers import COBYLA, SLSQP
from qiskit_machine_learning.primitives import QMLEstimator, QMLSampler
from qiskit_machine_learning.state_fidelities import ComputeUncompute
from qiskit_machine_learning.utils import algorithm_globals

from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
    TorchSimulatorConnector,
)


@pytest.fixture(autouse=True)
def fixed_seed():
    """Qiskit ML draws first weights and perturbations from one generator for all."""
    algorithm_globals.random_seed = 7


def points(generator: np.random.Generator, number: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Return points of the plane and whether they lie above the diagonal, as -1 and 1."""
    inputs = generator.uniform(-1, 1, (number, 2))
    return inputs, np.where(inputs[:, 0] < inputs[:, 1], 1, -1)


def estimator_qnn(estimator=None, gradient=None, **options) -> EstimatorQNN:
    circuit, inputs, weights = qnn_circuit(
        feature_map=zz_feature_map(2, 1), ansatz=real_amplitudes(2, reps=1)
    )
    return EstimatorQNN(
        circuit=circuit,
        input_params=inputs,
        weight_params=weights,
        estimator=estimator,
        gradient=gradient,
        default_precision=0.0,
        **options,
    )


def sampler_qnn(sampler=None, gradient=None, **options) -> SamplerQNN:
    circuit, inputs, weights = qnn_circuit(
        feature_map=zz_feature_map(2, 1), ansatz=real_amplitudes(2, reps=1)
    )
    return SamplerQNN(
        circuit=circuit,
        input_params=inputs,
        weight_params=weights,
        sampler=sampler,
        gradient=gradient,
        **options,
    )


def torch_estimator_qnn(**options) -> EstimatorQNN:
    estimator = TorchEstimator()
    return estimator_qnn(estimator, TorchEstimatorGradient(estimator), **options)


def torch_sampler_qnn(**options) -> SamplerQNN:
    sampler = TorchSampler()
    return sampler_qnn(sampler, TorchSamplerGradient(sampler), **options)


def parity(outcome: int) -> int:
    return outcome.bit_count() % 2


PAIRS = {
    "expectations": (torch_estimator_qnn, lambda **o: estimator_qnn(QMLEstimator(), **o), {}),
    "two observables": (
        torch_estimator_qnn,
        lambda **o: estimator_qnn(QMLEstimator(), **o),
        {"observables": [SparsePauliOp("ZX"), SparsePauliOp(["IY", "XX"], [0.3, -2])]},
    ),
    "probabilities": (torch_sampler_qnn, lambda **o: sampler_qnn(QMLSampler(), **o), {}),
    "parity": (
        torch_sampler_qnn,
        lambda **o: sampler_qnn(QMLSampler(), **o),
        {"interpret": parity, "output_shape": 2},
    ),
}


@pytest.mark.parametrize("input_gradients", [True, False])
@pytest.mark.parametrize("name", PAIRS)
def test_networks_forward_and_backward(name, input_gradients, generator):
    build, stock, options = PAIRS[name]
    networks = [make(input_gradients=input_gradients, **options) for make in (build, stock)]
    weights = generator.uniform(-2, 2, networks[0].num_weights)
    for rows in (generator.uniform(-2, 2, (3, 2)), generator.uniform(-2, 2, 2)):
        ours, theirs = (network.forward(rows, weights) for network in networks)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
        for own, other in zip(*(n.backward(rows, weights) for n in networks), strict=True):
            assert (own is None) == (other is None)
            if own is not None:
                np.testing.assert_allclose(own, other, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["expectations", "parity"])
def test_a_classifier_trains_as_with_stock_classes(name, generator):
    """The same optimizer from the same start takes the same steps."""
    inputs, targets = points(generator)
    found = []
    for build in PAIRS[name][:2]:
        network = build(**PAIRS[name][2])
        classifier = NeuralNetworkClassifier(
            network,
            optimizer=SLSQP(maxiter=3),
            initial_point=np.linspace(-1, 1, network.num_weights),
        )
        classifier.fit(inputs, targets if name == "expectations" else (targets + 1) // 2)
        found.append((classifier.weights, classifier.predict(inputs)))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=0, atol=1e-4)
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_a_regressor_trains_as_with_stock_classes(generator):
    inputs = generator.uniform(-1, 1, (10, 2))
    targets = np.sin(inputs.sum(1))
    weights = []
    for build in PAIRS["expectations"][:2]:
        regressor = NeuralNetworkRegressor(
            build(), optimizer=SLSQP(maxiter=3), initial_point=np.linspace(-1, 1, 4)
        )
        regressor.fit(inputs, targets)
        weights.append(regressor.weights)
    np.testing.assert_allclose(*weights, rtol=0, atol=1e-4)


@pytest.mark.parametrize("shots", [None, 200])
def test_variational_classifier(shots, generator):
    inputs, targets = points(generator)
    classifier = VQC(
        feature_map=z_feature_map(2, 1),
        ansatz=real_amplitudes(2, reps=1),
        optimizer=COBYLA(maxiter=15),
        sampler=TorchSampler(shots=shots, seed=1),
    )
    classifier.fit(inputs, targets)
    assert classifier.score(inputs, targets) > 0.5


@pytest.mark.parametrize("shots", [None, 200])
def test_variational_regressor(shots, generator):
    inputs = generator.uniform(-1, 1, (8, 1))
    regressor = VQR(
        feature_map=z_feature_map(1, 1),
        ansatz=efficient_su2(1, reps=1),
        optimizer=COBYLA(maxiter=30),
        estimator=TorchEstimator(shots=shots, seed=1),
    )
    regressor.fit(inputs, np.sin(inputs[:, 0]))
    assert np.isfinite(regressor.score(inputs, np.sin(inputs[:, 0])))


def test_effective_dimension(generator):
    networks = torch_sampler_qnn(), sampler_qnn(QMLSampler())
    weights, inputs = generator.uniform(-1, 1, (3, 4)), generator.uniform(-1, 1, (4, 2))
    found = [
        EffectiveDimension(
            network, weight_samples=weights, input_samples=inputs
        ).get_effective_dimension(1000)
        for network in networks
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_state_fidelity_under_shots():
    """|<ψ(0)|ψ(t)>|² = cos²(t/2), with a standard deviation of 0.005 for 10,000 shots."""
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("t"), 0)
    fidelity = ComputeUncompute(TorchSampler(shots=10_000, seed=1))
    found = fidelity.run([circuit] * 2, [circuit] * 2, [[0.0], [0.3]], [[1.0], [1.7]]).result()
    expected = np.cos(np.array([0.5, 0.7])) ** 2
    np.testing.assert_allclose(found.fidelities, expected, rtol=0, atol=0.03)


@pytest.mark.parametrize("local", [True, False])
def test_exact_state_fidelity(local, generator):
    circuit = zz_feature_map(2, 1)
    left, right = generator.uniform(-1, 1, (2, 3, 2))
    found = [
        ComputeUncompute(sampler, local=local).run([circuit] * 3, [circuit] * 3, left, right)
        for sampler in (TorchSampler(), QMLSampler())
    ]
    ours, stock = (job.result().fidelities for job in found)
    np.testing.assert_allclose(ours, stock, rtol=0, atol=1e-9)


def test_exact_quantum_kernel(generator):
    inputs, targets = points(generator)
    kernels = [
        FidelityQuantumKernel(feature_map=zz_feature_map(2, 1), fidelity=ComputeUncompute(sampler))
        for sampler in (TorchSampler(), QMLSampler())
    ]
    ours, stock = (kernel.evaluate(inputs, inputs[:3]) for kernel in kernels)
    np.testing.assert_allclose(ours, stock, rtol=0, atol=1e-9)
    classifier = QSVC(quantum_kernel=kernels[0])
    classifier.fit(inputs, targets)
    assert classifier.score(inputs, targets) > 0.5


def test_quantum_kernel_under_shots(generator):
    """Entries of a kernel are probabilities: 4000 shots leave at most 0.008 of deviation each."""
    inputs, targets = points(generator, 6)
    kernels = [
        FidelityQuantumKernel(feature_map=zz_feature_map(2, 1), fidelity=ComputeUncompute(sampler))
        for sampler in (TorchSampler(shots=4000, seed=1), QMLSampler())
    ]
    ours, exact = (kernel.evaluate(inputs) for kernel in kernels)
    np.testing.assert_allclose(ours, exact, rtol=0, atol=0.06)
    QSVC(quantum_kernel=kernels[0]).fit(inputs, targets)


GRADIENTS = {
    "parameter shift": (ParamShiftEstimatorGradient, ParamShiftSamplerGradient),
    "linear combination": (LinCombEstimatorGradient, LinCombSamplerGradient),
    "perturbation": (
        lambda primitive: SPSAEstimatorGradient(primitive, 0.1, seed=1),
        lambda primitive: SPSASamplerGradient(primitive, 0.1, seed=1),
    ),
}


def two_circuits() -> list[QuantumCircuit]:
    first, second = QuantumCircuit(2), QuantumCircuit(3)
    a, b, c = (Parameter(name) for name in "abc")
    first.ry(a, 0)
    first.cx(0, 1)
    first.rx(a * b, 1)
    second.h(0)
    second.rz(c, 0)
    second.rxx(a + c, 0, 1)
    second.ry(2 * b, 2)
    second.cx(2, 0)
    return [first, second]


@pytest.mark.parametrize("name", GRADIENTS)
def test_stock_gradients_over_our_estimator(name, generator):
    circuits = two_circuits()
    observables = [SparsePauliOp("ZX"), SparsePauliOp("XYZ")]
    rows = [generator.uniform(-1, 1, circuit.num_parameters) for circuit in circuits]
    ours, stock = (
        GRADIENTS[name][0](estimator).run(circuits, observables, rows).result().gradients
        for estimator in (TorchEstimator(), StatevectorEstimator())
    )
    for own, other in zip(ours, stock, strict=True):
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", GRADIENTS)
def test_stock_gradients_over_our_sampler(name, generator):
    circuit = two_circuits()[1]
    circuit.measure_all()
    row = generator.uniform(-1, 1, (1, circuit.num_parameters))
    ours, stock = (
        GRADIENTS[name][1](sampler).run([circuit], row).result().gradients[0]
        for sampler in (TorchSampler(), QMLSampler())
    )
    for own, other in zip(ours, stock, strict=True):
        for outcome in range(8):
            assert own.get(outcome, 0) == pytest.approx(other.get(outcome, 0), abs=1e-8)


def subsets(circuit: QuantumCircuit) -> list:
    """Return requests for all, one, two in reverse, and a set of the parameters."""
    parameters = list(circuit.parameters)
    return [None, parameters[:1], parameters[1::-1], set(parameters[:2])]


def test_estimator_gradients_of_mixed_requests(generator):
    """Two circuits, several observables, subsets of parameters, the same request twice."""
    gradient, stock = (
        TorchEstimatorGradient(TorchEstimator()),
        ParamShiftEstimatorGradient(StatevectorEstimator()),
    )
    requests = []
    for circuit in two_circuits():
        labels = ["Z" * circuit.num_qubits, "X" * circuit.num_qubits]
        row = generator.uniform(-1, 1, circuit.num_parameters)
        requests += [
            (circuit, SparsePauliOp(label), row, wanted)
            for label in labels
            for wanted in subsets(circuit)
        ]
    requests = [requests[i] for i in generator.permutation(len(requests))]
    requests += requests[:3]
    for _ in range(2):
        ours, theirs = (g.run(*zip(*requests, strict=True)).result() for g in (gradient, stock))
        for own, other in zip(ours.gradients, theirs.gradients, strict=True):
            np.testing.assert_allclose(own, other, rtol=0, atol=1e-10)


def test_sampler_gradients_of_mixed_requests(generator):
    gradient, stock = (
        TorchSamplerGradient(TorchSampler()),
        ParamShiftSamplerGradient(QMLSampler()),
    )
    circuit = two_circuits()[0]
    circuit.measure_all()
    rows = generator.uniform(-1, 1, (2, circuit.num_parameters))
    requests = [(circuit, row, wanted) for row in rows for wanted in subsets(circuit)]
    ours, theirs = (
        g.run(*zip(*requests, strict=True)).result().gradients for g in (gradient, stock)
    )
    for own, other in zip(ours, theirs, strict=True):
        for slopes, expected in zip(own, other, strict=True):
            for outcome in range(4):
                found = slopes.get(outcome, 0)
                assert found == pytest.approx(expected.get(outcome, 0), abs=1e-9)


@pytest.mark.parametrize("build", [torch_estimator_qnn, torch_sampler_qnn])
def test_both_connectors_train_alike(build, generator):
    inputs = torch.tensor(generator.uniform(-1, 1, (6, 2)), dtype=torch.float32)
    weights = []
    for connector in (TorchSimulatorConnector, TorchConnector):
        model = connector(build(), np.linspace(-1, 1, 4))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        for _ in range(5):
            optimizer.zero_grad()
            ((model(inputs)[:, 0] - 0.2) ** 2).mean().backward()
            optimizer.step()
        weights.append(model.weight.detach())
    torch.testing.assert_close(*weights, rtol=0, atol=1e-5)


def test_the_connector_takes_rows_of_no_inputs():
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("t"), 0)
    found = []
    for connector in (TorchSimulatorConnector, TorchConnector):
        network = EstimatorQNN(
            circuit=circuit,
            weight_params=circuit.parameters,
            estimator=TorchEstimator(),
            default_precision=0.0,
        )
        found.append(connector(network, np.array([0.4]))(torch.zeros(3, 0)))
    torch.testing.assert_close(*found, rtol=0, atol=1e-6)


def test_a_network_without_any_parameter():
    circuit = QuantumCircuit(1)
    circuit.h(0)
    ours = SamplerQNN(circuit=circuit, sampler=TorchSampler())
    assert ours.forward(None, None).shape == (1, 2)


def test_parameter_vectors_of_ten_and_more_keep_their_order(generator):
    """By name, element 10 would come before element 2."""
    weights = ParameterVector("w", 12)
    circuit = QuantumCircuit(3)
    for i, weight in enumerate(weights):
        circuit.ry(weight, i % 3)
        circuit.cx(i % 3, (i + 1) % 3)
    row = generator.uniform(-1, 1, (1, 12))
    ours = TorchEstimatorGradient(TorchEstimator()).run([circuit], [SparsePauliOp("ZXZ")], row)
    stock = ParamShiftEstimatorGradient(StatevectorEstimator())
    expected = stock.run([circuit], [SparsePauliOp("ZXZ")], row).result().gradients[0]
    np.testing.assert_allclose(ours.result().gradients[0], expected, rtol=0, atol=1e-10)
