"""Privacy bounds: published values, closed forms, and how often they are wrong."""

import math

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import (
    epsilon_lower_bound,
    group_epsilon,
    one_run_epsilon,
    one_run_p_value,
    roc_curve,
    unlearner_epsilon,
)


def _corners(size, shift):
    """Counts (FP, TP) at the corners of the convex hull of the ROC curve of normal quantiles."""
    scores = stats.norm.ppf((np.arange(size) + 0.5) / size)
    corners = []
    for x, y in np.round(size * np.transpose(roc_curve(scores + shift, scores))):
        while len(corners) > 1:
            (x0, y0), (x1, y1) = corners[-2:]
            if (x1 - x0) * (y - y0) < (y1 - y0) * (x - x0):
                break
            corners.pop()
        corners.append((int(x), int(y)))
    return corners


@pytest.mark.parametrize(("size", "epsilon"), [(100, 0.3979), (1000, 0.8938)])
def test_one_run_at_given_thresholds_is_that_of_jax_privacy(size, epsilon):
    """Its bound has the p-value α over the number of corners, at δ = 1e-5 and a shift of 1."""
    corners = _corners(size, 1.0)
    p_values = [
        one_run_p_value(true, true + false, 2 * size, epsilon=epsilon, delta=1e-5)
        for false, true in corners[1:]
    ]
    assert min(p_values) == pytest.approx(0.05 / len(corners), rel=2e-3)


@pytest.mark.parametrize(
    ("guesses", "correct", "epsilon"),
    [(30, 21, 0.85), (30, 24, 4.25), (150, 90, 1.74), (150, 105, 11.46), (150, 75, 0.0)],
)
def test_the_bound_of_a_request(guesses, correct, epsilon):
    assert group_epsilon(correct, guesses) == pytest.approx(epsilon, abs=0.005)


def test_right_guesses_alone_certify_no_more_than_their_number():
    """r right guesses of r: q^r = α/5, so ε = ln(q/(1 − q)) at the largest of five numbers."""
    coins = np.random.default_rng(1).integers(0, 2, 200).astype(bool)
    q = 0.01 ** (1 / coins.sum())
    expected = math.log(q / (1 - q))
    scores = np.where(coins, 1.0, 0.0)
    assert one_run_epsilon(scores, coins) == pytest.approx(expected, rel=1e-4)
    assert one_run_epsilon(scores, coins, delta=1e-2) < expected
    assert one_run_epsilon(-scores, coins) == 0.0
    assert unlearner_epsilon(-scores, coins) > 10  # pushed away too far


def test_randomised_response_is_not_overrated():
    """Labels reported truly with probability 3/4 have ε = ln 3; the bound must lie below it."""
    generator, over = np.random.default_rng(0), 0
    for _ in range(30):
        truth = np.repeat([True, False], 1000)
        reported = truth ^ (generator.random(2000) < 0.25)
        scores = reported + 1e-3 * generator.random(2000)
        bound = epsilon_lower_bound(scores[truth], scores[~truth])
        over += bound > math.log(3)
        assert bound > 0.7
    assert over <= 5  # at most 5 % of 30 are expected; 6 or more have a probability below 0.4 %


def test_each_bound_is_a_ratio_of_clopper_pearson_limits(generator):
    members, nonmembers = generator.normal(1.5, 1, 70), generator.normal(0, 1, 50)
    level, best = 1 - 0.05 / 20, 0.0
    together = np.sort(np.concatenate([members, nonmembers]))
    for share in (0.02, 0.05, 0.1, 0.25, 0.5):
        count = round(share * 120)
        for over, under, threshold in (
            (members, nonmembers, together[-count]), (-nonmembers, -members, -together[count - 1])
        ):  # fmt: skip
            caught, false = (
                stats.binomtest(int(np.sum(group >= threshold)), len(group)).proportion_ci(
                    2 * level - 1, method="exact"
                )
                for group in (over, under)
            )
            best = max(best, math.log(max(caught.low, 1e-9) / false.high))
    assert epsilon_lower_bound(members, nonmembers) == pytest.approx(best)
    assert best > 0.3


def test_rare_but_certain_marks_are_found_in_both_directions():
    """5 % of 1,000 members have a score that no non-member has; δ = 0.05 excuses just that."""
    marked = np.concatenate([np.full(50, 9.0), np.zeros(950)])
    assert epsilon_lower_bound(marked, np.zeros(1000)) > 1
    assert epsilon_lower_bound(np.zeros(1000), -marked) > 1
    assert epsilon_lower_bound(marked, np.zeros(1000), delta=0.05) == 0


def test_coins_must_have_fallen_both_ways():
    with pytest.raises(InputError, match="included must have both True and False"):
        one_run_epsilon([1.0, 2.0], [True, True])
    with pytest.raises(InputError, match="included must be booleans"):
        one_run_epsilon([1.0, 2.0], [1, 0])


def _scores_without_signal(generator, size, run):
    """Normal, heavy-tailed and tied scores in turn."""
    kind = run % 3
    if kind == 0:
        return generator.normal(size=2 * size)
    if kind == 1:
        return generator.standard_cauchy(2 * size)
    return generator.integers(0, 6, 2 * size).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("size", [30, 100, 500, 2000])
def test_without_signal_no_bound_is_above_zero_too_often(size):
    """1,000 audits of each size without a signal: at most 5 % of each bound, + 2.3 sd (1.6 %)."""
    generator = np.random.default_rng(size)
    found = np.zeros(3)
    for run in range(1000):
        scores = _scores_without_signal(generator, size, run)
        coins = generator.integers(0, 2, 2 * size).astype(bool)
        found += [
            epsilon_lower_bound(scores[:size], scores[size:]) > 0,
            one_run_epsilon(scores, coins) > 0,
            unlearner_epsilon(scores, coins) > 0,
        ]
    assert (found / 1000 <= 0.066).all()
    assert found[0] / 1000 <= 0.05


@pytest.mark.slow
def test_a_planted_signal_is_found():
    """Normal scores 1 apart have ε(1e-3) = 3.14: 500 a side certify about 1, never more than it.

    One training with 1,000 coins certifies 0.47, 1.3, 2.7 and 4 for shifts of ½, 1, 2 and 4.
    """
    generator = np.random.default_rng(0)
    bounds = [
        epsilon_lower_bound(generator.normal(1, 1, 500), generator.normal(0, 1, 500), delta=1e-3)
        for _ in range(60)
    ]
    assert np.mean(bounds) > 0.95
    assert max(bounds) < 3.14
    for shift, median in ((0.5, 0.47), (1.0, 1.32), (2.0, 2.67), (4.0, 3.99)):
        coins = generator.integers(0, 2, (40, 1000)).astype(bool)
        scores = generator.normal(size=coins.shape) + shift * coins
        found = [one_run_epsilon(s, c) for s, c in zip(scores, coins, strict=True)]
        assert np.median(found) == pytest.approx(median, abs=0.15)
