"""Permutation p-values against SciPy's permutation test."""

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import permutation_p_value, permutation_p_values


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_the_p_value_is_scipys(generator, alternative):
    first, second = generator.normal(0.5, 1, 12), generator.normal(0, 1, 15)
    expected = stats.permutation_test(
        (first, second),
        lambda a, b: a.mean() - b.mean(),
        n_resamples=200,
        alternative=alternative,
        random_state=np.random.default_rng(1),
    )
    own = permutation_p_value(
        float(expected.statistic), expected.null_distribution, alternative=alternative
    )
    assert own == pytest.approx(expected.pvalue)


def test_it_is_never_zero_and_equal_arrangements_count():
    assert permutation_p_value(9.0, np.zeros(99)) == 0.01
    assert permutation_p_value(0.3, [0.1 + 0.2]) == permutation_p_value(0.1 + 0.2, [0.3]) == 1.0


def test_rows_are_tested_one_by_one(generator):
    observed, permuted = generator.normal(size=3), generator.normal(size=(20, 3))
    expected = [permutation_p_value(o, p) for o, p in zip(observed, permuted.T, strict=True)]
    np.testing.assert_array_equal(permutation_p_values(observed, permuted), expected)


@pytest.mark.parametrize(
    ("permuted", "message"),
    [([], "permuted must not be empty"), ([np.inf], "finite"), ([[1.0]], "one-dimensional")],
)
def test_unusable_statistics_are_refused(permuted, message):
    with pytest.raises(InputError, match=message):
        permutation_p_value(1.0, permuted)
    with pytest.raises(InputError, match="alternative must be one of greater, less, two-sided"):
        permutation_p_value(1.0, [1.0], alternative="more")
