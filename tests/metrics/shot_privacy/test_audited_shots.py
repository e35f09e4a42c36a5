"""What shots tell of a row: published numbers, samples, another accountant, and limits."""

import itertools
import math

import numpy as np
import pytest
import scipy

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import auroc
from qiskit_qmu.metrics.shot_privacy import (
    GaussianPrivacy,
    Release,
    audited_privacy,
    renyi_divergence,
    renyi_epsilon,
)
from qiskit_qmu.metrics.shot_privacy.convolution import convolved_loss

FOUR = np.array([0.3, 0.3, 0.2, 0.2]), np.array([0.25, 0.2, 0.3, 0.25])


@pytest.mark.parametrize(
    ("shots", "auc", "strict", "lax"),
    [
        (1, 0.525, 0.11, 0.09),
        (16, 0.61, 1.46, 0.67),
        (64, 0.71, 3.33, 1.7),
        (256, 0.87, 7.6, 4.4),
        (1024, 0.988, 18, 11.9),
        (8192, 1.0, 79, 61),
    ],
)
def test_two_outcomes_half_a_tenth_apart(shots, auc, strict, lax):
    found = audited_privacy(0.55, 0.5, shots)
    assert found.auc.value == pytest.approx(auc, abs=0.005)
    assert found.epsilon(1e-5).value == pytest.approx(strict, rel=0.05)
    assert found.epsilon(1e-2).value == pytest.approx(lax, rel=0.06)
    assert found.epsilon(1e-5).error == 0


def test_other_pairs_of_outcomes():
    for p, q, known in (
        (0.9, 0.85, {16: 0.66, 64: 0.80, 256: 0.957}),
        (0.6, 0.5, {16: 0.71, 64: 0.87, 256: 0.989}),
    ):
        for shots, auc in known.items():
            assert audited_privacy(p, q, shots).auc.value == pytest.approx(auc, abs=0.005)
    assert GaussianPrivacy.of_shots(0.505, 0.495, 8192).mu == pytest.approx(1.8, abs=0.02)


@pytest.mark.parametrize(
    ("p", "q", "shots"), list(itertools.product((0.5, 0.9), (0.4, 0.85), (1, 7, 90)))
)
def test_two_outcomes_by_slow_sums(p, q, shots):
    counts = np.arange(shots + 1)
    first, second = (scipy.stats.binom.pmf(counts, shots, each) for each in (p, q))
    found = audited_privacy(p, q, shots)
    for epsilon in (0.0, 0.3, 2.0):
        both = [np.maximum(a - math.exp(epsilon) * b, 0).sum() for a, b in
                ((first, second), (second, first))]  # fmt: skip
        assert found.delta(epsilon).value == pytest.approx(max(both), abs=1e-12)
    order = 1 if p > q else -1
    wins = sum(
        a * b * (0.5 if i == j else i * order > j * order)
        for (i, a), (j, b) in itertools.product(enumerate(first), enumerate(second))
    )
    assert found.auc.value == pytest.approx(wins)
    assert found.advantage.value == pytest.approx(np.abs(first - second).sum() / 2)


@pytest.mark.parametrize("shots", [1, 5, 60])
@pytest.mark.parametrize(
    ("p", "q"), [(0.7, 0.6), FOUR, ([0.5, 0.5, 0.0], [0.4, 0.4, 0.2]), (0.02, 0.001)]
)
def test_samples_agree_with_the_accountant(p, q, shots, generator):
    """AUC, advantage and δ of the likelihood ratio of 20,000 samples, within 5 standard errors."""
    release, size = Release.of(p, q, shots), 20_000
    loss = np.where(np.isfinite(release.loss), release.loss, np.sign(release.loss) * 1e6)
    with_row, without = (
        generator.multinomial(shots, each, size=size) @ loss for each in (release.p, release.q)
    )
    found, error = audited_privacy(p, q, shots), 5 / math.sqrt(size)
    assert auroc(with_row.round(9), without.round(9)) == pytest.approx(
        found.auc.value, abs=error / 1.7 + found.auc.error
    )
    better = (with_row > 1e-9).mean() - (without > 1e-9).mean()
    assert better == pytest.approx(found.advantage.value, abs=error + found.advantage.error)
    for epsilon in (0.2, 1.0):
        sampled = max(
            np.maximum(-np.expm1(epsilon - each), 0).mean() for each in (with_row, -without)
        )
        bounds = found.delta(epsilon)
        assert bounds.low - error <= sampled <= bounds.high + error


@pytest.mark.parametrize("shots", [1, 64, 4096])
def test_the_transform_encloses_what_is_known_exactly(shots):
    exact, found = (
        audited_privacy(0.55, 0.5, shots),
        convolved_loss([Release.of(0.55, 0.5, shots)]),
    )
    for name in ("auc", "advantage"):
        assert getattr(exact, name).value in getattr(found, name)
        assert getattr(found, name).error < 1e-3
    assert found.epsilon(1e-5).low <= exact.epsilon(1e-5).value <= found.epsilon(1e-5).high
    assert found.epsilon(1e-5).error < 1e-3 * exact.epsilon(1e-5).value


def test_another_accountant_agrees():
    accounting = pytest.importorskip("dp_accounting.pld.privacy_loss_distribution")
    p, q = FOUR
    logs = ({i: math.log(x) for i, x in enumerate(each)} for each in (p, q))
    theirs = accounting.from_two_probability_mass_functions(
        *logs, value_discretization_interval=1e-4
    ).self_compose(100)
    side = convolved_loss([Release.of(p, q, 100)]).with_row
    for epsilon in (0.5, 3.0):
        bounds = side.hockey_stick(epsilon)
        assert bounds.low <= theirs.get_delta_for_epsilon(epsilon)  # theirs is pessimistic
        assert theirs.get_delta_for_epsilon(epsilon) <= bounds.high + 2e-3


def test_releases_compose():
    one, other = audited_privacy(0.55, 0.5, 20), audited_privacy(*FOUR, 10)
    both = one.composed(other)
    assert both.auc.low > max(one.auc.high, other.auc.high)
    assert both.epsilon(1e-3).high < one.epsilon(5e-4).high + other.epsilon(5e-4).high
    twice = one.composed(one)
    assert audited_privacy(0.55, 0.5, 40).auc.value in twice.auc
    assert twice.pure_epsilon == pytest.approx(2 * one.pure_epsilon)


def test_limits():
    assert audited_privacy(0.5, 0.5, 1000).auc.value == pytest.approx(0.5)
    assert audited_privacy(0.5, 0.5, 1000).epsilon(0.0).value == 0
    assert audited_privacy(0.51, 0.5, 10**6).auc.value == pytest.approx(1.0)
    many = 10**5  # (the normal limit)
    p, q = 0.5 + 0.8 / math.sqrt(many), 0.5
    assert GaussianPrivacy.of_shots(p, q, many).auc == pytest.approx(
        audited_privacy(p, q, many).auc.value, abs=1e-4
    )
    excluded = audited_privacy([0.0, 1.0], [0.1, 0.9], 16)
    assert excluded.epsilon(0.0).value == excluded.pure_epsilon == math.inf
    assert excluded.advantage.value == pytest.approx(1 - 0.9**16)
    apart = audited_privacy([0.5, 0.5, 0.0], [0.0, 0.0, 1.0], 3)
    assert (apart.auc.low, apart.advantage.low) == (1.0, 1.0)


@pytest.mark.parametrize("delta", [1e-5, 1e-2])
def test_renyi_is_an_upper_bound(delta):
    exact = audited_privacy(0.55, 0.5, 256).epsilon(delta).value
    bound = renyi_epsilon(renyi_divergence(0.55, 0.5, 256), delta)
    assert exact < bound < 1.3 * exact
    excluded = renyi_divergence([0.0, 1.0], [0.1, 0.9])
    assert np.isinf(excluded).all()


def test_renyi_divergences_are_those_of_the_counts():
    shots, counts = 12, np.arange(13)
    first, second = (scipy.stats.binom.pmf(counts, shots, each) for each in (0.7, 0.4))
    slow = max(math.log((a**3 * b**-2).sum()) / 2 for a, b in ((first, second), (second, first)))
    assert renyi_divergence(0.7, 0.4, shots, [3.0]) == pytest.approx(slow)


@pytest.mark.parametrize(
    ("p", "q", "shots", "message"),
    [
        (1.2, 0.5, 4, "p must be probabilities"),
        ([0.5, 0.5], [0.2, 0.3, 0.5], 4, "the same outcomes, got 2 and 3"),
        ([0.5, 0.4], 0.5, 4, "a sum of 0.9"),
        ([[0.5, 0.5]], 0.5, 4, "a vector of at least 2"),
        (0.5, 0.5, 0, "shots must be an integer of at least 1"),
        ([0.2, 0.3, 0.5], [0.3, 0.3, 0.4], 10**7, "at most 1,000,000 shots"),
    ],
)
def test_what_is_no_release_is_refused(p, q, shots, message):
    with pytest.raises(InputError, match=message):
        _ = audited_privacy(p, q, shots).auc
