"""TorchSimulatorConnector: a TorchConnector in shape, state and values."""

import copy

import numpy as np
import pytest
import torch
from connector_networks import QNN, STOCK, WEIGHTS, expectations, probabilities, two_dimensional
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import Pauli, SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.exceptions import QiskitMachineLearningError
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN
from qiskit_machine_learning.primitives import QMLSampler
from random_circuits import random_angle, random_circuit, random_observable

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
    TorchSimulatorConnector,
)


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


@pytest.mark.parametrize(
    ("of_weights", "of_inputs", "error"),
    [
        (torch.float64, torch.float64, 1e-14),
        (torch.float32, torch.float64, 1e-6),
        (torch.float64, torch.float32, 1e-14),
        (torch.float32, torch.int64, 1e-6),
        (torch.float16, torch.float64, 5e-3),
        (torch.bfloat16, torch.float32, 4e-2),
    ],
)
def test_outputs_have_the_precision_of_the_weights(network, of_weights, of_inputs, error):
    """Also where torch runs all else in mixed precision."""
    rows = torch.tensor([[1, 2], [0, -1]]).to(of_inputs)
    expected = network().forward(rows.numpy(), WEIGHTS)
    connector = TorchSimulatorConnector(network(), WEIGHTS).double()
    connector.weight.data = torch.tensor(WEIGHTS)
    connector.to(of_weights)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = connector(rows)
    assert outputs.dtype == of_weights
    np.testing.assert_allclose(outputs.detach().double(), expected, rtol=0, atol=error)


def test_wrong_inputs_are_refused_as_by_the_parent():
    for kind, rule in (
        (TorchSimulatorConnector, "^inputs must have 2 values in their last dimension, got"),
        (TorchConnector, "Invalid input dimension! Received"),
    ):
        connector = kind(expectations(), WEIGHTS)
        for rows in (torch.rand(2, 3), torch.rand(3), None):
            with pytest.raises(QiskitMachineLearningError, match=rule):
                connector(rows)


@pytest.mark.parametrize("shots", [None, 10])
@pytest.mark.parametrize(
    ("observables", "rule"),
    [
        ([SparsePauliOp("ZZ")], "has 2 qubits, but the circuit has 3"),
        ([SparsePauliOp("ZZZ"), SparsePauliOp("ZZZZ")], "position 1 has 4 qubits"),
        ([SparsePauliOp("ZZZ", 1j)], "must be Hermitian .* non-zero imaginary part"),
        ([SparsePauliOp("ZZZ", Parameter("a"))], "must be Hermitian sums of Pauli strings"),
        ([SparsePauliOp("ZZZ", 0.0)], "must be Hermitian .* Empty observable"),
        (
            [SparsePauliOp("ZZZ", np.nan)],
            "coefficients must be finite, got 1 NaN",
        ),
    ],
)
def test_observables_are_checked_as_those_of_pubs(observables, rule, shots):
    network = expectations(TorchEstimator(shots=shots), observables=observables)
    with pytest.raises(InputError, match=rule):
        TorchSimulatorConnector(network)


def test_a_parameter_is_an_input_or_a_weight():
    """Qiskit ML counts two parameters and two values, and leaves one of them unbound."""
    given, forgotten = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1)
    circuit.rx(given, 0)
    circuit.ry(forgotten, 0)
    network = EstimatorQNN(
        circuit=circuit, input_params=[given], weight_params=[given], estimator=TorchEstimator()
    )
    with pytest.raises(InputError, match="circuit parameters a are both inputs and weights"):
        TorchSimulatorConnector(network)


@pytest.mark.parametrize("outcome", [7, (1, 1), -1, 0.5])
def test_an_interpretation_names_an_output(outcome):
    network = probabilities(interpret=lambda _: outcome, output_shape=4)
    with pytest.raises(InputError, match=r"not an index into outputs of shape \(4,\)"):
        TorchSimulatorConnector(network)


@pytest.mark.parametrize("shots", [None, 10])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1j])
def test_values_are_finite_real_numbers(value, shots):
    connector = TorchSimulatorConnector(expectations(TorchEstimator(shots=shots)), WEIGHTS)
    with pytest.raises(InputError, match=r"^inputs must be"):
        connector(torch.tensor([[1.0, value]]))
    spoilt = connector.weight.detach().clone() * value
    with pytest.raises(InputError, match=r"^weights must be"):
        torch.func.functional_call(connector, {"weight": spoilt}, (torch.rand(1, 2),))


def test_no_rows():
    connector = TorchSimulatorConnector(expectations(), WEIGHTS)
    outputs = connector(torch.zeros(0, 2))
    assert outputs.shape == (0, 3)
    outputs.sum().backward()
    assert not connector.weight.grad.any()


def without_inputs(kind: str, primitive) -> EstimatorQNN | SamplerQNN:
    qnn = qnn_circuit(2, 2, 1)
    circuit = qnn.circuit.assign_parameters(dict.fromkeys(qnn.inputs, 0.3))
    if kind == "sampler":
        return SamplerQNN(circuit=circuit, weight_params=qnn.weights, sampler=primitive)
    return EstimatorQNN(
        circuit=circuit,
        observables=[SparsePauliOp("ZX"), SparsePauliOp("YI")],
        weight_params=qnn.weights,
        estimator=primitive,
        default_precision=0.0,
    )


@pytest.mark.parametrize("kind", ["estimator", "sampler"])
@pytest.mark.parametrize("inputs", [None, torch.zeros(0), torch.zeros(1, 0), torch.zeros(3, 0)])
def test_a_network_without_inputs(kind, inputs, monkeypatch):
    """Nothing or an empty tensor, as a generator of samples gets it: never the parent's way."""
    ours = without_inputs(kind, TorchSampler() if kind == "sampler" else TorchEstimator())
    stock = without_inputs(kind, QMLSampler() if kind == "sampler" else StatevectorEstimator())
    weights = WEIGHTS[: ours.num_weights]
    parent = TorchConnector(stock, weights)
    connector = TorchSimulatorConnector(ours, weights)
    for name in ("forward", "backward"):
        monkeypatch.setattr(ours, name, None)
    found = []
    for layer in (connector, parent):
        outputs = layer(inputs)
        outputs.square().sum().backward()
        found.append((outputs.detach(), layer.weight.grad))
    assert found[0][0].shape == found[1][0].shape
    torch.testing.assert_close(*found, rtol=0, atol=2e-6)
    exact = connector.double()(inputs).detach()
    expected = TorchConnector(stock, weights).double()(inputs).detach().numpy()
    assert exact.dtype == torch.float64
    np.testing.assert_allclose(exact, expected, rtol=0, atol=1e-6)


def test_no_inputs_in_double_precision():
    angle = Parameter("t")
    circuit = QuantumCircuit(1)
    circuit.ry(angle, 0)
    network = EstimatorQNN(
        circuit=circuit,
        observables=SparsePauliOp("Z"),
        weight_params=[angle],
        estimator=TorchEstimator(),
        default_precision=0.0,
    )
    value = TorchSimulatorConnector(network, np.ones(1)).double()(None)
    assert value.item() == pytest.approx(np.cos(1.0), abs=1e-15)


@pytest.mark.parametrize("kind", ["estimator", "sampler"])
def test_no_inputs_under_shots(kind):
    own = {"shots": 10**6, "seed": 1}
    primitive = TorchSampler(**own) if kind == "sampler" else TorchEstimator(**own)
    network = without_inputs(kind, primitive)
    gradient = TorchSamplerGradient if kind == "sampler" else TorchEstimatorGradient
    network.gradient = gradient(primitive)
    exact = without_inputs(kind, TorchSampler() if kind == "sampler" else TorchEstimator())
    weights = WEIGHTS[: network.num_weights]
    found = []
    for layer in (TorchSimulatorConnector(net, weights) for net in (network, exact)):
        outputs = layer(torch.zeros(2, 0))
        outputs.square().sum().backward()
        found.append((outputs.detach(), layer.weight.grad))
    assert not torch.equal(found[0][0][0], found[0][0][1])
    torch.testing.assert_close(*found, rtol=0, atol=0.02)


@pytest.mark.parametrize("shots", [None, 10**6])
def test_a_transpiled_circuit_that_measures_nothing_itself(shots):
    """The outcomes are those of the circuit that was written, wherever its qubits ended."""
    spread = transpile(
        QNN.circuit,
        coupling_map=[[i, i + 1] for i in range(4)],
        basis_gates=["rz", "sx", "cx"],
        initial_layout=[4, 2, 0],
        seed_transpiler=1,
    )
    assert spread.layout.final_index_layout() != [0, 1, 2]
    sampler = TorchSampler(shots=shots, seed=1)
    network = SamplerQNN(
        circuit=spread,
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        sampler=sampler,
        gradient=TorchSamplerGradient(sampler),
        input_gradients=True,
    )
    rows = torch.rand(2, 2, generator=torch.Generator().manual_seed(0))
    found = []
    for layer in (TorchSimulatorConnector(net, WEIGHTS) for net in (network, probabilities())):
        inputs = rows.clone().requires_grad_()
        outputs = layer(inputs)
        outputs.square().sum().backward()
        found.append((outputs.detach(), layer.weight.grad, inputs.grad))
    torch.testing.assert_close(*found, rtol=0, atol=2e-6 if shots is None else 0.01)


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # torch's
def test_torch_compile_at_several_batch_sizes():
    layers = torch.nn.Linear(4, 2), TorchSimulatorConnector(expectations(), WEIGHTS)
    model = torch.nn.Sequential(*layers, torch.nn.Linear(3, 1))
    compiled = torch.compile(model, backend="eager")
    for rows in (torch.rand(size, 4) for size in (6, 3, 1, 5)):
        expected = torch.autograd.grad(model(rows).sum(), model.parameters())
        torch.testing.assert_close(compiled(rows), model(rows))
        found = torch.autograd.grad(compiled(rows).sum(), model.parameters())
        torch.testing.assert_close(found, expected)


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


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("frozen", [False, True])
def test_vjp_is_that_of_autograd(network, engine, frozen, generator):
    layer = TorchSimulatorConnector(network(), WEIGHTS, engine=engine)
    rows = torch.tensor(generator.uniform(-2, 2, (3, 2)), dtype=torch.float32)
    inputs = rows.clone().requires_grad_()
    outputs = layer(inputs)
    gradients = [torch.rand_like(outputs) for _ in range(2)]
    expected = [
        torch.autograd.grad(outputs, (inputs, layer.weight), gradient, retain_graph=True)
        for gradient in gradients
    ]
    layer.weight.requires_grad_(not frozen)
    values, pull_back = layer.vjp(rows)
    assert not values.requires_grad
    assert torch.equal(values, outputs.flatten(1))
    for gradient, wanted in zip(gradients, expected, strict=True):
        torch.testing.assert_close(pull_back(gradient.flatten(1)), wanted)
    assert layer.weight.grad is None


def test_vjp_of_a_network_without_input_gradients_and_of_one_with_shots():
    layer = TorchSimulatorConnector(expectations(input_gradients=False), WEIGHTS)
    outputs, pull_back = layer.vjp(torch.ones(3, 2))
    by_inputs, by_weights = pull_back(torch.ones_like(outputs))
    assert not by_inputs.any()
    assert by_weights.any()
    with pytest.raises(QiskitMachineLearningError, match="inputs must be finite"):
        layer.vjp(torch.full((3, 2), torch.nan))
    with pytest.raises(InputError, match=r"rows of a table, got shape \(2,\)"):
        layer.vjp(torch.ones(2))
    outputs, pull_back = TorchSimulatorConnector(expectations(), WEIGHTS).vjp(torch.ones(0, 2))
    assert [gradient.shape[0] for gradient in pull_back(outputs)] == [0, len(WEIGHTS)]
    sampled = TorchSimulatorConnector(expectations(TorchEstimator(shots=64, seed=0)), WEIGHTS)
    outputs, pull_back = sampled.vjp(torch.ones(3, 2))
    first, second = (pull_back(torch.ones_like(outputs))[1] for _ in range(2))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("rows", [3, 8])
@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_vjp_takes_gradients_of_any_kind_and_of_one_shape(rows, engine):
    """Eight rows fill a block of the kernels, which read their memory as it is."""
    with torch.inference_mode():
        layer = TorchSimulatorConnector(expectations(), WEIGHTS, engine=engine)
        outputs, pull_back = layer.vjp(torch.linspace(-1, 1, 2 * rows).reshape(rows, 2))
        expected = pull_back(torch.ones_like(outputs))
        for kind in (torch.float64, torch.float16, torch.int64):
            torch.testing.assert_close(pull_back(torch.ones_like(outputs, dtype=kind)), expected)
        for wrong in (outputs[:, :1], outputs[:1], outputs[1:]):
            with pytest.raises(InputError, match=rf"must have the shape \({rows}, 3\)"):
                pull_back(wrong)
