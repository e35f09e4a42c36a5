"""Label-free dampening of a linear model by hand, and that it reads no label."""

from dataclasses import replace

import numpy as np
import torch
from tiny_models import hybrid, iris_split, same_weights, weights_of

from qiskit_qmu.data import ForgetSplit, dataset_from_arrays
from qiskit_qmu.unlearning import LabelFreeDampening


def test_a_linear_model_by_hand():
    """‖wx‖² has the gradient 2 w x_i x_i by w_i: the ratio of a weight is that of mean |x_i|."""
    x = np.array([[1.0, 4.0], [1.0, 1.0]], dtype=np.float32)
    split = ForgetSplit.by_indices(dataset_from_arrays(x, [0, 1], x, [0, 1]), [0])
    model = torch.nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 1.0]]))
    result = LabelFreeDampening(alpha=4.0, dampening=0.5)(model, split)
    # |∂| = 2 |w·x| |x_i|: forgotten 10·1 and 10·4, retained 4·1 and 4·1: ratios 2.5 and 10.
    torch.testing.assert_close(result.model.weight.detach(), torch.tensor([[1.0, 0.5 * 4 / 40]]))
    assert result.history[0]["dampened_share"] == 0.5


def test_labels_are_not_read():
    split, model = iris_split(), hybrid(seed=1)
    wrong = {p: getattr(split, p) for p in ("forget", "retain")}
    wrong = {part: replace(rows, y=rows.y[::-1].copy() * 0) for part, rows in wrong.items()}
    first = LabelFreeDampening()(model, split).model
    second = LabelFreeDampening()(model, replace(split, **wrong)).model
    assert same_weights(weights_of(first), weights_of(second))
