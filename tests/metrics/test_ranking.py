"""The AUC and its limits: scikit-learn, scipy, a slow version, laws, and coverage by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import auroc, auroc_interval, stratified_auroc

# Small integers, so that ties are common and sums exact.
scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=20)


def slow_placements(members, nonmembers):
    wins = np.array([[(a > b) + (a == b) / 2 for b in nonmembers] for a in members])
    return wins.mean(axis=1), wins.mean(axis=0)


def slow_delong_variance(members, nonmembers):
    above, below = slow_placements(members, nonmembers)
    return above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)


@given(scores, scores)
def test_auroc_is_the_share_of_pairs_won(members, nonmembers):
    above, _ = slow_placements(members, nonmembers)
    assert auroc(members, nonmembers) == pytest.approx(above.mean(), abs=1e-12)


@given(scores, scores)
def test_auroc_is_scikit_learns(members, nonmembers):
    truth = [1] * len(members) + [0] * len(nonmembers)
    expected = roc_auc_score(truth, members + nonmembers)
    assert auroc(members, nonmembers) == pytest.approx(expected, abs=1e-12)


@given(scores, scores)
def test_swapping_the_groups_mirrors_everything(members, nonmembers):
    interval, mirrored = auroc_interval(members, nonmembers), auroc_interval(nonmembers, members)
    assert mirrored.value == pytest.approx(1 - interval.value, abs=1e-12)
    assert mirrored.low == pytest.approx(1 - interval.high, abs=1e-12)
    assert mirrored.high == pytest.approx(1 - interval.low, abs=1e-12)


@given(scores, scores)
def test_a_monotone_transformation_changes_nothing(members, nonmembers):
    transformed = np.exp(np.array(members)) * 3, np.exp(np.array(nonmembers)) * 3
    assert auroc_interval(*transformed) == auroc_interval(members, nonmembers)


@given(scores, scores)
def test_limits_enclose_the_value_and_stay_in_range(members, nonmembers):
    interval = auroc_interval(members, nonmembers)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.high > interval.low


@pytest.mark.parametrize(
    ("size", "other", "shift"), [(90, 50, 0.3), (25, 15, 0.6), (200, 30, -0.5)]
)
def test_limits_are_those_of_delong_with_students_quantile(size, other, shift):
    """SciPy's Brunner–Munzel test has DeLong's variance and the Welch–Satterthwaite degrees."""
    generator = np.random.default_rng(size)
    members, nonmembers = generator.normal(shift, 1, size), generator.normal(0, 1, other)
    interval = auroc_interval(members, nonmembers)
    test = stats.brunnermunzel(members, nonmembers)
    error = (interval.value - 0.5) / -test.statistic
    assert error**2 == pytest.approx(slow_delong_variance(members, nonmembers), rel=1e-9)
    # At the level at which the test just rejects, one limit is ½.
    edge = auroc_interval(members, nonmembers, level=1 - test.pvalue)
    touching = edge.low if interval.value > 0.5 else edge.high
    assert touching == pytest.approx(0.5, abs=1e-9)


def test_perfect_separation_keeps_a_width():
    """θ = 1 has the lower limit r = 0.025^(1/k) with k the smaller group, from the docstring."""
    interval = auroc_interval(np.arange(90) + 100.0, np.arange(50))
    assert (interval.value, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx(0.025 ** (1 / 50))
    assert auroc_interval([1.0], [0.0]).low < 0.05


def test_equal_scores_say_nothing():
    interval = auroc_interval([1.0] * 30, [1.0] * 30)
    assert interval.value == 0.5
    assert 0.5 in interval


def test_stratified_auroc_of_one_class_is_the_plain_one():
    generator = np.random.default_rng(1)
    members, nonmembers = generator.normal(size=40), generator.normal(size=30)
    stratified = stratified_auroc(members, [4] * 40, nonmembers, [4] * 30)
    assert stratified == auroc_interval(members, nonmembers)


def slow_stratified(members, first, nonmembers, second):
    parts = {
        label: slow_placements(members[first == label], nonmembers[second == label])
        for label in set(first) & set(second)
    }
    placements = np.concatenate([above for above, _ in parts.values()])
    size = len(placements)
    variance = placements.var(ddof=1) / size
    for above, below in parts.values():
        spread = below.var(ddof=1) if len(below) > 1 else 0.25
        variance += (len(above) / size) ** 2 * spread / len(below)
    return placements.mean(), variance


def test_stratified_auroc_is_its_formula():
    """Classes of different sizes, one with a single non-member, one without any."""
    generator = np.random.default_rng(2)
    first, second = generator.integers(0, 6, 60), generator.integers(1, 6, 80)
    second[second == 5] = 4
    second[0] = 5
    members, nonmembers = generator.normal(0.5, 1, 60), generator.normal(0, 1, 80)
    value, variance = slow_stratified(members, first, nonmembers, second)
    interval = stratified_auroc(members, first, nonmembers, second)
    assert interval.value == pytest.approx(value, abs=1e-12)
    half = (interval.high - interval.low) / 2
    # Student's quantile lies between the normal one and that of a few dozen degrees of freedom.
    assert 1.959 < half / variance**0.5 < 2.05


def test_a_difference_between_classes_is_not_membership():
    """Class 1 scores 100 higher; members are mostly of class 1. Within a class all is equal."""
    members, first = np.array([0.0, 1, 100, 101, 100, 101]), [0, 0, 1, 1, 1, 1]
    nonmembers, second = np.array([0.0, 1, 0, 1, 100, 101]), [0, 0, 0, 0, 1, 1]
    assert auroc(members, nonmembers) > 0.65
    assert stratified_auroc(members, first, nonmembers, second).value == 0.5


def coverage(draw, truth, repetitions):
    return np.mean([truth in draw() for _ in range(repetitions)])


# A 95 % interval that is right passes each test below with a probability above 0.999: the binomial
# error of 2,000 repetitions is 0.5 %. The generators are fixed, so the outcome is too.


def test_null_coverage_for_90_against_50():
    generator = np.random.default_rng(10)
    share = coverage(
        lambda: auroc_interval(generator.normal(size=90), generator.normal(size=50)), 0.5, 2000
    )
    assert 0.93 <= share <= 0.975


def test_null_coverage_for_twenty_rows():
    generator = np.random.default_rng(11)
    share = coverage(
        lambda: auroc_interval(generator.normal(size=20), generator.normal(size=20)), 0.5, 2000
    )
    assert 0.93 <= share <= 0.975


def test_coverage_away_from_the_null():
    """Two normals that differ by δ have an AUC of Φ(δ/√2)."""
    generator, truth = np.random.default_rng(12), stats.norm.cdf(1.5 / 2**0.5)
    share = coverage(
        lambda: auroc_interval(generator.normal(1.5, 1, 90), generator.normal(0, 1, 50)),
        truth,
        2000,
    )
    assert 0.92 <= share <= 0.98


def test_coverage_where_most_draws_separate():
    """2 % of the members are like no member at all: the AUC is 0.98, most draws show 1."""
    generator = np.random.default_rng(13)

    def draw():
        members = np.where(generator.random(50) < 0.02, -1.0, 1.0) + generator.random(50) / 2
        return auroc_interval(members, generator.random(50) / 2)

    assert coverage(draw, 0.98, 2000) >= 0.93


def test_null_coverage_of_ten_classes():
    """50 members over 10 classes against 500 non-members; classes shift the scores by design."""
    generator = np.random.default_rng(14)

    def draw():
        first, second = generator.integers(0, 10, 50), generator.integers(0, 10, 500)
        return stratified_auroc(
            generator.normal(size=50) + first, first, generator.normal(size=500) + second, second
        )

    assert 0.93 <= coverage(draw, 0.5, 1000) <= 0.98


def test_null_coverage_with_one_non_member_per_class():
    """The least favourable case: each class has one non-member, whose variance is the bound."""
    generator, labels = np.random.default_rng(15), np.arange(10)

    def draw():
        first = generator.integers(0, 10, 40)
        return stratified_auroc(generator.normal(size=40), first, generator.normal(size=10), labels)

    assert coverage(draw, 0.5, 1000) >= 0.95


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], [], [1.0], [0]), "members must not be empty"),
        (([1.0], [0], [np.inf], [0]), "nonmembers must be finite"),
        (([[1.0]], [0], [1.0], [0]), r"members must be one-dimensional, got the shape \(1, 1\)"),
        (([1.0], [0, 1], [1.0], [0]), "member_scores and member_labels must have the same length"),
        (([1.0], [0], [1.0], []), "nonmember_scores and nonmember_labels must have the same"),
        (([1.0], [0], [1.0], [1]), "members and non-members have no class in common"),
    ],
)
def test_unusable_scores_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        stratified_auroc(*arguments)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2)), min_size=2, max_size=25))
def test_stratified_limits_always_enclose_the_value(rows):
    values, labels = np.array(rows, dtype=float).T
    interval = stratified_auroc(values[::2], labels[::2], values, labels)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
