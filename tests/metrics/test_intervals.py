"""Intervals against scipy, textbook values and their promised coverage."""

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import Interval, binomial_interval, mean_interval


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (0, 50), (7, 20), (499, 500), (3, 3)])
def test_binomial_limits_are_scipys_exact_ones(successes, trials, level):
    expected = stats.binomtest(successes, trials).proportion_ci(level, method="exact")
    interval = binomial_interval(successes, trials, level)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert interval.value == successes / trials
    assert interval.level == level


def test_no_success_has_the_closed_form():
    """For 0 of n the upper limit solves (1 - p)^n = α/2."""
    assert binomial_interval(0, 50).high == pytest.approx(1 - 0.025 ** (1 / 50))


@pytest.mark.parametrize("rate", [0.002, 0.05, 0.3, 0.5])
def test_binomial_coverage_is_never_below_the_level(rate):
    """Summed exactly over all outcomes of 50 trials: nothing is random here."""
    weights = stats.binom.pmf(np.arange(51), 50, rate)
    covered = [rate in binomial_interval(successes, 50) for successes in range(51)]
    assert weights @ covered >= 0.95


@pytest.mark.parametrize(
    ("successes", "trials", "message"),
    [
        (1, 0, "trials must be an integer of at least 1, got 0"),
        (4, 3, "successes must lie between 0 and 3, got 4"),
        (-1, 3, "successes must be an integer of at least 0, got -1"),
        (0.5, 3, "successes must be an integer"),
    ],
)
def test_impossible_counts_are_refused(successes, trials, message):
    with pytest.raises(InputError, match=message):
        binomial_interval(successes, trials)


def test_mean_limits_are_scipys():
    values = np.random.default_rng(0).normal(size=20)
    low, high = stats.t.interval(0.95, 19, loc=values.mean(), scale=stats.sem(values))
    interval = mean_interval(values)
    assert (interval.value, interval.low, interval.high) == pytest.approx(
        (values.mean(), low, high)
    )


def test_one_value_has_no_known_spread():
    interval = mean_interval([0.7])
    assert interval.value == 0.7
    assert np.isnan([interval.low, interval.high]).all()
    assert 0.7 not in interval


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "values must not be empty"),
        ([1.0, np.nan], "values must be finite"),
        ([[1.0]], r"values must be one-dimensional"),
    ],
)
def test_unusable_values_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        mean_interval(values)


def test_an_interval_knows_what_it_holds_and_prints():
    interval = Interval(0.5, 0.4, 0.6)
    assert 0.4 in interval
    assert 0.61 not in interval
    assert str(interval) == "0.500 [0.400, 0.600]"
