"""The ratio to retrained models against a closed form, slow loops and simulation."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import lambertw

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import distance_ratio, jensen_shannon, root_jensen_shannon


def test_ascent_on_a_model_that_is_solved_ends_on_the_other_side():
    """One weight with the loss c·e^(−w) + λw²/2 has its minimum at W(c/λ), Lambert's function.

    60 of 90 retained and 5 of 10 forgotten rows pull the weight, with λ = 0.1: the original has
    c = 65/100, the oracle 60/90, and descent on the retained rows with ascent on the forgotten
    ones 60/90 − 5/10.
    """
    original, oracle, ascended = (
        float(lambertw(slope / 0.1).real) for slope in (65 / 100, 60 / 90, 60 / 90 - 5 / 10)
    )
    found = minimize_scalar(lambda w: (60 / 90 - 5 / 10) * np.exp(-w) + 0.05 * w**2)
    assert found.x == pytest.approx(ascended, abs=1e-6)
    result = distance_ratio([[ascended]], [[original]], [[[oracle]]])
    assert result.ratio.value == pytest.approx((oracle - ascended) / (oracle - original))
    assert result.ratio.value > 40
    assert not result.ratio.has_limits  # one oracle, one row
    assert not result.floor.known
    assert not result.harmful


def test_every_number_is_that_of_slow_loops(generator):
    after, before, oracles = (generator.dirichlet(np.ones(3), (models, 5)) for models in (2, 3, 4))
    result = distance_ratio(after, before, oracles, distance=root_jensen_shannon)

    def mean(pairs):
        return np.mean([
            np.mean([jensen_shannon([p], [q]) ** 0.5 for p, q in zip(a, b, strict=True)])
            for a, b in pairs
        ])  # fmt: skip

    near, far = (mean([(a, o) for a in models for o in oracles]) for models in (after, before))
    between, own, original = (mean(combinations(models, 2)) for models in (oracles, after, before))
    assert result.ratio.value == pytest.approx(near / far)
    assert result.floor.value == pytest.approx(between / far)
    if result.energy_ratio.known:
        expected = (2 * near - own - between) / (2 * far - original - between)
        assert result.energy_ratio.value == pytest.approx(expected)
    everyone = [*after, *oracles]
    exchanged = []
    for taken in combinations(range(6), 2):
        rest = [k for k in range(6) if k not in taken]
        exchanged.append(mean([(everyone[j], everyone[k]) for j in taken for k in rest]))
    assert result.p_value == pytest.approx(np.mean(np.array(exchanged) >= near - 1e-12))


def _models(generator, count, shift, rows=40):
    """Models whose outputs differ by training (a shift of all rows) and row by row."""
    training = 0.3 * generator.normal(size=(count, 1, 2))
    return shift + training + generator.normal(size=(count, rows, 2))


@pytest.mark.slow
def test_limits_hold_the_ratio_of_the_population():
    """Coverage over 400 draws of 5 oracles, 3 unlearned and 3 original models: 95 %, ± 3.5 sd."""
    generator = np.random.default_rng(0)
    large = [_models(generator, 150, shift) for shift in (0.7, 1.4, 0.0)]
    truth = distance_ratio(*large)
    results = [
        distance_ratio(
            _models(generator, 3, 0.7), _models(generator, 3, 1.4), _models(generator, 5, 0.0)
        )
        for _ in range(400)
    ]
    for name in ("ratio", "floor", "energy_ratio"):
        intervals = [getattr(result, name) for result in results]
        known = [interval for interval in intervals if interval.has_limits]
        covered = np.mean([getattr(truth, name).value in interval for interval in known])
        assert covered >= 0.91
        assert len(known) > 300
    assert np.mean([result.p_value for result in results]) < 0.1


@pytest.mark.slow
def test_a_further_oracle_is_rarely_called_harmful_or_far():
    """Harm in none of 400 runs; p ≤ 1/6 in one run of six, ± 3.5 standard deviations."""
    generator = np.random.default_rng(1)
    results = [
        distance_ratio(
            _models(generator, 1, 0.0), _models(generator, 1, 0.5), _models(generator, 5, 0.0)
        )
        for _ in range(400)
    ]
    assert np.mean([result.harmful for result in results]) <= 0.02
    assert np.mean([result.p_value <= 1 / 6 for result in results]) == pytest.approx(
        1 / 6, abs=0.065
    )


def test_equal_models_have_no_ratio():
    same = np.ones((3, 4, 2))
    assert not distance_ratio(same[0], same[0], same).ratio.known
    result = distance_ratio(same[0], same[0] + 1, same)
    assert result.ratio.value == result.floor.value == 0


def test_unusable_outputs_are_refused():
    with pytest.raises(InputError, match="need the same rows and values"):
        distance_ratio(np.ones((4, 2)), np.ones((4, 2)), np.ones((2, 5, 2)))
    with pytest.raises(InputError, match=r"shape \(models, rows, values\)"):
        distance_ratio([1.0], np.ones((4, 2)), np.ones((2, 4, 2)))
    with pytest.raises(InputError, match="finite"):
        distance_ratio([[np.nan]], [[1.0]], [[[1.0]]])
