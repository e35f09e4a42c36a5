"""The null of the oracles, beside SciPy's two-sample test with one model in the first sample."""

import numpy as np
import pytest
import scipy

from qiskit_qmu.auditing.traces import null_of_oracles, p_value_above
from qiskit_qmu.metrics import Interval, binomial_interval


def test_the_p_value_is_that_of_a_two_sample_t_test(generator):
    oracles = generator.normal(0.7, 0.05, 5)
    expected = scipy.stats.ttest_ind([0.8], oracles, alternative="greater").pvalue
    assert p_value_above(0.8, list(map(Interval, oracles))) == pytest.approx(expected, rel=1e-12)


def test_a_value_at_the_upper_limit_has_half_of_the_two_sided_level(generator):
    oracles = [Interval(value) for value in generator.normal(size=4)]
    null = null_of_oracles(oracles)
    assert p_value_above(null.high, oracles) == pytest.approx(0.025)
    assert null.value == pytest.approx(np.mean([each.value for each in oracles]))


def test_oracles_that_agree_vary_at_least_as_their_rows():
    oracles = [binomial_interval(5, 20)] * 4
    null = null_of_oracles(oracles, minimum=0.0, maximum=1.0)
    assert null.low < oracles[0].low
    assert null.high > oracles[0].high
    assert p_value_above(0.3, oracles) > 0.2


def test_nothing_is_claimed_without_oracles_or_spread():
    assert not null_of_oracles([]).known
    assert null_of_oracles([Interval(0.4, 0.3, 0.5)]) == Interval(0.4, 0.3, 0.5)
    assert p_value_above(1.0, [Interval(0.4)]) is None
    assert p_value_above(1.0, [Interval(0.4), Interval(0.4)]) is None
