"""Rates at thresholds from other rows, against slow counts, closed forms and scikit-learn."""

from functools import partial

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import (
    OperatingPoint,
    advantage,
    best_threshold,
    binomial_interval,
    cross_fitted_point,
    lower_bound,
    operating_point,
    precision_at_prior,
    smallest_fpr,
    threshold_at_fpr,
    upper_bound,
)


@pytest.mark.parametrize(("size", "fpr"), [(19, 0.05), (19, 0.5), (99, 0.29), (200, 0.1), (5, 1.0)])
def test_a_further_nonmember_exceeds_the_threshold_as_often_as_allowed(size, fpr):
    """Its rank among m + 1 equal scores is uniform: it beats the threshold for k of m + 1 ranks."""
    threshold = threshold_at_fpr(np.arange(size), fpr=fpr)
    beaten = np.sum(np.arange(size) >= threshold)  # the ranks above the threshold
    assert beaten / (size + 1) <= fpr + 1e-9
    assert fpr == 1.0 or (beaten + 1) / (size + 1) > fpr


def test_folds_test_each_row_once_at_a_threshold_of_the_others():
    """Two folds: a score decides nothing about itself. The counts are those of a slow loop."""
    generator = np.random.default_rng(3)
    members, nonmembers = generator.normal(1, 1, 41), generator.normal(0, 1, 60)
    point = cross_fitted_point(
        members, nonmembers, generator=np.random.default_rng(7), fpr=0.1, folds=3
    )
    again = np.random.default_rng(7)
    folds = [again.permutation(np.arange(size) % 3) for size in (41, 60)]
    caught = false = 0
    for fold in range(3):
        threshold = threshold_at_fpr(nonmembers[folds[1] != fold], fpr=0.1)
        caught += np.sum(members[folds[0] == fold] > threshold)
        false += np.sum(nonmembers[folds[1] == fold] > threshold)
    assert (point.true_positives, point.num_members) == (caught, 41)
    assert (point.false_positives, point.num_nonmembers) == (false, 60)


def test_the_best_threshold_is_that_of_scikit_learns_curve(generator):
    members, nonmembers = generator.normal(1, 1, 50).round(1), generator.normal(0, 1, 40).round(1)
    truth = np.repeat([1, 0], [50, 40])
    fpr, tpr, _ = reference.roc_curve(truth, np.concatenate([members, nonmembers]))
    assert advantage(members, nonmembers).value == pytest.approx(np.max(tpr - fpr))
    point = operating_point(members, nonmembers, threshold=best_threshold(members, nonmembers))
    assert point.advantage.value == pytest.approx(np.max(tpr - fpr))


def test_without_signal_the_value_follows_smirnov():
    """SciPy has its exact tail: where that is 5 %, 500 draws exceed it as often, ± 3.5 sd."""
    generator, rows = np.random.default_rng(0), np.arange(40.0)
    tails = [stats.ks_2samp(rows + k, rows, alternative="less").pvalue for k in range(41)]
    critical = int(np.argmax(np.array(tails) <= 0.05))
    values = np.array([advantage(*generator.normal(size=(2, 40))).value for _ in range(500)])
    exceeded = np.mean(values >= critical / 40 - 1e-9)
    assert exceeded == pytest.approx(tails[critical], abs=0.033)


def test_precision_is_bayes_rule():
    point = OperatingPoint(
        true_positives=30, num_members=100, false_positives=5, num_nonmembers=100
    )
    precision = precision_at_prior(point, 0.1)
    assert precision.value == pytest.approx(0.1 * 0.3 / (0.1 * 0.3 + 0.9 * 0.05))
    # With the lower limit of one rate, or the upper one of the other, it is not yet as low.
    assert precision.low < 0.1 * 0.212 / (0.1 * 0.212 + 0.9 * 0.05)
    assert precision.low < 0.1 * 0.3 / (0.1 * 0.3 + 0.9 * 0.113)
    assert precision.low > 0.1 * 0.212 / (0.1 * 0.212 + 0.9 * 0.113)
    silent = OperatingPoint(true_positives=0, num_members=9, false_positives=0, num_nonmembers=9)
    assert np.isnan(precision_at_prior(silent, 0.1).value)


def test_bounds_spend_the_whole_error_on_one_side():
    assert upper_bound(partial(binomial_interval, 0, 50)) == pytest.approx(1 - 0.05 ** (1 / 50))
    assert lower_bound(partial(binomial_interval, 50, 50)) == pytest.approx(0.05 ** (1 / 50))
    with pytest.raises(InputError, match=r"level must lie between 0\.5 and 1"):
        upper_bound(partial(binomial_interval, 0, 50), level=0.2)


def test_what_nonmembers_cannot_support_is_refused_in_one_line():
    """The table of audit practice: 2.95 % for 100, 0.60 % for 500, 0.06 % for 5,000."""
    assert [round(100 * smallest_fpr(n), 2) for n in (100, 500, 1000, 5000)] == [
        2.95, 0.6, 0.3, 0.06
    ]  # fmt: skip
    scores = np.arange(100.0)
    with pytest.raises(InputError, match=r"100 non-members support no .* below 0\.0295, got"):
        cross_fitted_point(scores, scores, generator=np.random.default_rng(0), fpr=0.01)
    with pytest.raises(InputError, match=r"100 non-members give no threshold .* below 1/101"):
        threshold_at_fpr(scores, fpr=0.001)
    with pytest.raises(InputError, match="at least 2 scores for 2 folds, got 1 members"):
        cross_fitted_point([1.0], scores, generator=np.random.default_rng(0))
