"""Limits of bounded means: closed forms, a slow quantile, and what they promise on skewed laws."""

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import binomial_interval, bounded_mean_interval

MAXIMUM = float(np.log(2))


def limits(values, level=0.95):
    return bounded_mean_interval(values, minimum=0.0, maximum=MAXIMUM, level=level)


@pytest.mark.parametrize(
    ("successes", "trials"), [(0, 1), (1, 2), (0, 30), (3, 30), (5, 10), (10, 10), (3, 1000)]
)
def test_numbers_at_the_bounds_have_the_limits_of_clopper_and_pearson(successes, trials):
    values = np.repeat([1.0, 0.0], [successes, trials - successes])
    exact = binomial_interval(successes, trials)
    interval = bounded_mean_interval(values, minimum=0.0, maximum=1.0)
    assert interval.value == exact.value
    arms = (interval.value - interval.low, interval.high - interval.value)
    assert arms == pytest.approx((exact.value - exact.low, exact.high - exact.value), rel=0.01)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("size", [3, 30])
def test_limits_are_quantiles_of_randomly_weighted_means(size, level):
    generator = np.random.default_rng(3)
    values = MAXIMUM * generator.beta(0.3, 3, size)
    weights = generator.dirichlet(np.ones(size + 1), 400_000)
    low = np.quantile(weights @ np.append(values, 0.0), (1 - level) / 2)
    high = np.quantile(weights @ np.append(values, MAXIMUM), (1 + level) / 2)
    interval = limits(values, level)
    arms = (values.mean() - interval.low, interval.high - values.mean())
    assert arms == pytest.approx((values.mean() - low, high - values.mean()), rel=0.02)


def test_many_values_have_the_t_interval():
    values = MAXIMUM * np.random.default_rng(4).beta(2, 3, 20_000)
    expected = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    interval = limits(values)
    width = expected[1] - expected[0]
    assert (interval.low, interval.high) == pytest.approx(expected, abs=0.05 * width)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_levels_at_the_ends(level):
    interval = limits([0.1, 0.2, 0.3], level)
    assert 0.0 <= interval.low <= interval.value <= interval.high <= MAXIMUM
    if level == 1.0:
        assert (interval.low, interval.high) == (0.0, MAXIMUM)


# Each law gives values from 0 to ln 2 and its own mean. They are right-skewed, as divergences are.


def _beta(generator, shape):
    return MAXIMUM * generator.beta(0.1, 3, shape)


def _lognormal(generator, shape):
    return np.minimum(np.exp(-5 + 2 * generator.normal(size=shape)), MAXIMUM)


def _mostly_zero(generator, shape):
    return np.where(generator.random(shape) < 0.05, MAXIMUM * generator.beta(5, 2, shape), 0.0)


def _mean_of_lognormal():
    """E min(e^Z, c) for Z normal, in closed form."""
    location, spread, cut = -5.0, 2.0, np.log(MAXIMUM)
    below = np.exp(location + spread**2 / 2) * stats.norm.cdf((cut - location) / spread - spread)
    return below + MAXIMUM * stats.norm.sf((cut - location) / spread)


LAWS = {
    "beta": (_beta, MAXIMUM * 0.1 / 3.1),
    "lognormal": (_lognormal, _mean_of_lognormal()),
    "mostly zero": (_mostly_zero, 0.05 * MAXIMUM * 5 / 7),
}


def coverage_and_width(law, size, repetitions):
    draw, mean = LAWS[law]
    samples = draw(np.random.default_rng(size), (repetitions, size))
    found = [limits(sample) for sample in samples]
    return np.mean([mean in one for one in found]), np.mean([one.high - one.low for one in found])


@pytest.mark.parametrize(("size", "widest"), [(30, 0.13), (90, 0.06)])
@pytest.mark.parametrize("law", LAWS)
def test_coverage_of_skewed_laws(law, size, widest):
    """Student's t holds these means in 77 to 91 % of cases; a tenth of ln 2 is a useful width."""
    share, width = coverage_and_width(law, size, 100)
    assert share >= 0.94
    assert width < widest


@pytest.mark.slow
@pytest.mark.parametrize("size", [10, 30, 90])
@pytest.mark.parametrize("law", LAWS)
def test_coverage_of_skewed_laws_over_many_samples(law, size):
    share, _ = coverage_and_width(law, size, 3000)
    assert share >= 0.95


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "values must not be empty"),
        ([[0.1]], r"values must be one-dimensional, got the shape \(1, 1\)"),
        ([np.nan], "values must be finite"),
        ([0.1, 0.7], "highest_value must lie between 0.0 and 0.69"),
        ([-0.1], "lowest_value must lie between 0.0 and 0.69"),
    ],
)
def test_unusable_values_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        limits(values)
