"""Circuits whose outputs no training can change run once for each row."""

import pytest
import torch
from tiny_models import basic, hybrid, iris_split, sequential

from qiskit_qmu.backends import metered, open_backend
from qiskit_qmu.models import kept_outputs
from qiskit_qmu.unlearning import FineTuneLastLayers, GradientAscent, RetrainLastLayers

SPLIT = iris_split()
X = torch.tensor(SPLIT.train.x)


def _frozen_but_head():
    model = hybrid().eval()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("head"))
    return model


def test_rows_are_run_once_and_give_the_same_outputs_and_gradients():
    model = _frozen_but_head()
    expected = model(X[:9])
    expected.sum().backward()
    slope, model.head.weight.grad = model.head.weight.grad, None
    with metered(model) as meter, kept_outputs(model, X[:1]):
        first, again = model(X[:9]), model(X[[8, 2, 10]])
        first.sum().backward()
    torch.testing.assert_close(first, expected)
    torch.testing.assert_close(model.head.weight.grad, slope)
    assert torch.equal(again[1], first[2])
    assert (meter.usage.forward_evaluations, meter.usage.gradient_evaluations) == (10, 0)
    with metered(model) as meter:
        model(X[:9])
    assert meter.usage.forward_evaluations == 9


@pytest.mark.parametrize("trained", ["front.0.weight", "quantum.weight"])
def test_circuits_that_training_changes_always_run(trained):
    model = _frozen_but_head()
    model.get_parameter(trained).requires_grad_(True)
    with metered(model) as meter, kept_outputs(model, X[:1]):
        model(X[:3]), model(X[:3])
    assert meter.usage.forward_evaluations == 6


def test_a_circuit_that_runs_twice_for_a_row_always_runs():
    inner = sequential()[1]
    model = torch.nn.Sequential(torch.nn.Linear(4, 2), inner, inner, torch.nn.Linear(2, 3))
    model.requires_grad_(False)
    with metered(model) as meter, kept_outputs(model, X[:1]):
        model(X[:3]), model(X[:3])
    assert meter.usage.forward_evaluations == 12


@pytest.mark.parametrize(
    "strategy",
    [
        FineTuneLastLayers(epochs=7),
        RetrainLastLayers(epochs=7),
        GradientAscent(max_epochs=3, parameters="classical", confidence_threshold=0.0),
    ],
)
def test_a_head_that_trains_alone_costs_one_pass_of_circuits(strategy):
    """With shots, each row is measured once."""
    model = basic(num_layers=1, backend=open_backend("exact", shots=30))
    model.fit_inputs(SPLIT.train.x)
    usage = strategy(model, SPLIT, generator=0).usage
    rows = SPLIT.forget if isinstance(strategy, GradientAscent) else SPLIT.retain
    distinct = len({row.tobytes() for row in rows.x})
    assert usage.forward_evaluations == usage.circuits == distinct
    assert (usage.gradient_evaluations, usage.executions) == (0, 30 * distinct)
