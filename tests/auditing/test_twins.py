"""Distances between twins and tests of single rows: references, nulls and planted signals."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, rankdata
from sklearn.metrics import roc_auc_score

from qiskit_qmu.attacks import References
from qiskit_qmu.auditing import (
    normal_divergence,
    row_aucs,
    row_p_values,
    smoothed_epsilon,
    twin_distance,
)
from qiskit_qmu.shadows import complementary_halves


def test_the_divergence_is_that_of_normal_distributions():
    generator = np.random.default_rng(0)
    first, second = generator.normal(1.0, 2.0, (50_000, 1)), generator.normal(0.0, 1.0, (50_000, 1))
    # ln(σ₂/σ₁) + (σ₁² + (μ₁ − μ₂)²)/(2σ₂²) − ½
    assert normal_divergence(first, second)[0] == pytest.approx(2.0 - np.log(2.0), abs=0.06)


def _epsilon_by_a_loop(first, second, delta=1e-5):
    best = 0.0
    for threshold in np.concatenate([first, second]):
        for sign in (1, -1):
            misses = np.mean(sign * first <= sign * threshold)
            alarms = np.mean(sign * second > sign * threshold)
            if misses > 0 and alarms > 0:
                with np.errstate(divide="ignore"):
                    ratios = (1 - delta - np.array([misses, alarms])) / (alarms, misses)
                best = max(best, *np.log(np.maximum(ratios, delta)))
    return best


def test_epsilon_is_that_of_the_best_threshold():
    first, second = np.random.default_rng(0).normal(size=(2, 16, 60))
    first = first + 0.4
    expected = [_epsilon_by_a_loop(*row) for row in zip(first.T, second.T, strict=True)]
    np.testing.assert_allclose(smoothed_epsilon(first, second), expected, rtol=1e-12)
    # No threshold parts equal scores.
    rounded = np.rint(first), np.rint(second)
    expected = [_epsilon_by_a_loop(*row) for row in zip(*(r.T for r in rounded), strict=True)]
    np.testing.assert_allclose(smoothed_epsilon(*rounded), expected, rtol=1e-12)
    assert not smoothed_epsilon(np.zeros((16, 5)), np.zeros((16, 5))).any()
    # Where nothing is confused, half a row of 2 · 16 is.
    np.testing.assert_allclose(smoothed_epsilon(first + 99, second), np.log(32), rtol=1e-4)


def _twins(shift, seed, models=8, rows=12):
    generator = np.random.default_rng(seed)
    easy = generator.normal(0, 2, rows)
    unlearned, retrained = easy + generator.normal(size=(2, models, rows))
    forgotten = complementary_halves(models, rows, generator)
    return unlearned + shift * forgotten, retrained, forgotten, generator


@pytest.mark.parametrize("distance", [normal_divergence, smoothed_epsilon])
def test_a_planted_distance_is_found(distance):
    unlearned, retrained, forgotten, generator = _twins(3.0, 0, models=16, rows=40)
    found = twin_distance(
        distance, unlearned, retrained, forgotten, generator=generator, permutations=199
    )
    assert found.excess.low > 0
    assert found.p_value == 1 / 200


@pytest.mark.slow
@pytest.mark.parametrize("distance", [normal_divergence, smoothed_epsilon])
def test_distances_of_retrained_models_are_called_chance(distance):
    found = [
        twin_distance(distance, *rest, generator=generator, permutations=99)
        for *rest, generator in (_twins(0.0, seed, models=16) for seed in range(200))
    ]
    alarms = sum(each.p_value <= 0.05 for each in found)
    assert binom.sf(alarms - 1, 200, 0.05) > 0.001
    assert abs(np.mean([each.excess.value for each in found])) < 0.05


def _references(shift, seed, models, rows):
    unlearned, _, forgotten, _ = _twins(shift, seed, models, rows)
    return References(scores=unlearned, included=forgotten)


def test_the_auc_of_each_row_is_scikit_learns():
    references = _references(1.0, 0, 12, 5)
    for row, found in enumerate(row_aucs(references)):
        expected = roc_auc_score(references.included[:, row], references.scores[:, row])
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("rounding", [lambda scores: scores, np.rint])
def test_the_p_value_of_each_row_is_that_of_all_signs(rounding):
    references = _references(1.0, 0, 12, 4)
    references = References(scores=rounding(references.scores), included=references.included)
    signs = np.array(list(product([-1, 1], repeat=6)))
    for row, found in enumerate(row_p_values(references)):
        scores, included = references.scores[:, row], references.included[:, row]
        differences = np.where(included[::2], 1, -1) * (scores[::2] - scores[1::2])
        ranks = np.where(differences == 0, 0.0, 1.0)
        ranks[differences != 0] = rankdata(np.abs(differences[differences != 0]))
        chance = np.abs(signs @ ranks)
        observed = abs(np.sign(differences) @ ranks)
        assert found == pytest.approx((chance >= observed).mean())


def test_a_row_that_no_model_of_a_pair_was_trained_on_does_not_count():
    references = References(
        scores=[[2.0], [1.0], [9.0], [1.0]], included=[[True], [False], [False], [False]]
    )
    assert row_p_values(references)[0] == 1.0  # (one pair: either sign)
