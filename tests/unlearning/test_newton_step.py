"""The Newton step against dense linear algebra and a least-squares problem solved exactly."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_models import StockClassifier, basic, iris_split, point_split

from qiskit_qmu._check import InputError
from qiskit_qmu.data import Rows
from qiskit_qmu.unlearning import NewtonStep


def _rows(split, part):
    own = getattr(split, part)
    return own.x, own.x @ np.arange(1.0, 5.0) + np.sin(7.0 * own.indices)


def _regression(split):
    """The same rows, with values to predict."""

    def rows(part):
        x, y = _rows(split, part)
        return Rows(x=x, y=y, indices=getattr(split, part).indices)

    return replace(split, forget=rows("forget"), retain=rows("retain"))


def test_least_squares_are_unlearned_exactly():
    """For a quadratic loss one full step from the optimum is retraining without the rows."""
    split = _regression(iris_split("instances"))
    model = torch.nn.Linear(4, 1, bias=False).double()
    pairs = [_pair(split, part) for part in ("forget", "retain")]
    every = [np.concatenate(both) for both in zip(*pairs, strict=True)]
    with torch.no_grad():
        model.weight.copy_(torch.tensor(np.linalg.lstsq(*every, rcond=None)[0])[None])
    expected = np.linalg.lstsq(*_pair(split, "retain"), rcond=None)[0]
    for gradient in ("forgotten", "retained"):
        step = NewtonStep(gradient=gradient, damping=1e-9, max_iterations=30)
        found = step(model, split).model.weight.detach().numpy()[0]
        assert np.abs(model.weight.detach().numpy()[0] - expected).max() > 1e-3
        np.testing.assert_allclose(found, expected, atol=2e-4)


def _pair(split, part):
    rows = getattr(split, part)
    return rows.x.astype(np.float64), rows.y


def test_the_step_of_a_circuit_solves_the_dense_system():
    model, split = basic(seed=3, num_layers=1).double(), iris_split("instances")
    model.fit_inputs(split.train.x)
    result = NewtonStep(damping=5.0, max_iterations=60)(model, split)
    names = [name for name, _ in model.named_parameters()]
    sizes = [p.numel() for p in model.parameters()]

    def loss(vector, rows):
        parts = vector.split(sizes)
        weights = {
            n: v.reshape(model.get_parameter(n).shape) for n, v in zip(names, parts, strict=True)
        }
        x, y = torch.tensor(rows.x).double(), torch.tensor(rows.y)
        logits = torch.func.functional_call(model, weights, (x,))
        return torch.nn.functional.cross_entropy(logits, y)

    start = torch.cat([p.detach().flatten() for p in model.parameters()])
    hessian = torch.autograd.functional.hessian(lambda v: loss(v, split.retain), start)
    gradient = torch.autograd.functional.jacobian(lambda v: loss(v, split.forget), start)
    share = len(split.forget) / len(split.retain)
    expected = torch.linalg.solve(hessian + 5.0 * torch.eye(len(start)), share * gradient)
    moved = torch.cat([p.detach().flatten() for p in result.model.parameters()]) - start
    torch.testing.assert_close(moved, expected, atol=1e-5, rtol=5e-3)


def test_circuits_without_second_derivatives_are_refused():
    with pytest.raises(InputError, match="NewtonStep needs second derivatives"):
        NewtonStep()(StockClassifier(), point_split())
