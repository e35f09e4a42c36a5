"""TorchSimulatorConnector: a TorchConnector in shape, state and values."""

import copy

import numpy as np
import pytest
import torch
from connector_networks import QNN, STOCK, WEIGHTS, expectations, probabilities, two_dimensional
from qiskit import QuantumCircuit
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import Pauli, SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.exceptions import QiskitMachineLearningError
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN
from qiskit_machine_learning.primitives import QMLSampler
from random_circuits import random_angle, random_circuit, random_observable

from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.simulator import TorchEstimator, TorchSampler, TorchSimulatorConnector


@pytest.fixture(params=STOCK, ids=lambda network: network.__name__)
def network(request: pytest.FixtureRequest):
    return request.param


@pytest.mark.parametrize("shape", [(2,), (1, 2), (3, 2), (2, 3, 2)], ids=str)
def test_outputs_and_gradients_are_the_parents(network, shape, generator):
    """The same network over Qiskit's own primitives, in float32; two-dimensional outputs of the
    parent have no gradient for inputs of more than one dimension."""
    ours = TorchSimulatorConnector(network(), WEIGHTS)
    parent = TorchConnector(network(STOCK[network]()), WEIGHTS)
    rows = torch.tensor(generator.uniform(-2, 2, shape), dtype=torch.float32)
    found = []
    for connector in (ours, parent):
        inputs = rows.clone().requires_grad_()
        outputs = connector(inputs)
        found.append([outputs.detach()])
        if network is not two_dimensional and len(shape) < 3:
            (outputs * torch.arange(1.0, 1 + outputs.shape[-1])).sum().backward()
            found[-1] += [connector.weight.grad, inputs.grad.reshape(-1, 2)]
    for own, expected in zip(*found, strict=True):
        assert own.shape == expected.shape
        assert own.dtype == expected.dtype == torch.float32
        torch.testing.assert_close(own, expected, rtol=0, atol=3e-6)


@pytest.mark.parametrize("case", range(15))
def test_random_networks_in_double_precision(case, generator):
    """Circuits of the whole library, against Qiskit ML's forward pass and a directional slope."""
    num_qubits = int(generator.integers(1, 5))
    qnn = qnn_circuit(1, num_qubits, 2)
    curved = random_circuit(generator, num_qubits, 6, [*qnn.inputs, *qnn.weights])
    curved.ry(random_angle(generator, list(qnn.inputs)), 0)
    qnn.circuit.compose(curved, inplace=True)
    observables = [random_observable(generator, num_qubits) for _ in range(3)]
    ours = TorchSimulatorConnector(expectations(observables=observables, qnn=qnn)).double()
    stock = expectations(StatevectorEstimator(), observables=observables, qnn=qnn)
    rows = generator.uniform(-1, 1, (2, 1))
    weights = ours.weight.detach().numpy()
    outputs = ours(torch.tensor(rows))
    np.testing.assert_allclose(outputs.detach(), stock.forward(rows, weights), rtol=0, atol=1e-10)
    (gradient,) = torch.autograd.grad(outputs.sum(), ours.weight)
    direction = generator.normal(size=weights.shape) / len(weights)
    step = 1e-4
    slope = (
        stock.forward(rows, weights + step * direction).sum()
        - stock.forward(rows, weights - step * direction).sum()
    ) / (2 * step)
    assert float(gradient @ torch.tensor(direction)) == pytest.approx(slope, abs=1e-6)


def test_it_is_a_torch_connector_with_one_weight(network):
    connector = TorchSimulatorConnector(network(), WEIGHTS)
    assert isinstance(connector, TorchConnector)
    assert [name for name, _ in connector.named_parameters()] == ["weight"]
    np.testing.assert_array_equal(connector.weight.detach(), WEIGHTS.astype(np.float32))
    assert connector.neural_network.num_weights == len(WEIGHTS)
    assert connector.program.num_qubits == 3


def test_weights_start_between_minus_one_and_one():
    weight = TorchSimulatorConnector(expectations()).weight
    assert weight.abs().max() <= 1
    assert weight.unique().numel() == len(WEIGHTS)


def test_state_dicts_load_in_both_directions():
    ours = TorchSimulatorConnector(expectations(), WEIGHTS)
    parent = TorchConnector(expectations(), -WEIGHTS)
    other = TorchSimulatorConnector(expectations(), 0 * WEIGHTS)
    assert ours.state_dict().keys() == parent.state_dict().keys()
    other.load_state_dict(parent.state_dict())
    parent.load_state_dict(ours.state_dict())
    torch.testing.assert_close(parent.weight, ours.weight, rtol=0, atol=0)
    torch.testing.assert_close(other.weight, -ours.weight, rtol=0, atol=0)
    rows = torch.rand(2, 2)
    torch.testing.assert_close(parent(rows), ours(rows), rtol=0, atol=1e-6)
    assert not torch.allclose(other(rows), ours(rows))


def test_no_input_gradient_unless_the_network_has_one():
    for wanted in (True, False):
        connector = TorchSimulatorConnector(expectations(input_gradients=wanted), WEIGHTS)
        inputs = torch.rand(3, 2, requires_grad=True)
        connector(inputs).sum().backward()
        assert (inputs.grad is not None) == wanted
        assert connector.weight.grad is not None


def test_frozen_weights_have_no_gradient():
    connector = TorchSimulatorConnector(expectations(), WEIGHTS).requires_grad_(False)
    inputs = torch.rand(3, 2, requires_grad=True)
    connector(inputs).sum().backward()
    assert connector.weight.grad is None
    assert inputs.grad is not None


def test_double_precision():
    connector = TorchSimulatorConnector(expectations(), WEIGHTS).double()
    assert connector(torch.rand(2, 2)).dtype == torch.float64
    assert connector.float()(torch.rand(2, 2).double()).dtype == torch.float32


def test_wrong_inputs_are_refused_as_by_the_parent():
    for kind, rule in (
        (TorchSimulatorConnector, "^inputs must have 2 values in their last dimension, got"),
        (TorchConnector, "Invalid input dimension! Received"),
    ):
        connector = kind(expectations(), WEIGHTS)
        for rows in (torch.rand(2, 3), torch.rand(3), None):
            with pytest.raises(QiskitMachineLearningError, match=rule):
                connector(rows)


def test_no_rows():
    connector = TorchSimulatorConnector(expectations(), WEIGHTS)
    outputs = connector(torch.zeros(0, 2))
    assert outputs.shape == (0, 3)
    outputs.sum().backward()
    assert not connector.weight.grad.any()


def test_a_network_without_inputs():
    qnn = qnn_circuit(2, 2, 1)
    bound = qnn.circuit.assign_parameters(dict.fromkeys(qnn.inputs, 0.3))
    found = []
    for kind, estimator in (
        (TorchSimulatorConnector, TorchEstimator()),
        (TorchConnector, StatevectorEstimator()),
    ):
        network = EstimatorQNN(
            circuit=bound,
            observables=SparsePauliOp("ZX"),
            weight_params=qnn.weights,
            estimator=estimator,
            default_precision=0.0,
        )
        connector = kind(network, WEIGHTS[: len(qnn.weights)])
        outputs = connector()
        outputs.sum().backward()
        found.append((outputs.detach(), connector.weight.grad))
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-6)


def test_a_network_without_weights():
    qnn = qnn_circuit(2, 2, 1)
    bound = qnn.circuit.assign_parameters(dict.fromkeys(qnn.weights, 0.3))
    network = EstimatorQNN(
        circuit=bound,
        observables=SparsePauliOp("ZX"),
        input_params=qnn.inputs,
        estimator=TorchEstimator(),
        default_precision=0.0,
    )
    rows = torch.rand(3, 2)
    expected = network.forward(rows.numpy(), [])
    outputs = TorchSimulatorConnector(network)(rows)
    np.testing.assert_allclose(outputs.detach(), expected, rtol=0, atol=1e-6)


def test_observables_of_other_classes():
    rows = torch.rand(3, 2)
    outputs = [
        TorchSimulatorConnector(expectations(observables=own), WEIGHTS)(rows)
        for own in ([Pauli("XYZ")], SparsePauliOp("XYZ"))
    ]
    torch.testing.assert_close(outputs[0], outputs[1], rtol=0, atol=0)


def test_a_measured_circuit_with_permuted_bits(generator):
    """The register decides the outcome, whatever its name; the parent reads only `meas` rightly."""
    measured = QuantumCircuit(3, 2)
    measured.compose(QNN.circuit, inplace=True)
    measured.measure([2, 0], [0, 1])
    network = SamplerQNN(
        circuit=measured,
        sampler=TorchSampler(),
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        interpret=lambda outcome: outcome,
        output_shape=4,
    )
    rows = torch.tensor(generator.uniform(-2, 2, (3, 2)))
    outputs = TorchSimulatorConnector(network, WEIGHTS).double()(rows)
    full = TorchSimulatorConnector(probabilities(), WEIGHTS).double()(rows)
    expected = torch.zeros(3, 4, dtype=torch.float64)
    for outcome in range(8):
        expected[:, outcome // 4 + 2 * (outcome % 2)] += full[:, outcome].detach()
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-12, check_stride=False)


@pytest.mark.parametrize(
    "build",
    [
        lambda: expectations(StatevectorEstimator()),
        lambda: expectations(TorchEstimator(shots=100, seed=1)),
        lambda: probabilities(QMLSampler()),
        lambda: probabilities(TorchSampler(shots=100, seed=1)),
    ],
    ids=["StatevectorEstimator", "estimator with shots", "QMLSampler", "sampler with shots"],
)
def test_other_primitives_take_the_parents_way(build):
    connector = TorchSimulatorConnector(build(), WEIGHTS)
    assert connector.program is None
    rows = torch.rand(2, 2)
    parent = TorchConnector(build(), WEIGHTS)
    outputs, expected = connector(rows), parent(rows)
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-6)
    for values in (outputs, expected):
        values.square().sum().backward()
    torch.testing.assert_close(connector.weight.grad, parent.weight.grad, rtol=0, atol=1e-5)
    assert connector.weight.grad.abs().sum() > 0


def test_shots_make_noise():
    connector = TorchSimulatorConnector(expectations(TorchEstimator(shots=100, seed=1)), WEIGHTS)
    rows = torch.rand(2, 2)
    assert not torch.equal(connector(rows), connector(rows))


class SquareNetwork(NeuralNetwork):
    """A network of neither kind: outputs weight times the squared input."""

    def __init__(self) -> None:
        super().__init__(1, 1, sparse=False, output_shape=1)

    def _forward(self, input_data, weights):
        return input_data**2 * weights

    def _backward(self, input_data, weights):
        return None, (input_data**2)[:, None, :]


def test_networks_of_other_kinds_take_the_parents_way():
    connector = TorchSimulatorConnector(SquareNetwork(), np.array([2.0]))
    outputs = connector(torch.tensor([[3.0], [1.0]]))
    outputs.sum().backward()
    assert outputs.tolist() == [[18.0], [2.0]]
    assert connector.weight.grad.tolist() == [10.0]


def test_a_copy_shares_the_compiled_program_and_not_the_weights():
    connector = TorchSimulatorConnector(expectations(), WEIGHTS)
    copied = copy.deepcopy(connector)
    assert copied.program is connector.program
    with torch.no_grad():
        copied.weight.zero_()
    assert connector.weight.abs().min() > 0
    assert [name for name, _ in copied.named_parameters()] == ["weight"]
    rows = torch.rand(2, 2)
    zero = TorchSimulatorConnector(expectations(), 0 * WEIGHTS)
    torch.testing.assert_close(copied(rows), zero(rows), rtol=0, atol=1e-6)
    assert not torch.allclose(connector(rows), copied(rows))


def test_it_trains_within_a_larger_module():
    """Gradient descent through layers before and after reaches a loss that it did not start at."""
    torch_generator = torch.Generator().manual_seed(0)
    rows = torch.rand(16, 4, generator=torch_generator)
    targets = (rows.sum(1, keepdim=True) > 2).float()
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 2),
        TorchSimulatorConnector(expectations(), WEIGHTS),
        torch.nn.Linear(3, 1),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(rows), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
