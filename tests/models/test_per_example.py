"""Gradients of single rows against one backward pass for each row."""

import numpy as np
import pytest
import torch
from tiny_models import StockClassifier, basic, hybrid, iris, points, sequential, torch_network

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.models import named_parameters, observe, per_example_gradients
from qiskit_qmu.objectives import OwnObjective

MODELS = {
    "basic": basic,
    "hybrid": hybrid,
    "basic probabilities": lambda: basic(readout="probabilities"),
    "hybrid zz": lambda: hybrid(encoding="zz"),
    "basic amplitude": lambda: basic(encoding="amplitude"),
    "hybrid amplitude": lambda: hybrid(encoding="amplitude"),
    "sequential": sequential,
    "sequential, stock connector": lambda: sequential(stock=True),
    "stock over torch estimator": lambda: StockClassifier(torch_network()),
    "stock": StockClassifier,
}


def _rows(model, count):
    data = points() if isinstance(model, StockClassifier) else iris()
    getattr(model, "fit_inputs", lambda _x: None)(data.x_train)
    return torch.tensor(data.x_train[:count]), torch.tensor(data.y_train[:count])


def _slow(model, x, y, part, loss=torch.nn.functional.cross_entropy):
    names = list(named_parameters(model, part))
    gradients = {name: [] for name in names}
    for row in range(len(x)):
        model.zero_grad()
        loss(model(x[row : row + 1]), y[row : row + 1]).backward()
        for name, parameter in named_parameters(model, part).items():
            gradients[name].append(parameter.grad.clone())
    return {name: torch.stack(rows) for name, rows in gradients.items()}


@pytest.mark.parametrize(
    ("name", "part"),
    [*((name, "all") for name in MODELS), ("hybrid", "quantum"), ("hybrid", "classical")],
)
def test_gradients_are_those_of_a_loop_over_rows(name, part):
    model = MODELS[name]()
    x, y = _rows(model, 4)
    fast, slow = per_example_gradients(model, x, y, part=part), _slow(model, x, y, part)
    assert fast.keys() == slow.keys()
    for parameter, expected in slow.items():
        # Single precision; a ZZ map multiplies angles and their rounding.
        torch.testing.assert_close(fast[parameter], expected, atol=5e-5, rtol=1e-4)
        assert float(expected.abs().max()) > 1e-4, parameter


class _Unmappable(torch.nn.Module):
    """What torch.func.vmap cannot map over: each way of it around the same computation."""

    def __init__(self, way, *, stock=False):
        super().__init__()
        self.way, self.inner = way, sequential(stock=stock)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        if self.way == "in place":
            copy = torch.zeros(x.shape)
            copy[:, 1:] = x[:, 1:]
            copy[:, :1] = x[:, :1]
            x = copy
        elif self.way == "branch":
            x = x if x.sum() > 0 else x * 1.0
        elif self.way == "item":
            x = x + 0.0 * x[0, 0].item()
        elif self.way == "random":
            x = x + 0.0 * torch.rand(len(x), 4)
        elif self.way == "buffer":
            self.calls += len(x) * x.abs().max()
        return self.inner(x)


@pytest.mark.parametrize("way", ["in place", "branch", "item", "random", "buffer"])
def test_what_cannot_be_mapped_is_differentiated_row_by_row(way):
    plain, model = sequential(), _Unmappable(way)
    x, y = torch.tensor(iris().x_train[:3]), torch.tensor(iris().y_train[:3])
    for part in ("all", "quantum", "classical"):
        expected = per_example_gradients(plain, x, y, part=part)
        found = per_example_gradients(model, x, y, part=part)
        assert found.keys() == {f"inner.{name}" for name in expected}
        for name, gradient in expected.items():
            torch.testing.assert_close(found[f"inner.{name}"], gradient, atol=1e-6, rtol=1e-5)
    assert float(model.calls) == 0


def test_a_device_is_not_asked_in_vain_before_rows_go_one_by_one():
    model = _Unmappable("in place", stock=True)
    network, rows = model.inner[1].neural_network, []
    forward = network.forward
    network.forward = lambda x, w: (rows.append(len(x)), forward(x, w))[1]
    x, y = torch.tensor(iris().x_train[:3]), torch.tensor(iris().y_train[:3])
    per_example_gradients(model, x, y)
    assert rows == [1, 1, 1]


class _Tied(torch.nn.Module):
    """One circuit under two names, and one weight in two layers."""

    def __init__(self, *, stock):
        super().__init__()
        front, circuit, head = sequential(stock=stock)
        self.front, self.first, self.second, self.head = front, circuit, circuit, head
        self.other = torch.nn.Linear(2, 3)
        self.other.weight = head.weight

    def forward(self, x):
        z = self.front(x)
        return self.head(self.first(z)) + self.other(self.second(-z))


@pytest.mark.parametrize("stock", [False, True])
def test_what_is_used_in_two_places_is_there_once(stock):
    model = _Tied(stock=stock)
    x, y = torch.tensor(iris().x_train[:3]), torch.tensor(iris().y_train[:3])
    fast, slow = per_example_gradients(model, x, y), _slow(model, x, y, "all")
    assert fast.keys() == slow.keys()
    assert {"first.weight", "head.weight"} <= fast.keys()
    for name, expected in slow.items():
        torch.testing.assert_close(fast[name], expected, atol=5e-5, rtol=1e-4)


def test_data_parallel_models_are_taken():
    plain = sequential()
    x, y = torch.tensor(iris().x_train[:3]), torch.tensor(iris().y_train[:3])
    found = per_example_gradients(torch.nn.DataParallel(plain), x, y)
    for name, gradient in per_example_gradients(plain, x, y).items():
        torch.testing.assert_close(found[f"module.{name}"], gradient)


def test_double_precision_is_kept():
    model = sequential().double()
    x, y = torch.tensor(iris().x_train[:5]).double(), torch.tensor(iris().y_train[:5])
    fast, slow = per_example_gradients(model, x, y), _slow(model, x, y, "all")
    for name, expected in slow.items():
        torch.testing.assert_close(fast[name], expected, atol=1e-12, rtol=1e-10)


def test_more_rows_than_are_taken_at_once(generator):
    model = sequential()
    x = torch.tensor(generator.normal(size=(300, 4)), dtype=torch.float32)
    y = torch.zeros(300, dtype=torch.long)
    whole = per_example_gradients(model, x, y)
    for part in (slice(0, 3), slice(255, 258), slice(297, 300)):
        some = per_example_gradients(model, x[part], y[part])
        for name, gradient in some.items():
            torch.testing.assert_close(whole[name][part], gradient, atol=1e-6, rtol=1e-5)


def test_another_loss():
    model = hybrid()
    x, y = _rows(model, 3)

    def confidence(logits, labels):
        return torch.softmax(logits, 1).gather(1, labels.unsqueeze(1)).squeeze(1)

    objective = OwnObjective(lambda model, x, y: confidence(model(x), y), "classes")
    slow = _slow(model, x, y, "all", lambda logits, labels: confidence(logits, labels).sum())
    for name, gradient in per_example_gradients(model, x, y, objective=objective).items():
        torch.testing.assert_close(gradient, slow[name], atol=1e-6, rtol=1e-5)


def test_layers_that_behave_otherwise_in_training_are_in_evaluation_mode():
    torch_state = torch.get_rng_state()
    model = torch.nn.Sequential(torch.nn.Dropout(0.5), sequential())
    x, y = torch.tensor(iris().x_train[:3]), torch.tensor(iris().y_train[:3])
    assert model.training
    gradients = per_example_gradients(model, x, y)
    plain = per_example_gradients(model[1], x, y)
    for name, gradient in plain.items():
        assert torch.equal(gradients[f"1.{name}"], gradient)
    assert model.training
    assert torch.equal(torch_state, torch.get_rng_state())


def test_the_model_keeps_no_gradient_and_its_outputs():
    model = sequential()
    before = observe(model, iris().x_test, iris().y_test).logits
    per_example_gradients(model, *_rows(model, 3))
    assert all(parameter.grad is None for parameter in model.parameters())
    assert np.array_equal(before, observe(model, iris().x_test, iris().y_test).logits)


def test_with_shots_the_mean_gradient_is_about_the_exact_one():
    exact = basic(seed=4)
    x, y = _rows(exact, 2)
    sampled = exact.on(open_backend("exact", shots=2000, seed=0))
    noisy = per_example_gradients(sampled, x, y, part="quantum")["quantum.weight"]
    clean = per_example_gradients(exact, x, y, part="quantum")["quantum.weight"]
    # Each ∂⟨Z⟩ has a deviation below 1/√(2·2000) = 0.016 and enters with |head|·|p − 1| < 1: over
    # three outputs below 0.03, so 0.15 is five deviations of each of 18 numbers (p < 1e-5).
    assert 0 < float((noisy - clean).abs().max()) < 0.15


def test_unknown_and_empty_parts_are_refused():
    x, y = torch.zeros(1, 3), torch.zeros(1, dtype=torch.long)
    with pytest.raises(InputError, match="parameters must be one of"):
        per_example_gradients(basic(), x, y, part="front")
    with pytest.raises(InputError, match="has no trainable quantum parameters"):
        per_example_gradients(torch.nn.Linear(3, 2), x, y, part="quantum")
