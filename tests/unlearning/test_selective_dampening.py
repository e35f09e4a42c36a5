"""SSD: the formula on given Fisher diagonals, wrapped angles, and the search for α and λ."""

import math

import numpy as np
import pytest
import torch
from qiskit.circuit import Parameter, ParameterVector, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN
from tiny_models import basic, few_iris, hybrid, iris_split, sequential, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Usage
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.simulator import TorchEstimator, TorchEstimatorGradient
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import FisherEstimate, SelectiveDampening, UnchangedWarning
from qiskit_qmu.unlearning import selective_dampening as module
from qiskit_qmu.unlearning.selective_dampening import wrap_angles
from qiskit_qmu.unlearning.stopping import performance

FORGET = {"2.bias": [10.0, 10.0, 1.0], "1.weight": [6.0, 0.0, 2.0, 3.0]}
RETAIN = {"2.bias": [1.0, 5.0, 1.0], "1.weight": [0.0, 0.0, 1.0, 1.0]}


@pytest.fixture
def given_diagonals(monkeypatch):
    split = iris_split()

    def diagonal(network, rows, *, part, objective):
        values = FORGET if len(rows) == len(split.forget) else RETAIN
        return {
            name: torch.tensor(values.get(name, [0.0] * p.numel())).double().reshape(p.shape)
            for name, p in network.named_parameters()
        }, Usage()

    monkeypatch.setattr(module, "fisher_diagonal", diagonal)
    return split


def _factors(strategy, split):
    model = sequential()
    after = strategy(model, split, generator=None).model
    return {
        name: (new / old).detach()
        for (name, old), new in zip(model.named_parameters(), after.parameters(), strict=True)
    }


def test_the_formula_by_hand(given_diagonals):
    # α = 1.5, λ = 2. Bias: 10 > 1.5 → min(2·1/10, 1); 10 > 7.5 → min(2·5/10, 1); 1 < 1.5 → as it
    # is. Angles: 6 > 0 → 0; 0 is not above 0 → as it is; 2 > 1.5 → min(2/2, 1); 3 > 1.5 → 2/3.
    factors = _factors(SelectiveDampening(alpha=1.5, dampening=2.0), given_diagonals)
    assert factors["2.bias"].tolist() == pytest.approx([0.2, 1.0, 1.0])
    assert factors["1.weight"].tolist() == pytest.approx([0.0, 1.0, 1.0, 2 / 3])
    assert torch.equal(factors["0.weight"], torch.ones(2, 4))


def test_noise_of_shots_dampens_nothing_that_the_rows_do_not(monkeypatch):
    # α = 1, λ = 1. Importance of the forgotten rows 4, -1, 4; of the others 1, 1, -1 with the
    # errors 0.5, 0.5, 2: factors min(1/4, 1), as it is, min(2/4, 1).
    split = iris_split()

    def estimate(network, rows, *, part, objective):
        own, wide = ([4.0, -1.0, 4.0], 1.0) if len(rows) == len(split.forget) else (None, 0.5)
        values = {"2.bias": own or [1.0, 1.0, -1.0]}
        errors = {"2.bias": [wide, wide, 4 * wide]}
        diagonal, error = (
            {
                name: torch.tensor(each.get(name, [0.0] * p.numel())).double().reshape(p.shape)
                for name, p in network.named_parameters()
            }
            for each in (values, errors)
        )
        return FisherEstimate(diagonal=diagonal, error=error, usage=Usage())

    monkeypatch.setattr(module, "unbiased_fisher", estimate)
    strategy = SelectiveDampening(alpha=1.0, dampening=1.0, shot_noise="removed")
    assert _factors(strategy, split)["2.bias"].tolist() == pytest.approx([0.25, 1.0, 0.5])


def test_no_parameter_grows(given_diagonals):
    factors = _factors(SelectiveDampening(alpha=0.1, dampening=50.0), given_diagonals)
    assert max(float(factor.max()) for factor in factors.values()) <= 1.0


def test_against_all_rows_the_reference_is_the_diagonal_of_both(given_diagonals):
    split = given_diagonals
    share = len(split.forget) / (len(split.forget) + len(split.retain))
    reference = share * np.array(FORGET["2.bias"]) + (1 - share) * np.array(RETAIN["2.bias"])
    factors = _factors(SelectiveDampening(alpha=1.2, dampening=0.5, reference="all"), split)
    selected = np.array(FORGET["2.bias"]) > 1.2 * reference
    assert selected.tolist() == [True, True, False]
    expected = np.where(selected, 0.5 * reference / np.array(FORGET["2.bias"]), 1.0)
    assert factors["2.bias"].tolist() == pytest.approx(expected.tolist())


def test_the_share_that_was_dampened_is_told(given_diagonals):
    result = SelectiveDampening(alpha=1.5, dampening=2.0)(sequential(), given_diagonals)
    step = {"alpha": 1.5, "lambda": 2.0, "dampened_share": pytest.approx(5 / 23)}
    assert result.history == (step,)


def test_with_real_diagonals_it_is_the_formula_too():
    split, model = iris_split(), hybrid(seed=1)
    forget, _ = module.fisher_diagonal(model, split.forget)
    retain, _ = module.fisher_diagonal(model, split.retain)
    after = SelectiveDampening(alpha=1.0, dampening=0.5)(model, split).model
    for name, parameter in model.named_parameters():
        ratio = retain[name] / forget[name].clamp_min(1e-38)
        expected = torch.where(forget[name] > retain[name], (0.5 * ratio).clamp(max=1.0), 1.0)
        torch.testing.assert_close(
            after.get_parameter(name), parameter * expected.float(), atol=1e-7, rtol=1e-5
        )


@pytest.mark.parametrize("kind", ["class", "instances"])
def test_cost_by_hand(kind):
    split, model = iris_split(kind), basic()
    model.fit_inputs(split.train.x)
    rows = len(split.forget) + len(split.retain)
    fixed = SelectiveDampening(alpha=1.0, dampening=1.0)(model, split).usage
    assert fixed.gradient_evaluations == fixed.forward_evaluations == rows
    assert fixed.circuits == rows * (1 + 2 * 9)
    # Four strengths: of each, one pass over the forgotten and one over the validation rows.
    validation = split.validation
    kept = int((validation.y != split.label).sum())
    searched = SelectiveDampening(alpha=1.0)(model, split).usage
    more = 4 * (len(split.forget) + kept) + (len(validation) if kind == "instances" else 0)
    assert searched.gradient_evaluations == rows
    assert searched.forward_evaluations == rows + more


@pytest.mark.parametrize("kind", ["class", "instances"])
def test_the_search_takes_the_mildest_choice_that_forgets_and_keeps_most(kind):
    """A class by accuracy, single rows by loss among choices that keep the accuracy."""
    split, model = iris_split(kind), hybrid(seed=1)
    Trainer(epochs=25, batch_size=8, learning_rate=0.02).fit(
        model, split.train.x, split.train.y, generator=0
    )
    result = SelectiveDampening()(model, split)
    assert len(result.history) == 11 * 4
    if kind == "class":
        merits = [s["kept_accuracy"] - max(0, s["forget_accuracy"] - 0.01) for s in result.history]
    else:
        target = performance(model, split.validation).loss
        merits = [-s["kept_loss"] - max(0, target - s["forget_loss"]) for s in result.history]
        least = performance(model, split.validation).accuracy - 0.01
        merits = [
            merit if s["kept_accuracy"] >= least else -math.inf
            for s, merit in zip(result.history, merits, strict=True)
        ]
        assert merits.count(-math.inf) > 1
    best = [s for s, merit in zip(result.history, merits, strict=True) if merit == max(merits)]
    mildest = min(best, key=lambda step: step["dampened_share"])
    fixed = SelectiveDampening(alpha=mildest["alpha"], dampening=mildest["lambda"])(model, split)
    for name, tensor in weights_of(fixed.model).items():
        assert torch.equal(tensor, weights_of(result.model)[name]), name


def test_validation_rows_of_the_forgotten_class_alone_are_no_measure_of_what_is_kept():
    ds = few_iris()
    labels = ds.y_train
    validation = np.flatnonzero(labels == 1)[:2]
    rest = np.setdiff1d(np.arange(len(labels)), validation)
    train = ds.train
    split = ForgetSplit(
        kind="class",
        label=1,
        num_classes=3,
        forget=train.take(rest[labels[rest] == 1]),
        retain=train.take(rest[labels[rest] != 1]),
        validation=train.take(validation),
        test_forget=ds.test.take([]),
        test_retain=ds.test,
    )
    result = SelectiveDampening(alpha=1.0)(hybrid(), split)
    assert all("kept_accuracy" in step for step in result.history)


def _mixed_connector():
    """Angles that repeat after 2π, after 4π (controlled), in an expression, and used twice."""
    w, x = ParameterVector("w", 6), ParameterVector("x", 2)
    circuit = QuantumCircuit(2)
    circuit.ry(x[0], 0)
    circuit.ry(x[1], 1)
    circuit.rx(w[0], 0)
    circuit.rz(w[1], 0)
    circuit.crx(w[2], 0, 1)
    circuit.ry(w[3] / 2, 1)
    circuit.ry(w[4], 0)
    circuit.crz(w[4], 1, 0)
    circuit.p(w[5], 1)
    circuit.cx(0, 1)
    circuit.ry(0.4, 0)
    circuit.ry(0.3, 1)
    estimator = TorchEstimator()
    network = EstimatorQNN(
        circuit=circuit,
        observables=[SparsePauliOp("IZ"), SparsePauliOp("ZX")],
        input_params=list(x),
        weight_params=list(w),
        estimator=estimator,
        gradient=TorchEstimatorGradient(estimator),
        default_precision=0.0,
    )
    return TorchConnector(network, np.array([7.0, -4.0, 9.0, 5.0, -8.0, 3.5]))


def test_wrapping_goes_by_whole_periods_and_leaves_outputs_as_they_are():
    connector = _mixed_connector()
    x = torch.tensor([[0.3, 1.1], [2.0, -0.7]])
    with torch.no_grad():
        before, angles = connector(x), connector.weight.clone()
        wrap_angles(connector)
        torch.testing.assert_close(connector(x), before, atol=1e-5, rtol=1e-5)
    # A controlled rotation, and one by half an angle, repeat after two turns.
    wrapped = angles - 2 * math.pi * torch.tensor([1.0, -1.0, 2.0, 0.0, -2.0, 1.0])
    torch.testing.assert_close(connector.weight.detach(), wrapped)


def test_wrapping_leaves_outputs_of_our_models_as_they_are(generator):
    for readout in ("expectation", "probabilities"):
        model = basic(rotations=("rx", "ry", "rz"), readout=readout)
        x = torch.tensor(generator.normal(size=(5, 3)), dtype=torch.float32)
        with torch.no_grad():
            model.quantum.weight += torch.tensor(
                generator.uniform(-20, 20, len(model.quantum.weight)), dtype=torch.float32
            )
            before = model(x)
            wrap_angles(model)
            torch.testing.assert_close(model(x), before, atol=1e-5, rtol=1e-4)
            assert float(model.quantum.weight.abs().max()) <= math.pi


def test_a_gate_is_no_rotation_because_it_is_called_one():
    weight = Parameter("w")
    own = QuantumCircuit(2, name="rx")
    own.crx(weight, 0, 1)  # of period 4π
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.append(own.to_gate(), [0, 1])
    network = EstimatorQNN(
        circuit=circuit,
        observables=SparsePauliOp("IX"),
        weight_params=[weight],
        estimator=TorchEstimator(),
        default_precision=0.0,
    )
    connector = TorchConnector(network, np.array([7.0]))
    wrap_angles(connector)
    assert connector.weight.item() == pytest.approx(7 - 4 * math.pi, abs=1e-5)


def test_angles_within_half_a_turn_are_not_even_rounded(generator):
    model = basic()
    with torch.no_grad():
        model.quantum.weight.uniform_(-3, 3, generator=torch.Generator().manual_seed(1))
    before = weights_of(model)
    wrap_angles(model)
    assert torch.equal(before["quantum.weight"], model.quantum.weight)


def test_angles_are_not_wrapped_where_they_must_not_change():
    model = basic()
    model.fit_inputs(iris_split().train.x)
    with torch.no_grad():
        model.quantum.weight += 7
    before = weights_of(model)
    after = SelectiveDampening(alpha=1.0, dampening=0.5, parameters="classical")(
        model, iris_split()
    )
    assert torch.equal(before["quantum.weight"], after.model.quantum.weight)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": -1.0}, "alpha must be positive, got -1.0"),
        ({"dampening": 0.0}, "dampening must be positive, got 0.0"),
        ({"dampening": "strong"}, "dampening must be a number, got 'strong'"),
        ({"reference": "test"}, "reference must be one of retain, all; got 'test'"),
    ],
)
def test_bad_hyperparameters_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        SelectiveDampening(**options)


def test_dampening_towards_initial_weights_goes_the_short_way(given_diagonals):
    """θ ← θ₀ + β (θ − θ₀), by the equivalent of θ that is nearest to θ₀."""
    model = sequential()
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([3.0, 0.5, 0.5, -3.0]))
    Trainer(epochs=1, learning_rate=1e-9).fit(
        model, given_diagonals.train.x, given_diagonals.train.y, generator=0
    )
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([3.0, 0.5, 1.5, 3.0]))
    strategy = SelectiveDampening(alpha=1.5, dampening=1.0, towards="initial")
    after = strategy(model, given_diagonals).model[1].weight.detach()
    # Ratios 6/0, 0/0, 2/1, 3/1: the last goes from 3 - 2π = -3.283 a third of the way past -3.
    expected = [3.0, 0.5, 0.5 + 1.0 / 2, -3.0 + (6.0 - 2 * math.pi) / 3]
    torch.testing.assert_close(after, torch.tensor(expected), atol=1e-5, rtol=0)
    with pytest.raises(InputError, match="the initial weights of the model are not known"):
        strategy(sequential(), given_diagonals)


@pytest.mark.parametrize(
    ("ratio", "largest", "reason"),
    [
        (200.0, 300.0, "the best one dampens nothing"),
        (1e7, 100_000.0, "loses more than a hundredth of the validation accuracy"),
    ],
)
def test_single_rows_are_not_forgotten_at_the_price_of_the_accuracy(
    monkeypatch, ratio, largest, reason
):
    """Every parameter is so specific to the rows that most choices dampen all of them."""
    split, model = iris_split("instances"), hybrid(seed=1)
    Trainer(epochs=25, batch_size=8, learning_rate=0.02).fit(
        model, split.train.x, split.train.y, generator=0
    )
    importance = iter((ratio, 1.0))

    def diagonal(network, _rows, **_options):
        value = next(importance)
        named = dict(network.named_parameters())
        return {name: torch.full_like(p, value).double() for name, p in named.items()}, Usage()

    monkeypatch.setattr(module, "fisher_diagonal", diagonal)
    with pytest.warns(UnchangedWarning):
        result = SelectiveDampening()(model, split)
    assert (result.stopped, result.history[-1]["alpha"]) == ("nothing selected", largest)
    assert reason in result.reason
    for name, tensor in weights_of(model).items():
        assert torch.equal(tensor, weights_of(result.model)[name]), name
