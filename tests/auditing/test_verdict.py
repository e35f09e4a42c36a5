"""Verdicts on models that do nothing, forget, forget too much, or are destroyed."""

import numpy as np
import pytest
from table_models import ROWS, Table, class_split, knowing, labels, noisy, numbered, row_split

from qiskit_qmu.auditing import audit
from qiskit_qmu.data import ForgetSplit


def _verdict(logits, oracle, split):
    report = audit(Table(logits), split, oracle=None if oracle is None else Table(oracle))
    return report.verdict, report.reason


def _without_class_1(other=0):
    answers = labels().copy()
    answers[answers == 1] = other
    return knowing(3.0, answers)


@pytest.mark.parametrize(
    ("logits", "verdict", "reason"),
    [
        (knowing(3.0), "remembered", "right 1.000 more often"),
        (_without_class_1(), "forgotten", "no better than by the oracle"),
        (_without_class_1(other=2), "forgotten", "no better than by the oracle"),
        (knowing(3.0, np.zeros(2 * ROWS, dtype=int)), "utility lost", "0.500 below the oracle's"),
    ],
    ids=["no-op", "oracle-like", "other wrong class", "destroyed"],
)
def test_a_class(logits, verdict, reason):
    own, why = _verdict(logits, _without_class_1(), class_split())
    assert own == verdict
    assert reason in why


# 60 forgotten and 120 never-seen rows, margins of deviation 1: a shift of 2 has an AUC of 0.92.
@pytest.mark.parametrize(
    ("shift", "verdict"), [(2.0, "remembered"), (0.0, "forgotten"), (-2.0, "over-forgotten")]
)
def test_single_rows(shift, verdict):
    own, _ = _verdict(noisy(1, forgotten=shift), noisy(2), row_split())
    assert own == verdict


def test_a_trace_that_only_the_oracle_shows_counts():
    own, why = _verdict(noisy(1, forgotten=0.1), noisy(1), row_split())
    assert own == "remembered"
    assert why.startswith("reference test AUC")


def test_single_rows_with_lost_utility():
    answers = np.zeros(2 * ROWS, dtype=int)
    own, why = _verdict(knowing(3.0, answers), noisy(2), row_split())
    assert own == "utility lost"
    assert "0.667 below" in why


def test_a_loss_within_the_tolerance_is_none():
    answers = _without_class_1().argmax(axis=1)
    kept = ROWS + class_split().test_retain.indices
    for wrong, verdict in ((4, "forgotten"), (5, "utility lost")):  # of 80: 5 % and 6.25 %
        changed = answers.copy()
        changed[kept[:wrong]] = 1
        assert _verdict(knowing(3.0, changed), _without_class_1(), class_split())[0] == verdict


def test_without_an_oracle_there_is_no_verdict():
    assert _verdict(noisy(1), None, row_split())[0] == "no oracle"


def test_one_row_alone_cannot_be_tested():
    split = ForgetSplit.by_indices(numbered(), [5])
    own, why = _verdict(noisy(1, forgotten=5.0), noisy(1), split)
    assert own == "untested"
    assert "fewer than two" in why


def test_without_never_seen_rows_to_retain_utility_is_that_of_training_rows():
    ds, own = numbered(), class_split()
    split = ForgetSplit(
        kind="class",
        label=1,
        num_classes=3,
        forget=own.forget,
        retain=own.retain,
        validation=ds.train.take([]),
        test_forget=own.test_forget,
        test_retain=ds.test.take([]),
    )
    destroyed = knowing(3.0, np.zeros(2 * ROWS, dtype=int))
    verdict, why = _verdict(destroyed, _without_class_1(), split)
    assert verdict == "utility lost"
    assert "training rows" in why
