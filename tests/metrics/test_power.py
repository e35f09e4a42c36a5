"""Power against simulated audits, textbook variances, and itself."""

import math

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import (
    auroc,
    auroc_interval,
    detectable_auc,
    equivalence_margin,
    mean_interval,
    models_needed,
    models_needed_for_equivalence,
    rows_needed,
    rows_needed_for_equivalence,
)


def _shift(auc):
    return math.sqrt(2) * stats.norm.ppf(auc)


@pytest.mark.parametrize(("members", "nonmembers"), [(30, 60), (90, 500)])
def test_a_detectable_auc_is_shown_as_often_as_promised(members, nonmembers):
    """Of 300 simulated audits 80 % show it; 3.5 standard deviations are 0.08 (fails 1 in 2,000)."""
    generator = np.random.default_rng(members)
    shift = _shift(detectable_auc(members, nonmembers))
    shown = [
        auroc_interval(
            generator.normal(shift, 1, members), generator.normal(0, 1, nonmembers)
        ).low > 0.5
        for _ in range(300)
    ]  # fmt: skip
    assert np.mean(shown) == pytest.approx(0.8, abs=0.08)


def test_so_is_one_that_is_averaged_over_models():
    generator = np.random.default_rng(1)
    shift = _shift(detectable_auc(20, 40, num_models=6))
    audits = generator.normal(size=(200, 6, 60))
    audits[:, :, :20] += shift
    shown = [
        mean_interval([auroc(model[:20], model[20:]) for model in audit]).low > 0.5
        for audit in audits
    ]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.1)


def test_what_is_needed_is_the_least_that_detects():
    rows = rows_needed(0.6, num_nonmembers=500)
    assert detectable_auc(rows, 500) <= 0.6 < detectable_auc(rows - 1, 500)
    models = models_needed(0.55, 90, 500, mutual=True)
    assert detectable_auc(90, 500, num_models=models, mutual=True) <= 0.55
    assert detectable_auc(90, 500, num_models=models - 1, mutual=True) > 0.55
    assert rows_needed(0.4) == rows_needed(0.6)
    assert models_needed(0.9, 90, 500) == 1


def test_no_number_of_rows_makes_up_for_too_few_others():
    assert rows_needed(0.51, num_nonmembers=50) is None
    assert rows_needed_for_equivalence(0.01, num_nonmembers=50) is None
    assert detectable_auc(3, 100) == 1.0


def test_equivalence_needs_the_variance_of_mann_whitney():
    """Under ½ the variance is (n + m + 1)/(12nm); shown if |AUC − ½| ≤ margin − t·se."""
    error = math.sqrt(591 / (12 * 90 * 500))
    expected = error * (stats.t.ppf(0.975, 588) + stats.norm.ppf(0.9))
    assert equivalence_margin(90, 500) == pytest.approx(expected, rel=1e-9)
    rows = rows_needed_for_equivalence(0.05)
    assert equivalence_margin(rows, rows) <= 0.05 < equivalence_margin(rows - 1, rows - 1)
    models = models_needed_for_equivalence(0.05, 90, 500)
    assert equivalence_margin(90, 500, num_models=models) <= 0.05
    assert equivalence_margin(90, 500, num_models=2, mutual=True) == 0.5


def test_no_leak_cannot_be_shown():
    with pytest.raises(InputError, match=r"auc must differ from 0\.5"):
        rows_needed(0.5)
    with pytest.raises(InputError, match="num_members must be an integer of at least 1"):
        detectable_auc(0, 10)
