"""Draws: both ways have the distribution of independent shots, and no rounding shows.

A chi-square statistic is accepted above a p-value of 10⁻⁶, and each mean, variance and covariance
within five standard deviations of its own: a correct program misses each with a probability of
10⁻⁶ or less. The random streams are fixed.
"""

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu.simulator.shots.draws import draw_counts, draw_outcomes

WEIGHTS = np.array([0.0, 0.3, 0.05, 0.0, 0.15, 0.25, 0.25, 0.0])
# Below half the number of outcomes, shots are searched for; from there on, counted.
SHOTS = pytest.mark.parametrize("shots", [1, 3, 4, 50])


def counts_of(draw, weights, shots: int, generator) -> np.ndarray:
    if draw is draw_counts:
        return draw_counts(weights, shots, generator)
    drawn = draw_outcomes(weights, shots, generator, generator)
    assert drawn.shape == (len(weights), shots)
    counts = [np.bincount(row, minlength=weights.shape[1]) for row in drawn]
    return np.array(counts).reshape(weights.shape)


DRAWS = pytest.mark.parametrize("draw", [draw_counts, draw_outcomes])


@SHOTS
@DRAWS
def test_counts_have_the_moments_of_a_multinomial(draw, shots, generator):
    """Mean Np, variance Np(1-p), covariance -Npq, over 20,000 rows."""
    rows = 20_000
    counts = counts_of(draw, np.tile(WEIGHTS, (rows, 1)), shots, generator)
    assert (counts.sum(axis=1) == shots).all()
    assert not counts[:, WEIGHTS == 0].any()
    centred = counts - shots * WEIGHTS
    expected = shots * (np.diag(WEIGHTS) - np.outer(WEIGHTS, WEIGHTS))
    errors = centred.std(axis=0) / np.sqrt(rows)
    assert (np.abs(centred.mean(axis=0)) <= 5 * errors).all()
    products = centred[:, :, None] * centred[:, None, :]
    errors = products.std(axis=0) / np.sqrt(rows)
    assert (np.abs(products.mean(axis=0) - expected) <= 5 * errors + 1e-12).all()


@SHOTS
@DRAWS
def test_counts_of_two_outcomes_are_binomial(draw, shots, generator):
    rows = 20_000
    counts = counts_of(draw, np.tile([0.2, 0.0, 0.8, *[0.0] * 5], (rows, 1)), shots, generator)
    seen = np.bincount(counts[:, 0], minlength=shots + 1)
    law = rows * stats.binom(shots, 0.2).pmf(np.arange(shots + 1))
    common = law >= 5
    observed, mean = (np.append(x[common], x[~common].sum()) for x in (seen, law))
    if mean[-1] < 5:
        observed, mean = observed[:-1], mean[:-1] * observed[:-1].sum() / mean[:-1].sum()
    assert stats.chisquare(observed, mean).pvalue > 1e-6


@SHOTS
def test_outcomes_come_in_random_order(shots, generator):
    """Neighbours are independent: their pairs have the product of their probabilities."""
    outcomes = draw_outcomes(np.tile(WEIGHTS, (4000, 1)), max(2, shots), generator, generator)
    pairs = np.bincount(outcomes[:, 0] * 8 + outcomes[:, -1], minlength=64).reshape(8, 8)
    possible = WEIGHTS > 0
    law = 4000 * np.outer(WEIGHTS, WEIGHTS)[np.ix_(possible, possible)]
    assert stats.chisquare(pairs[np.ix_(possible, possible)].ravel(), law.ravel()).pvalue > 1e-6


@SHOTS
@DRAWS
def test_rows_are_independent(draw, shots, generator):
    """The covariance of an outcome's counts in two rows is zero."""
    counts = counts_of(draw, np.tile(WEIGHTS, (20_000, 1)), shots, generator)[:, 1]
    first, second = (counts.reshape(-1, 2) - shots * WEIGHTS[1]).T
    products = first * second
    assert abs(products.mean()) <= 5 * products.std() / np.sqrt(len(products))


@SHOTS
@DRAWS
def test_every_row_has_its_own_distribution(draw, shots, generator):
    counts = counts_of(draw, np.eye(8), shots, generator)
    np.testing.assert_array_equal(counts, shots * np.eye(8))


@pytest.mark.parametrize("scale", [1.0, 1 + 3e-7, 0.1, 1e-30, 3e5])
@SHOTS
@DRAWS
def test_weights_need_no_norm_and_rounding_makes_no_shots(draw, shots, scale, generator):
    """Weights whose sums are rounded, with impossible outcomes between, before and behind them."""
    weights = np.zeros((200, 64))
    weights[:, 5:50] = scale * generator.random((200, 45)) ** 8
    weights[:, 20:30] = 0
    weights[:, 49] = 1e-25 * scale
    counts = counts_of(draw, weights, 20 * shots, generator)
    assert (counts.sum(axis=1) == 20 * shots).all()
    assert not counts[weights == 0].any()


class Constant:
    """A generator whose uniform numbers are all the same."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.full(shape, self.value)


@pytest.mark.parametrize("total", [1.0, 0.1, 1 / 3, 3.0, 1 - 2.0**-53, 1 + 2.0**-52])
def test_the_first_and_the_last_uniform_number_find_possible_outcomes(total):
    weights = np.array([[0.0, total / 2, 0.0, total / 2, *[0.0] * 4]])
    assert draw_outcomes(weights, 1, Constant(0.0), None) == 1
    assert draw_outcomes(weights, 1, Constant(0.5), None) == 3
    assert draw_outcomes(weights, 1, Constant(1 - 2.0**-53), None) == 3


def test_what_rounding_leaves_over_goes_to_a_possible_outcome(generator):
    """With 10¹⁷ shots even a rounding error of 10⁻¹⁶ has shots."""
    weights = np.zeros((200, 64))
    weights[:, 5:50] = generator.random((200, 45))
    counts = draw_counts(weights, 10**17, generator)
    assert (counts.sum(axis=1) == 10**17).all()
    assert not counts[weights == 0].any()


@DRAWS
@pytest.mark.parametrize("shape", [(0, 8), (3, 1)])
def test_no_rows_and_a_single_outcome(draw, shape, generator):
    counts = counts_of(draw, np.ones(shape), 5, generator)
    assert counts.shape == shape
    assert (counts.sum(axis=-1) == 5).all()


@SHOTS
def test_rows_in_several_calls_are_those_in_one(shots):
    weights = np.tile(WEIGHTS, (50, 1))
    whole, pieces = ([np.random.default_rng(seed) for seed in (1, 2)] for _ in range(2))
    for draw, streams in ((draw_counts, 1), (draw_outcomes, 2)):
        together = draw(weights, shots, *whole[:streams])
        apart = [draw(weights[rows], shots, *pieces[:streams]) for rows in (slice(20), slice(30))]
        np.testing.assert_array_equal(np.concatenate(apart), together)
        assert (draw(weights, shots, *whole[:streams]) != together).any()
        draw(weights, shots, *pieces[:streams])
