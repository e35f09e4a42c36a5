"""Equivalence as two one-sided tests, and its error rate."""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import (
    UNKNOWN,
    Interval,
    auroc_interval,
    equivalence_p_value,
    is_equivalent,
    mean_interval,
    worst_distance,
)


def test_the_p_value_is_the_larger_of_two_t_tests(generator):
    values = generator.normal(0.51, 0.02, 12)
    below = stats.ttest_1samp(values, 0.53, alternative="less").pvalue
    above = stats.ttest_1samp(values, 0.47, alternative="greater").pvalue
    own = equivalence_p_value(partial(mean_interval, values), margin=0.03)
    assert own == pytest.approx(max(below, above), rel=1e-6)


def test_not_significant_is_not_equivalent():
    assert not is_equivalent(Interval(0.5, 0.44, 0.56), margin=0.05)
    assert is_equivalent(Interval(0.52, 0.5, 0.55), margin=0.0500001)
    assert not is_equivalent(UNKNOWN, margin=0.4)
    assert worst_distance(Interval(0.3, 0.2, 0.6)) == pytest.approx(0.3)
    assert equivalence_p_value(partial(auroc_interval, [2.0] * 9, [1.0] * 9), margin=0.1) == 1.0
    with pytest.raises(InputError, match="margin must be positive"):
        is_equivalent(Interval(0.5, 0.4, 0.6), margin=0)


@pytest.mark.slow
def test_a_leak_at_the_margin_is_rarely_called_equivalent():
    """At an AUC of ½ + margin the error is 2.5 %; 800 draws, ± 3.5 standard deviations."""
    generator, margin = np.random.default_rng(0), 0.08
    shift = np.sqrt(2) * stats.norm.ppf(0.5 + margin)
    wrong = [
        is_equivalent(
            auroc_interval(generator.normal(shift, 1, 300), generator.normal(0, 1, 500)),
            margin=margin,
        )
        for _ in range(800)
    ]
    assert np.mean(wrong) <= 0.025 + 3.5 * np.sqrt(0.025 * 0.975 / 800)
