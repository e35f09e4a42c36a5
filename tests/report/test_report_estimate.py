import math

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu.report.estimate import MISSING, Estimate, difference, mean_estimate


def wilson(successes, trials):
    interval = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    return Estimate(value=successes / trials, low=interval.low, high=interval.high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 873-890, Table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_difference_of_wilson_intervals_is_newcombes_method_ten(first, second, low, high):
    gap = difference(wilson(*first), wilson(*second))
    assert gap.value == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert gap.low == pytest.approx(low, abs=5e-5)
    assert gap.high == pytest.approx(high, abs=5e-5)


def test_difference_without_an_interval_keeps_its_value():
    gap = difference(Estimate(value=0.5, low=0.4, high=0.6), Estimate(value=0.2))
    assert gap.value == pytest.approx(0.3)
    assert not gap.has_interval


def test_difference_from_something_missing_is_missing():
    assert not difference(Estimate(value=0.5), MISSING).known


def test_mean_is_a_t_interval():
    values = [0.5, 0.6, 0.75]
    mean = mean_estimate(values, low=0.0, high=1.0)
    expected = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    assert mean.value == pytest.approx(np.mean(values))
    assert (mean.low, mean.high) == pytest.approx(expected)


def test_mean_stays_where_it_can_be():
    mean = mean_estimate([0.0, 0.1], low=0.0, high=1.0)
    assert mean.low == 0.0
    assert mean.high > 0.1


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [0.3, 0.1 + 0.2, 0.3]])
def test_seeds_that_all_agree_show_no_spread(values):
    assert not mean_estimate(values, low=0.0, high=1.0).has_interval


def test_spread_is_the_longer_arm():
    assert Estimate(value=0.0, low=0.0, high=0.04).spread == pytest.approx(0.04)
    assert Estimate(value=0.5, low=0.3, high=0.6).spread == pytest.approx(0.2)
    assert math.isnan(Estimate(value=0.5).spread)


def test_excludes_needs_an_interval():
    assert Estimate(value=0.2, low=0.1, high=0.3).excludes(0.0)
    assert not Estimate(value=0.2, low=-0.1, high=0.3).excludes(0.0)
    assert not Estimate(value=0.2).excludes(0.0)
