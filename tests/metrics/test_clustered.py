"""The AUC over models: scikit-learn, and coverage where models share their training noise."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import auroc_interval, clustered_auroc, mean_interval


def test_limits_are_those_of_the_models_aucs(generator):
    included = generator.integers(0, 2, (5, 40)).astype(bool)
    scores = generator.normal(size=(5, 40)).round(1) + included
    aucs = [roc_auc_score(truth, values) for truth, values in zip(included, scores, strict=True)]
    interval, expected = clustered_auroc(scores, included), mean_interval(aucs)
    assert (interval.low, interval.value) == pytest.approx((expected.low, expected.value))
    scores[0, 3] = np.nan  # not tested
    aucs[0] = roc_auc_score(np.delete(included[0], 3), np.delete(scores[0], 3))
    assert clustered_auroc(scores, included).value == pytest.approx(np.mean(aucs))


def test_rows_that_vary_add_their_error(generator):
    """Models that all score alike have no spread of their own: DeLong's error of one is left."""
    included = np.repeat([generator.integers(0, 2, 400).astype(bool)], 6, axis=0)
    scores = np.repeat([generator.normal(size=400)], 6, axis=0) + included
    assert clustered_auroc(scores, included).spread == pytest.approx(0)
    interval = clustered_auroc(scores, included, rows_vary=True)
    one = auroc_interval(scores[0, included[0]], scores[0, ~included[0]])
    assert interval.spread == pytest.approx(one.spread, rel=0.02)
    assert clustered_auroc(scores[:1], included[:1]) == one


@pytest.mark.slow
def test_limits_hold_where_models_and_rows_differ():
    """A row's ease of attack is its own and a model's leak its own; 400 draws, 95 % ± 3.5 sd."""
    generator, covered = np.random.default_rng(0), []
    truth = None
    for models in (400, *[6] * 400):
        rows = 400 if models == 400 else 60
        included = generator.integers(0, 2, (models, rows)).astype(bool)
        leak = 0.5 + 0.5 * generator.normal(size=(models, 1)) + generator.normal(size=(1, rows))
        scores = leak * included + generator.normal(size=(models, rows))
        interval = clustered_auroc(scores, included, rows_vary=True)
        if truth is None:
            truth = interval.value
        else:
            covered.append(truth in interval)
    assert np.mean(covered) > 0.91


def test_unusable_scores_are_refused():
    with pytest.raises(InputError, match="model 1 needs members and non-members"):
        clustered_auroc(np.zeros((2, 2)), np.array([[True, False], [True, True]]))
    with pytest.raises(InputError, match="included as booleans"):
        clustered_auroc(np.zeros((2, 2)), np.zeros((2, 2)))
