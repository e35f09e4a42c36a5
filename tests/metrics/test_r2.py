"""R² against scikit-learn, and its limits by simulation."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import r2_interval


@pytest.mark.parametrize("shape", [(40,), (40, 3)])
def test_r2_is_scikit_learns(shape, generator):
    targets = generator.normal(size=shape)
    predictions = targets + 0.7 * generator.normal(size=shape)
    expected = r2_score(targets, predictions, multioutput="variance_weighted")
    interval = r2_interval(targets, predictions)
    assert interval.value == pytest.approx(expected)
    assert interval.low < interval.value < interval.high <= 1


def test_the_mean_explains_nothing_and_a_perfect_prediction_all():
    targets = np.arange(10.0)
    assert r2_interval(targets, np.full(10, targets.mean())).value == pytest.approx(0.0)
    assert r2_interval(targets, targets).value == 1.0
    assert not r2_interval(targets, targets).has_limits
    assert not r2_interval(np.ones(5), np.arange(5.0)).known
    assert not r2_interval([1.0], [2.0]).known


def test_limits_hold_the_true_value():
    """Predictions s of s + e have R² = var(s)/(var(s) + var(e)) = ½ in the long run.

    Measured coverage is 94.4 %; of 400, fewer than 90.5 % have a probability below 0.1 %.
    """
    generator, held = np.random.default_rng(0), 0
    for _ in range(400):
        signal = generator.normal(size=60)
        held += 0.5 in r2_interval(signal + generator.normal(size=60), signal)
    assert held / 400 >= 0.905


@pytest.mark.parametrize(
    ("targets", "predictions", "message"),
    [
        ([1.0, 2.0], [1.0], r"same shape, \(n,\) or \(n, values\); got \(2,\) and \(1,\)"),
        ([1.0, np.nan], [1.0, 2.0], "targets must be finite"),
    ],
)
def test_unusable_values_are_refused(targets, predictions, message):
    with pytest.raises(InputError, match=message):
        r2_interval(targets, predictions)
