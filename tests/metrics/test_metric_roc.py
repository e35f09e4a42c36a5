"""The ROC curve against scikit-learn, and the limits of its points by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as reference

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import (
    auroc,
    roc_band,
    roc_curve,
    smallest_fpr,
    stratified_auroc,
    stratified_roc,
    tpr_at_fpr,
)

scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=20)


@given(scores, scores)
def test_the_curve_is_scikit_learns(members, nonmembers):
    truth = [1] * len(members) + [0] * len(nonmembers)
    fpr, tpr, _ = reference.roc_curve(truth, members + nonmembers, drop_intermediate=False)
    curve = roc_curve(members, nonmembers)
    np.testing.assert_allclose(curve, (fpr, tpr), atol=1e-12)
    assert np.trapezoid(curve[1], curve[0]) == pytest.approx(auroc(members, nonmembers))


@given(scores, scores, st.floats(0, 1))
def test_tpr_is_the_best_threshold_within_the_limit(members, nonmembers, fpr):
    if fpr < smallest_fpr(len(nonmembers)):
        with pytest.raises(InputError, match="non-members support no false positive rate below"):
            tpr_at_fpr(members, nonmembers, fpr=fpr)
        return
    false, true = roc_curve(members, nonmembers)
    interval = tpr_at_fpr(members, nonmembers, fpr=fpr)
    assert interval.value == pytest.approx(true[false <= fpr + 1e-9].max(), abs=1e-12)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


def test_every_resolvable_rate_counts_its_false_alarms():
    """A member sits just above each non-member, so k false alarms catch k + 1 members."""
    nonmembers = np.arange(100.0)
    for count in range(3, 101):
        interval = tpr_at_fpr(nonmembers + 0.5, nonmembers, fpr=count / 100)
        assert interval.value == pytest.approx(min(count + 1, 100) / 100)


def test_limits_hold_the_true_rate():
    """Normals 1 apart: TPR(FPR) = Φ(1 + Φ⁻¹(FPR)). Two union bounds make the limits conservative.

    With a true coverage of 95 % or more, 400 repetitions show less than 92 % with a probability
    below 1 %; the generator is fixed.
    """
    generator, fpr = np.random.default_rng(0), 0.1
    truth = stats.norm.cdf(1 + stats.norm.ppf(fpr))
    covered = [
        truth in tpr_at_fpr(generator.normal(1, 1, 100), generator.normal(0, 1, 100), fpr=fpr)
        for _ in range(400)
    ]
    assert np.mean(covered) >= 0.92


def test_a_rate_that_is_not_resolved_is_refused():
    with pytest.raises(InputError, match=r"30 non-members .* below 0\.0950, got fpr=0\.05"):
        tpr_at_fpr([1.0], np.zeros(30), fpr=0.05)
    with pytest.raises(InputError, match="fpr must lie between 0 and 1"):
        tpr_at_fpr([1.0], [0.0], fpr=1.5)


def test_the_band_holds_the_curve_and_follows_the_generator():
    generator = np.random.default_rng(3)
    members, nonmembers = generator.normal(1, 1, 60), generator.normal(0, 1, 40)
    first, second = (
        roc_band(members, nonmembers, generator=np.random.default_rng(5), resamples=200)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.low, second.low)
    assert first.fpr.shape == first.low.shape == (101,)
    assert (first.low <= first.tpr).mean() > 0.95
    assert (first.high >= first.tpr).mean() > 0.95
    assert first.tpr[-1] == first.low[-1] == 1.0
    false, true = roc_curve(members, nonmembers)
    assert first.tpr[10] == pytest.approx(true[false <= 0.1 + 1e-9].max(), abs=1e-12)


def test_the_area_over_strata_is_the_stratified_auc(generator):
    """Points at every false positive rate that 20 non-members of a stratum can have."""
    members, nonmembers = generator.normal(1, 1, 50), generator.normal(0, 1, 40)
    strata = np.repeat([0, 1], [20, 30]), np.repeat([0, 1], 20)
    # A shift of a whole stratum is not membership.
    members, nonmembers = members + 9 * strata[0], nonmembers + 9 * strata[1]
    steps = np.arange(21) / 20
    grid = np.sort(np.concatenate([steps - 1e-9, steps + 1e-9]).clip(0, 1))
    tpr = stratified_roc(
        members, nonmembers, member_strata=strata[0], nonmember_strata=strata[1], fpr=grid
    )
    expected = stratified_auroc(members, strata[0], nonmembers, strata[1]).value
    assert np.trapezoid(tpr, grid) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(InputError, match="no stratum"):
        stratified_roc([1.0], [0.0], member_strata=[0], nonmember_strata=[1])


def test_the_band_has_the_width_of_a_binomial_at_a_fixed_threshold():
    """With countless non-members the threshold is fixed, so the share of members is binomial.

    At FPR 0.5 of equal normals, 100 members: standard deviation 0.05, a 95 % width of 0.196.
    """
    generator = np.random.default_rng(4)
    band = roc_band(
        generator.normal(size=100), generator.normal(size=20000), generator=generator, fpr=[0.5],
        resamples=300,
    )  # fmt: skip
    assert band.high[0] - band.low[0] == pytest.approx(0.196, abs=0.04)


@pytest.mark.parametrize(
    ("members", "strata", "resamples"),
    [
        (40, 1, 200),
        (40, 15, 200),  # some with a single row
        (6000, 3, 90),  # too much for one piece
    ],
)
def test_the_band_is_that_of_one_resample_after_another(generator, members, strata, resamples):
    """The obvious loop, bit for bit, so that figures stay what they were; ties are frequent."""
    scores = generator.normal(0.5, 1, members).round(1), generator.normal(0, 1, members).round(1)
    classes = generator.integers(0, strata, members), generator.integers(0, strata, members)
    draw, curves = np.random.default_rng(7), []
    for _ in range(resamples):
        rows = [], []
        for stratum in np.intersect1d(*classes):
            for drawn, own in zip(rows, classes, strict=True):
                drawn.extend(draw.choice(np.flatnonzero(own == stratum), np.sum(own == stratum)))
        again = [own[drawn] for own, drawn in zip(scores, rows, strict=True)]
        kept = [own[drawn] for own, drawn in zip(classes, rows, strict=True)]
        curves.append(stratified_roc(*again, member_strata=kept[0], nonmember_strata=kept[1]))
    band = roc_band(
        *scores, member_strata=classes[0], nonmember_strata=classes[1],
        generator=np.random.default_rng(7), resamples=resamples,
    )  # fmt: skip
    limits = np.quantile(curves, [(1 - 0.95) / 2, (1 + 0.95) / 2], axis=0)
    np.testing.assert_array_equal([band.low, band.high], limits)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fpr": [0.5, 1.5]}, "highest_fpr must lie between 0 and 1, got 1.5"),
        ({"fpr": []}, "fpr must not be empty"),
        ({"resamples": 0}, "resamples must be an integer of at least 1"),
    ],
)
def test_unusable_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        roc_band([1.0], [0.0], generator=np.random.default_rng(0), **options)
