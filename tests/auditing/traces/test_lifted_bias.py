"""A lifted bias finds a class whose logit was suppressed, and nothing in retrained models."""

import numpy as np
import pytest
from table_models import ROWS, Table, class_split, knowing, labels, row_split

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import observe_split
from qiskit_qmu.auditing.traces import lifted_bias

FORGOTTEN = 1


def _observed(logits):
    return observe_split(Table(logits), class_split())


def _original():
    return knowing(5.0) + np.random.default_rng(0).normal(size=(2 * ROWS, 3))


def _retrained(seed):
    """Rows of the forgotten class are answered as those of class 0, and its logit says nothing."""
    logits = _original()
    logits[labels() == FORGOTTEN, 0] += 5.0
    logits[:, FORGOTTEN] = np.random.default_rng(seed).normal(-3.0, 0.5, 2 * ROWS)
    return logits


def _suppressed():
    logits = _original()
    logits[:, FORGOTTEN] -= 1000
    return logits


def test_a_suppressed_class_has_the_recall_of_the_original():
    oracles = [_observed(_retrained(seed)) for seed in range(1, 5)]
    observed = _observed(_suppressed())
    assert observed.test_forget.accuracy == 0.0
    found = lifted_bias(observed, oracles)
    assert found.value == lifted_bias(_observed(_original()), oracles).value
    assert found.value.value > 0.8
    assert found.value.low > found.null.high
    assert found.p_value < 0.001
    assert "still inside" in found.reading


def test_a_retrained_model_is_not_found():
    oracles = [_observed(_retrained(seed)) for seed in range(1, 5)]
    found = lifted_bias(_observed(_retrained(5)), oracles)
    assert found.value.value < 0.1
    assert found.p_value > 0.05
    assert "no more than retrained models" in found.reading


def test_a_destroyed_model_recovers_nothing():
    assert lifted_bias(_observed(np.zeros((2 * ROWS, 3)))).value.value == 0.0


def test_the_constant_costs_at_most_what_is_tolerated():
    # 80 retained rows lie 1, 2, ... 80 above the class, whose own rows lie 2.5 or 90 above it.
    logits = np.zeros((2 * ROWS, 3))
    logits[class_split().retain.indices, 0] = np.arange(1, 81)
    unseen = ROWS + class_split().test_forget.indices
    logits[unseen, 0] = np.where(np.arange(40) < 10, 0.5, 90.0)
    found = lifted_bias(_observed(logits), tolerated=0.0)  # at most 1 + a few, never 90
    assert found.value.value == 0.25
    assert lifted_bias(_observed(logits), tolerated=1.0).value.value == 0.25
    assert "There is no retrained model" in found.reading


def test_several_forgotten_classes_are_refused():
    observed = observe_split(Table(knowing(2.0)), row_split())
    with pytest.raises(InputError, match="one forgotten class, but the rows have 3 classes"):
        lifted_bias(observed)
