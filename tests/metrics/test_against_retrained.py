"""KLoM and the ε-estimate against slow loops, and what is left of them without a difference."""

import math

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import against_retrained, challenge_score, epsilon_estimate, klom


def _slow_klom(first, second):
    limits = min(first.min(), second.min()), max(first.max(), second.max())
    p, q = (np.histogram(group, bins=20, range=limits)[0] / len(group) for group in (first, second))
    return sum(a * math.log(a / max(b, 1e-5)) for a, b in zip(p, q, strict=True) if a)


def _slow_epsilon(first, second, delta, intervals):
    edges = [-math.inf, *np.unique(np.concatenate([first, second]))]
    best = 0.0
    for low in edges if intervals else edges[:1]:
        for high in edges:
            if high <= low:
                continue
            inside = [np.mean((group > low) & (group <= high)) for group in (first, second)]
            for tpr, fpr in (inside, [1 - share for share in inside]):
                fnr = 1 - tpr
                if fnr < 1e-9 and fpr < 1e-9:
                    return 50.0
                if fnr < 1e-9 or fpr < 1e-9:
                    continue
                for right, wrong in ((fpr, fnr), (fnr, fpr)):
                    if 1 - delta - right > 0:
                        best = max(best, math.log((1 - delta - right) / wrong))
    return best


@pytest.mark.parametrize("digits", [0, 6])
def test_each_row_is_that_of_a_slow_loop(generator, digits):
    first = generator.normal(1, 1, (9, 4)).round(digits)
    second = generator.normal(0, 1, (12, 4)).round(digits)
    expected = [_slow_klom(a, b) for a, b in zip(first.T, second.T, strict=True)]
    np.testing.assert_allclose(klom(first, second), expected, atol=1e-12)
    for intervals in (False, True):
        expected = [
            _slow_epsilon(a, b, 0.01, intervals) for a, b in zip(first.T, second.T, strict=True)
        ]
        found = epsilon_estimate(first, second, delta=0.01, intervals=intervals)
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_bias_is_that_which_is_documented():
    """The mean over 400 rows; a row's standard deviation is below 1.3, so 0.3 is 4.6 of them."""
    generator = np.random.default_rng(0)
    for models, bias in ((16, 3.8), (100, 0.35)):
        unlearned, retrained = generator.normal(size=(2, models, 400))
        assert klom(unlearned, retrained).mean() == pytest.approx(bias, abs=0.3)
        assert epsilon_estimate(unlearned, retrained).mean() == pytest.approx(1.38, abs=0.15)
        assert 0.18 < challenge_score(epsilon_estimate(unlearned, retrained)) < 0.28


def test_the_null_is_printed_beside_it_and_a_difference_is_found():
    generator = np.random.default_rng(1)
    retrained = generator.normal(size=(24, 30))
    for statistic in (klom, epsilon_estimate):
        moved = against_retrained(
            statistic, generator.normal(1, 1, (24, 30)), retrained, generator=generator,
            permutations=39,
        )  # fmt: skip
        assert moved.p_value == 1 / 40
        assert moved.value > moved.null.high
        assert moved.excess > 0.3


@pytest.mark.slow
@pytest.mark.parametrize("statistic", [klom, epsilon_estimate])
def test_perfect_unlearning_has_no_excess_and_uniform_p_values(statistic):
    """100 audits of 16 models and 20 rows that share their training; ± 3.5 standard deviations."""
    generator, results = np.random.default_rng(2), []
    for _ in range(100):
        models = generator.normal(size=(32, 20)) + generator.normal(size=(32, 1))
        results.append(
            against_retrained(
                statistic, models[:16], models[16:], generator=generator, permutations=59
            )
        )
    excess = np.array([result.excess for result in results])
    assert abs(excess.mean()) < 3.5 * excess.std() / 10
    small = np.mean([result.p_value <= 0.1 for result in results])
    assert small <= 0.1 + 3.5 * math.sqrt(0.1 * 0.9 / 100)


def test_too_few_models_are_refused():
    generator = np.random.default_rng(0)
    with pytest.raises(InputError, match="two unlearned and four retrained models are needed"):
        against_retrained(klom, np.zeros((2, 1)), np.zeros((3, 1)), generator=generator)
    with pytest.raises(InputError, match="same length"):
        klom(np.zeros((2, 1)), np.zeros((3, 2)))
    with pytest.raises(InputError, match="retrained must not have NaN"):
        klom([[1.0]], [[np.nan]])
