"""Models that return no logits are refused by name, before a circuit runs or a weight changes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit_machine_learning.neural_networks import SamplerQNN
from tiny_models import StockClassifier, basic, hybrid, iris, iris_split, sequential

from qiskit_qmu import Trainer, audit, observe
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.models import as_classifier, as_tensors, check_returns_logits
from qiskit_qmu.models.checking import check_logits
from qiskit_qmu.unlearning import FineTune, GradientAscent, NoOp, SelectiveDampening


def sampler_layer(backend):
    qnn = qnn_circuit(2, 2, 1)
    circuit = qnn.circuit.copy()
    circuit.measure_all()
    network = SamplerQNN(
        circuit=circuit,
        input_params=qnn.inputs,
        weight_params=qnn.weights,
        interpret=lambda outcome: outcome % 3,
        output_shape=3,
        sampler=backend.sampler,
        gradient=backend.sampler_gradient,
        input_gradients=True,
    )
    return backend.connector(network, np.zeros(len(qnn.weights)))


def bare_sampler(backend):
    return torch.nn.Sequential(torch.nn.Linear(4, 2), sampler_layer(backend))


def softened(backend):
    return torch.nn.Sequential(torch.nn.Linear(4, 2), sampler_layer(backend), torch.nn.Linear(3, 3),
                               torch.nn.Softmax(1))  # fmt: skip


def column(backend):
    return torch.nn.Sequential(torch.nn.Linear(4, 2), sampler_layer(backend), torch.nn.Linear(3, 1))


WAYS = {
    "Trainer": lambda model, split: Trainer(epochs=1).fit(model, split.retain.x, split.retain.y),
    "GA": lambda model, split: GradientAscent()(model, split, generator=0),
    "SSD": SelectiveDampening(),
    "FineTune": lambda model, split: FineTune()(model, split, generator=0),
    "observe": lambda model, split: observe(model, split.forget.x, split.forget.y),
    "audit": lambda model, split: audit(sequential(), split, oracle=model),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            bare_sampler,
            r"returns probabilities .* qmu.as_classifier\(model, outputs='probabilities'\)",
        ),
        (
            softened,
            r"returns probabilities .* qmu.as_classifier\(model, outputs='probabilities'\)",
        ),
        (
            column,
            r"a single column .*: wrap it with qmu.as_classifier\(model, outputs='expectation",
        ),
    ],
)
def test_every_way_in_refuses_without_running_a_circuit(way, build, message):
    backend = open_backend("aer", shots=10)
    with pytest.raises(InputError, match=message):
        WAYS[way](build(backend), iris_split())
    assert backend.executed.circuits == 0


def test_wrapped_they_are_taken():
    model = as_classifier(bare_sampler(open_backend("exact")), "probabilities")
    seen = observe(model, iris().x_test, iris().y_test)
    np.testing.assert_allclose(seen.probabilities, seen.expectations, atol=1e-6)
    declared = as_classifier(bare_sampler(open_backend("exact")), "logits")
    assert observe(declared, iris().x_test, iris().y_test).logits.min() >= 0


@pytest.mark.parametrize("build", [basic, hybrid, sequential])
def test_logits_pass(build):
    model = build()
    getattr(model, "fit_inputs", lambda _x: None)(iris().x_train)
    check_returns_logits(model, as_tensors(model, iris().x_test, iris().y_test)[0])


def test_it_is_not_seen_by_hooks_and_leaves_the_model_as_it_was():
    model, calls = StockClassifier(), []
    model.circuit.register_forward_hook(lambda *_arguments: calls.append(1))
    model.train()
    check_returns_logits(model, torch.zeros(3, 2))
    assert not calls
    assert model.training
    assert "forward" not in vars(model.circuit)
    model(torch.zeros(3, 2))
    assert calls == [1]


@given(st.integers(2, 12), st.integers(1, 4), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_random_logits_are_never_taken_for_probabilities(classes, rows, seed):
    generator = np.random.default_rng(seed)
    logits = torch.tensor(generator.normal(size=(rows, classes)), dtype=torch.float32)
    check_logits(torch.nn.Identity(), logits)
    check_logits(torch.nn.Identity(), torch.relu(logits))
    check_logits(torch.nn.Identity(), torch.log_softmax(logits, 1))
    with pytest.raises(InputError, match="the model returns probabilities"):
        check_logits(torch.nn.Identity(), torch.softmax(3 * logits, 1))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (3, "a model must be a torch module, got int"),
        (sampler_layer(open_backend("exact")).neural_network, r"got SamplerQNN: connect it to"),
    ],
)
@pytest.mark.parametrize("way", [*WAYS, "NoOp"])
def test_what_is_no_torch_module_is_one_line(way, model, message):
    with pytest.raises(InputError, match=message):
        {**WAYS, "NoOp": NoOp()}[way](model, iris_split())


def test_a_double_model_around_a_stock_connector_is_one_line():
    """Qiskit ML's connector answers in single precision, whatever its weights are in."""
    with pytest.raises(InputError, match="a model in float64 must convert the outputs of Qiskit"):
        observe(sequential(stock=True).double(), iris().x_test, iris().y_test)


def test_answers_out_of_range_are_no_probabilities():
    check_logits(torch.nn.Identity(), torch.tensor([[float("inf"), -float("inf")]]))
