"""P-values from intervals against SciPy's tests."""

from functools import partial

import pytest
from scipy import stats

from qiskit_qmu.metrics import Interval, auroc_interval, interval_p_value, mean_interval


def test_p_values_are_those_of_the_tests_behind_the_intervals(generator):
    values, others = generator.normal(0.3, 1, 40), generator.normal(0, 1, 30)
    expected = stats.ttest_1samp(values, 0.0).pvalue
    assert interval_p_value(partial(mean_interval, values), 0.0) == pytest.approx(expected)
    expected = stats.brunnermunzel(values, others).pvalue
    found = interval_p_value(partial(auroc_interval, values, others), 0.5)
    assert found == pytest.approx(expected, rel=1e-6)


def test_without_limits_nothing_is_rejected():
    assert interval_p_value(partial(mean_interval, [0.9]), 0.5) == 1.0
    assert interval_p_value(lambda level: Interval(0.9, 0.8, 1.0, level), 0.5) < 1e-9
