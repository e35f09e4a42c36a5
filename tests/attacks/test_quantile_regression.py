"""Quantile regression: known conditional quantiles, coverage without a signal, and power."""

import numpy as np
import pytest
from scipy.stats import binom

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import LossAttack, QuantileRegressionAttack
from qiskit_qmu.metrics import auroc, stratified_auroc
from qiskit_qmu.observation import Observations


def _rows(generator, count, shift=0.0):
    """Scores of mean 3 x and deviation 1 + x/2, x of the row; members score higher by a shift."""
    x = generator.uniform(-1, 1, (count, 1))
    scores = 3 * x[:, 0] + (1 + x[:, 0] / 2) * (generator.normal(size=count) + shift)
    return Observations(row_losses=-scores, inputs=x)


def test_a_score_is_placed_in_the_normal_distribution_that_it_was_drawn_from(generator):
    rows = _rows(generator, 800)
    fitted = QuantileRegressionAttack().fit(rows.inputs, rows.membership_score)
    x, scores = np.array([[-0.5], [0.0], [0.8]]), np.array([-2.0, 0.5, 5.2])
    expected = (scores - 3 * x[:, 0]) / (1 + x[:, 0] / 2)  # -0.67, 0.5, 2.0
    np.testing.assert_allclose(fitted.place(x, scores), expected, atol=0.35)
    assert (np.diff(fitted.quantiles(x), axis=1) > 0).all()


def test_it_sees_what_the_loss_hides_behind_hard_rows(generator):
    members, nonmembers = _rows(generator, 200, shift=1.0), _rows(generator, 200)
    alone = auroc(*LossAttack().scores(members, nonmembers))
    found = auroc(*QuantileRegressionAttack().scores(members, nonmembers, generator=generator))
    # Of the known distributions Φ(1/√2) = 0.760.
    assert found > alone + 0.05
    assert found == pytest.approx(0.76, abs=0.08)


def test_no_row_counts_in_what_it_is_scored_by(generator):
    """A never-seen row with an extreme score does not move its own quantiles."""
    members, nonmembers = _rows(generator, 10), _rows(generator, 40)
    attack = QuantileRegressionAttack()
    scores = []
    for loss in (-50.0, -100.0):
        losses = nonmembers.row_losses.copy()
        losses[7] = loss
        changed = Observations(row_losses=losses, inputs=nonmembers.inputs)
        found = attack.scores(members, changed, generator=np.random.default_rng(0))
        scores.append(found[1][7])
    assert scores[1] - scores[0] > 20  # linear beyond the outermost quantiles
    with pytest.raises(InputError, match="must increase"):
        QuantileRegressionAttack(levels=(0.5, 0.25))


@pytest.mark.slow
def test_intervals_contain_one_half_without_a_signal():
    """With probability 0.999 at most 24 of 250 intervals miss, if 5 % do."""
    missed = 0
    for seed in range(250):
        generator = np.random.default_rng(seed)
        x = [generator.normal(size=(n, 6)) for n in (60, 90)]
        groups = [
            Observations(row_losses=-of.sum(axis=1) + generator.normal(size=len(of)), inputs=of)
            for of in x
        ]
        scores = QuantileRegressionAttack().scores(*groups, generator=generator)
        strata = [np.zeros(len(of), dtype=int) for of in x]
        missed += stratified_auroc(scores[0], strata[0], scores[1], strata[1]).excludes(0.5)
    assert binom.sf(missed - 1, 250, 0.05) > 0.001
