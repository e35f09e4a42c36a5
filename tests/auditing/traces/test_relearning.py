"""Relearning trains copies only, and finds a head start where nothing was unlearned."""

import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from tiny_models import points, same_weights, sequential, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing.traces import relearning
from qiskit_qmu.data import ForgetSplit, dataset_from_arrays
from qiskit_qmu.models import clone_module, reinitialize
from qiskit_qmu.training import Trainer

TRAINER = Trainer(epochs=40, batch_size=32, learning_rate=0.05, patience=3)


@cache
def _blobs():
    """Three classes of points on a line, the second between the others, and a task without it."""
    labels, generator = np.arange(120) % 3, np.random.default_rng(0)
    x, x_test = generator.normal(2.0 * labels, 0.4, (2, 120))[:, :, None] - 2.0
    return ForgetSplit.by_class(dataset_from_arrays(x, labels, x_test, labels), 1)


@cache
def _trained(seed, *, retrained=True):
    split = _blobs()
    rows = split.retain if retrained else split.train
    model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    reinitialize(model, np.random.default_rng(seed))
    replace(TRAINER, patience=None).fit(model, rows.x, rows.y, generator=seed)
    return model


def test_a_class_that_is_still_known_has_a_head_start_and_a_retrained_model_has_none():
    oracles = [_trained(seed) for seed in range(4)]
    known, new = (
        relearning(each, _blobs(), oracles, trainer=TRAINER, orders=2, steps=20)
        for each in (_trained(9, retrained=False), _trained(8))
    )
    assert known.value.low > known.null.high > 0
    assert known.p_value < 0.05
    assert ": a head start." in known.reading
    assert new.p_value > 0.05
    assert new.null == known.null


def test_a_suppressed_logit_does_not_hide_it():
    model = _trained(9, retrained=False)
    suppressed = copy.deepcopy(model)
    with torch.no_grad():
        suppressed[2].bias[1] -= 50.0
    values = [
        relearning(each, _blobs(), [_trained(0)], trainer=TRAINER, orders=1, steps=8).value.value
        for each in (model, suppressed)
    ]
    assert values[1] == pytest.approx(values[0], abs=1e-3)


def test_models_are_not_changed():
    class Normalised(torch.nn.Module):
        """Batch normalisation and dropout before a circuit."""

        def __init__(self):
            super().__init__()
            self.norm, self.drop = torch.nn.BatchNorm1d(2), torch.nn.Dropout(0.5)
            self.rest = sequential(num_features=2, num_classes=2)

        def forward(self, x):
            return self.rest(self.drop(self.norm(x)))

    model = Normalised().train()
    model.norm(torch.ones(4, 2) * 3)  # statistics that training would change
    oracle = copy.deepcopy(model).eval()
    split = ForgetSplit.by_indices(points(24), range(11))
    before, hooks, state = weights_of(model), len(model._forward_hooks), torch.get_rng_state()
    found = [relearning(model, split, [oracle], trainer=Trainer(), orders=1, steps=6) for _ in "ab"]
    assert same_weights(before, weights_of(model))
    assert same_weights(before, weights_of(oracle))
    assert all(parameter.grad is None for parameter in model.parameters())
    assert (model.training, oracle.training) == (True, False)
    assert len(model._forward_hooks) == hooks
    assert torch.equal(torch.get_rng_state(), state)
    assert found[0] == found[1]


def test_rows_are_compared_with_never_seen_rows_of_their_classes():
    split = ForgetSplit.by_indices(points(40), range(16))
    model = sequential(2, 2)
    oracle = clone_module(model)
    with torch.no_grad():
        oracle[2].bias -= 1.0  # of all classes: the same answers
    found = relearning(model, split, [oracle], trainer=TRAINER, orders=1, steps=8)
    assert found.value.value == pytest.approx(0.0, abs=1e-5)
    assert not found.null.known
    assert found.p_value is None
    assert "With one oracle, nothing is known" in found.reading
    assert np.isfinite(found.value.low)


def test_too_few_rows_are_refused():
    split = ForgetSplit.by_indices(points(), [0, 1])
    with pytest.raises(InputError, match="at least 8 forgotten rows"):
        relearning(sequential(2, 2), split, [sequential(2, 2)], trainer=TRAINER)
