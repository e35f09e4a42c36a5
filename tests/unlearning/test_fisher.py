"""Fisher diagonals against a loop of squared gradients, and what they cost."""

import numpy as np
import pytest
import torch
from qiskit.circuit import ParameterVector, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN
from tiny_models import StockClassifier, basic, hybrid, iris_split, point_split, sequential

from qiskit_qmu import audit, observe
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.backends import metered
from qiskit_qmu.data import Rows
from qiskit_qmu.models import named_parameters
from qiskit_qmu.objectives import OwnObjective
from qiskit_qmu.simulator import TorchEstimator, TorchEstimatorGradient
from qiskit_qmu.unlearning import fisher, fisher_diagonal, unbiased_fisher


def _slow(module, rows, part="all"):
    squares = dict.fromkeys(named_parameters(module, part), 0.0)
    for x, y in zip(torch.tensor(rows.x), torch.tensor(rows.y), strict=True):
        module.zero_grad()
        (-torch.log_softmax(module(x[None]), 1)[0, y]).backward()
        for name, parameter in named_parameters(module, part).items():
            squares[name] = squares[name] + parameter.grad.double() ** 2
    return {name: total / len(rows) for name, total in squares.items()}


@pytest.mark.parametrize("part", ["all", "quantum", "classical"])
@pytest.mark.parametrize("build", [basic, hybrid, sequential, StockClassifier])
def test_it_is_the_mean_of_squared_gradients_of_single_rows(build, part):
    module, split = build(), point_split() if build is StockClassifier else iris_split()
    getattr(module, "fit_inputs", lambda _x: None)(split.train.x)
    fast, slow = (
        fisher_diagonal(module, split.forget, part=part)[0],
        _slow(module, split.forget, part),
    )
    assert fast.keys() == slow.keys()
    for name, expected in slow.items():
        assert fast[name].dtype == torch.float64
        torch.testing.assert_close(fast[name], expected, atol=1e-6, rtol=1e-4)
        assert float(expected.max()) > 0


def test_a_linear_module_by_hand():
    # Logits 0: softmax ½, so ∂ ln p/∂b = ±½ for every row and ∂ ln p/∂w = ±x/2.
    module = torch.nn.Linear(1, 2)
    torch.nn.init.zeros_(module.weight)
    torch.nn.init.zeros_(module.bias)
    x = np.array([[1.0], [3.0]], dtype=np.float32)
    rows = Rows(x=x, y=np.array([0, 1]), indices=np.arange(2))
    diagonal, usage = fisher_diagonal(module, rows)
    assert diagonal["bias"].tolist() == pytest.approx([0.25, 0.25])
    assert diagonal["weight"].flatten().tolist() == pytest.approx([(0.25 + 2.25) / 2] * 2)
    assert usage.circuits == 0
    # The square of the batch's mean gradient would be (½ - ½)² = 0 for the bias.


def test_it_does_not_depend_on_how_many_rows_are_taken_at_once(monkeypatch):
    module, rows = sequential(), iris_split().retain
    whole = fisher_diagonal(module, rows)[0]
    monkeypatch.setattr(fisher, "ROW_GRADIENTS_AT_ONCE", 4)
    for name, diagonal in fisher_diagonal(module, rows)[0].items():
        torch.testing.assert_close(diagonal, whole[name], rtol=1e-5, atol=1e-9)


def test_a_circuit_that_is_called_twice_for_a_row_is_counted_twice():
    class Twice(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = sequential()

        def forward(self, x):
            return self.inner(x) + self.inner(torch.cat([x, -x])).unflatten(0, (2, -1)).sum(0)

    rows = iris_split().forget
    _, usage = fisher_diagonal(Twice(), rows)
    _, once = fisher_diagonal(sequential(), rows)
    assert usage.forward_evaluations == usage.gradient_evaluations == 3 * len(rows)
    assert usage.circuits == 3 * once.circuits


def test_gradients_that_are_no_numbers_are_an_error():
    module = sequential()
    torch.nn.init.constant_(module[2].bias, float("inf"))
    with pytest.raises(NonFiniteError, match="the gradients of single rows by"):
        fisher_diagonal(module, iris_split().forget)


# One measurement basis; gate angles: 9 weights and 3 inputs of the basic model, 3 and 3 of the
# hybrid one; two circuits for each angle that must be differentiated. Nothing trainable stands in
# front of the basic model's circuit, and nothing in front of the hybrid's when only angles change.
@pytest.mark.parametrize(
    ("build", "part", "angles"),
    [
        (basic, "all", 9),
        (basic, "quantum", 9),
        (basic, "classical", 0),
        (hybrid, "all", 3 + 3),
        (hybrid, "quantum", 3),
        (hybrid, "classical", 3),
    ],
)
def test_cost_by_hand(build, part, angles):
    module, split = build(), iris_split()
    getattr(module, "fit_inputs", lambda _x: None)(split.train.x)
    rows = len(split.forget)
    with metered(module) as meter:
        usage = fisher_diagonal(module, split.forget, part=part)[1]
    assert usage.forward_evaluations == rows
    assert usage.gradient_evaluations == (rows if angles else 0)
    assert usage.circuits == rows * (1 + 2 * angles)
    assert usage.executions == 0
    assert meter.usage.circuits == 0  # what is returned must not be counted twice


@pytest.mark.parametrize("build", [basic, hybrid, sequential])
def test_cost_is_that_of_a_backward_pass_on_the_same_rows(build):
    module, split = build(), iris_split()
    getattr(module, "fit_inputs", lambda _x: None)(split.train.x)
    with metered(module) as meter:
        module(torch.tensor(split.forget.x)).sum().backward()
    assert fisher_diagonal(module, split.forget)[1] == meter.usage


class Quanvolution(torch.nn.Module):
    """The circuit runs on both pairs of the four values of a flower."""

    def __init__(self, *, stock: bool) -> None:
        super().__init__()
        self.front = torch.nn.Linear(4, 4)
        self.circuit = sequential(stock=stock)[1]
        self.head = torch.nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.circuit(self.front(x).reshape(-1, 2, 2)).flatten(1))


def test_a_stock_connector_that_is_given_patches():
    """Autograd through it would be wrong: Qiskit ML 0.9 mixes up the patches' input gradients."""
    stock, own = Quanvolution(stock=True), Quanvolution(stock=False)
    own.load_state_dict(stock.state_dict())
    rows = iris_split().forget.take([0, 1])
    diagonal = fisher_diagonal(stock, rows)[0]
    for name, expected in _slow(own, rows).items():
        torch.testing.assert_close(diagonal[name], expected, atol=1e-6, rtol=1e-4)


def test_a_layer_that_runs_several_times_for_a_row_costs_as_often():
    module, split = Quanvolution(stock=False), iris_split()
    rows = len(split.forget)
    usage = fisher_diagonal(module, split.forget)[1]
    with metered(module) as meter:
        module(torch.tensor(split.forget.x)).sum().backward()
    assert usage == meter.usage
    assert usage.forward_evaluations == usage.gradient_evaluations == 2 * rows
    assert observe(module, split.forget.x, split.forget.y).expectations.shape == (rows, 4)
    assert audit(module, split).rows[0]["acc_forget_train"] is not None


def test_rows_that_cannot_be_used_are_refused():
    with pytest.raises(InputError, match="x must not be empty"):
        fisher_diagonal(hybrid(), iris_split().forget.take([]))
    with pytest.raises(InputError, match="parameters must be one of"):
        fisher_diagonal(hybrid(), iris_split().forget, part="front")


def test_the_squared_error_of_a_linear_module_by_hand():
    """At w = b = 0 the loss is y², ∂/∂b = -2y and ∂/∂w = -2xy."""
    module = torch.nn.Linear(1, 1)
    torch.nn.init.zeros_(module.weight)
    torch.nn.init.zeros_(module.bias)
    x = np.array([[1.0], [3.0]], dtype=np.float32)
    rows = Rows(x=x, y=np.array([0.5, -1.0]), indices=np.arange(2))
    diagonal, _ = fisher_diagonal(module, rows)
    assert diagonal["bias"].item() == pytest.approx((1 + 4) / 2)
    assert diagonal["weight"].item() == pytest.approx((1 + 36) / 2)

    def cubic(model, x, y):
        return (model(x)[:, 0] - y) ** 3

    diagonal, _ = fisher_diagonal(module, rows, objective=cubic)  # ∂/∂b = 3y²
    assert diagonal["bias"].item() == pytest.approx((0.75**2 + 9) / 2)


class _Wave(torch.nn.Module):
    """f = cos(w + x), measured with shots."""

    def __init__(self, weight, shots):
        super().__init__()
        (w, x), circuit = ParameterVector("w", 2), QuantumCircuit(1)
        circuit.rx(x, 0)
        circuit.rx(w, 0)
        estimator = TorchEstimator(shots=shots, seed=3)
        network = EstimatorQNN(
            circuit=circuit,
            observables=SparsePauliOp("Z"),
            input_params=[x],
            weight_params=[w],
            estimator=estimator,
            gradient=TorchEstimatorGradient(estimator),
        )
        self.wave = TorchConnector(network, initial_weights=np.array([weight]))

    def forward(self, x):
        return self.wave(x)


@pytest.mark.parametrize(("shots", "weight"), [(1, 0.7), (4, 0.0)])
def test_shots_add_their_variance_to_squares_and_nothing_to_products(weight, shots):
    """The loss is f itself: g = -sin w, Var ĝ = [2 - 2 sin² w] / 4N; within 5 standard errors."""

    def output(module, x, _y):
        return module(x)[:, 0]

    rows = Rows(x=np.zeros((2000, 1), np.float32), y=np.zeros(2000), indices=np.arange(2000))
    objective = OwnObjective(output, predicts="nothing")
    module, g = _Wave(weight, shots), -np.sin(weight)
    variance = np.cos(weight) ** 2 / (2 * shots)
    (squared,) = fisher_diagonal(module, rows, objective=objective)[0].values()
    spread = 4 * g**2 * variance + 2 * variance**2  # (of normal noise, more than that of shots)
    assert float(squared) == pytest.approx(g**2 + variance, abs=5 * np.sqrt(spread / 2000))
    found = unbiased_fisher(module, rows, objective=objective)
    (product,), (error,) = found.diagonal.values(), found.error.values()
    known = np.sqrt((2 * g**2 * variance + variance**2) / 2000)
    assert float(error) == pytest.approx(known, rel=0.15)
    assert float(product) == pytest.approx(g**2, abs=5 * known)
    assert found.usage.gradient_evaluations == 4000


def test_exact_gradients_have_nothing_to_remove():
    rows = iris_split().forget
    found, (expected, _) = unbiased_fisher(sequential(), rows), fisher_diagonal(sequential(), rows)
    for name, value in found.diagonal.items():
        torch.testing.assert_close(value, expected[name])
    assert all(bool((value >= 0).all()) for value in found.at_least_zero().values())
    one = unbiased_fisher(sequential(), rows.take([0])).error
    assert all(bool(torch.isinf(value).all()) for value in one.values())
