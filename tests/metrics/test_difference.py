"""Differences of intervals against published values, and what an interval knows of itself."""

import math

import pytest
from scipy import stats

from qiskit_qmu.metrics import UNKNOWN, Interval, difference_interval


def wilson(successes, trials):
    interval = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    return Interval(value=successes / trials, low=interval.low, high=interval.high)


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
    gap = difference_interval(wilson(*first), wilson(*second))
    assert gap.value == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert gap.low == pytest.approx(low, abs=5e-5)
    assert gap.high == pytest.approx(high, abs=5e-5)


def test_difference_without_an_interval_keeps_its_value():
    gap = difference_interval(Interval(value=0.5, low=0.4, high=0.6), Interval(value=0.2))
    assert gap.value == pytest.approx(0.3)
    assert not gap.has_limits


def test_difference_from_something_missing_is_missing():
    assert not difference_interval(Interval(value=0.5), UNKNOWN).known


def test_spread_is_the_longer_arm():
    assert Interval(value=0.0, low=0.0, high=0.04).spread == pytest.approx(0.04)
    assert Interval(value=0.5, low=0.3, high=0.6).spread == pytest.approx(0.2)
    assert math.isnan(Interval(value=0.5).spread)


def test_excludes_needs_an_interval():
    assert Interval(value=0.2, low=0.1, high=0.3).excludes(0.0)
    assert not Interval(value=0.2, low=-0.1, high=0.3).excludes(0.0)
    assert not Interval(value=0.2).excludes(0.0)
