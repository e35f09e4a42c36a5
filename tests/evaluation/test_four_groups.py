"""The table of forgotten and retained rows, each beside unseen ones."""

import numpy as np
import pytest

from qiskit_qmu.evaluation import SplitObservations, four_groups
from qiskit_qmu.metrics import auroc, auroc_change, stratified_auroc
from qiskit_qmu.observation import Observations


def _losses(generator, rows, shift):
    return Observations(row_losses=np.exp(generator.normal(shift, 1, rows)))


def _observed(generator, retained):
    return SplitObservations(
        forget=_losses(generator, 60, 0.0),
        retain=_losses(generator, 300, retained),
        test_forget=_losses(generator, 80, 0.0),
        test_retain=_losses(generator, 300, 0.0),
    )


def test_both_leaks_and_the_change_are_found_where_they_are(generator):
    before, after = _observed(generator, -0.5), _observed(generator, -1.5)
    table = four_groups(after, before)
    assert [row.num_rows for row in table.rows] == [60, 80, 300, 300]
    assert [row.member for row in table.rows] == [True, False, True, False]
    forgotten, retained, change = table.findings
    assert not forgotten.value.excludes(0.5)
    assert forgotten.p_value > 0.05
    assert retained.value.low > 0.5
    assert change.value.low > 0
    assert change.value.value == pytest.approx(
        auroc(-after.retain.losses, -after.test_retain.losses)
        - auroc(-before.retain.losses, -before.test_retain.losses)
    )
    assert forgotten.value.level == pytest.approx(1 - 0.05 / 3)


def test_parts_that_were_not_observed_are_left_out(generator):
    """A class that was forgotten has no unseen rows in common with the retained ones."""
    logits = generator.normal(size=(6, 2))
    seen = SplitObservations(
        forget=Observations(logits=logits, labels=np.zeros(6, dtype=int)),
        test_forget=Observations(logits=logits, labels=np.ones(6, dtype=int)),
    )
    table = four_groups(seen)
    assert table.findings == ()
    assert len(table.rows) == 2
    assert table.rows[0].accuracy.value == pytest.approx(np.mean(logits[:, 0] > logits[:, 1]))


def test_the_change_has_delongs_variance_of_correlated_aucs(generator):
    """Var(A − B) = Var A + Var B − 2 Cov, from the placements of a slow loop, within classes."""
    labels = np.repeat([0, 1], [12, 8]), np.repeat([0, 1], [10, 15])
    after = generator.normal(size=20) + 1, generator.normal(size=25)
    before = after[0] + generator.normal(size=20), after[1] + generator.normal(size=25)
    change = auroc_change(after, before, labels=labels)
    expected = [stratified_auroc(m, labels[0], n, labels[1]).value for m, n in (after, before)]
    assert change.value == pytest.approx(expected[0] - expected[1])
    variance, above = 0.0, []
    for c in (0, 1):
        wins = [
            (m[labels[0] == c][:, None] > n[labels[1] == c][None]).astype(float)
            for m, n in (after, before)
        ]
        above.append(wins[0].mean(axis=1) - wins[1].mean(axis=1))
        below = [w.mean(axis=0) for w in wins]
        covariance = np.cov(*below)
        share = np.mean(labels[0] == c)
        variance += (
            share**2 * (covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]) / len(below[0])
        )
    variance += np.concatenate(above).var(ddof=1) / 20
    assert change.high - change.value == pytest.approx(2.02 * np.sqrt(variance), rel=0.04)
