"""Verdicts on models that do nothing, forget, forget too much, or are destroyed."""

import numpy as np
import pytest
from sklearn.metrics import r2_score
from table_models import ROWS, Table, class_split, knowing, labels, noisy, numbered, row_split

from qiskit_qmu.auditing import audit
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import Evidence, SplitObservations, judge, measure
from qiskit_qmu.observation import Observations


def _verdict(logits, oracle, split):
    report = audit(Table(logits), split, oracle=None if oracle is None else Table(oracle))
    return report.verdict, report.reason


def _beside_original(logits, oracle, original, split):
    report = audit(Table(logits), split, oracle=Table(oracle), original=Table(original))
    return report.verdict, report.reason


def _without_class_1(other=0):
    answers = labels().copy()
    answers[answers == 1] = other
    return knowing(3.0, answers)


@pytest.mark.parametrize(
    ("logits", "verdict", "reason"),
    [
        (knowing(3.0), "remembered", "accuracy on the forgotten rows is 1.000 above the oracle's"),
        (_without_class_1(), "forgotten", "is at most 0.05 above the oracle"),
        (_without_class_1(other=2), "forgotten", "is at most 0.05 above the oracle"),
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
    assert why.startswith("AUC beside the oracle 1.000")


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


def _right_on(share):
    """Logits that name the class of a share of the rows of class 1, and of all other rows."""
    answers = labels().copy()
    own = np.flatnonzero(answers == 1)
    answers[own[np.arange(len(own)) % 10 >= 10 * share]] = 0
    return knowing(3.0, answers)


def test_a_class_that_was_never_learned_is_not_forgotten():
    """Original, oracle and audited all know 40 % of the class: nothing was there to forget."""
    weak = _right_on(0.4)
    own, why = _beside_original(weak, weak, weak, class_split())
    assert own == "untested"
    assert why.startswith("doing nothing passes the same test")
    assert _beside_original(_right_on(0.4), _right_on(0.4), knowing(3.0), class_split())[0] == (
        "forgotten"
    )


def test_a_forgotten_class_with_a_trace_says_so():
    answers = _without_class_1().argmax(axis=1)
    margins = np.random.default_rng(0).normal(3.0, 1.0, 2 * ROWS)
    oracle = knowing(margins, answers)
    margins[class_split().forget.indices] += 4.0  # surer of another class on the rows it knew
    own, why = _beside_original(knowing(margins, answers), oracle, knowing(3.0), class_split())
    assert own == "forgotten"
    assert "but AUC of the attack 0.0" in why
    assert "excludes ½" in why


def _values(errors, seed=0):
    """What a model of values answers to 60 forgotten, 60 retained and 120 never-seen rows."""
    generator = np.random.default_rng(seed)
    parts = {}
    for name, rows in (("forget", 60), ("retain", 60), ("test_forget", 120), ("test_retain", 120)):
        targets = np.random.default_rng(rows).normal(size=rows)
        own = errors["forget" if name == "forget" else "others"] * generator.normal(size=rows)
        parts[name] = Observations(row_losses=own**2, outputs=targets + own, targets=targets)
    return SplitObservations(**parts)


def _judged(observed, oracle, original=None):
    def numbers(seen):
        scores = seen.forget.membership_score, seen.test_forget.membership_score
        return measure(Evidence(observed=seen, oracle=oracle, scores={"mia_auc": scores}))

    before = None if original is None else numbers(original)
    return judge(numbers(observed), numbers(oracle), "instances", original=before)


KNOWS, LEARNED = {"forget": 0.05, "others": 0.5}, {"forget": 0.5, "others": 0.5}


@pytest.mark.parametrize(
    ("errors", "verdict", "reason"),
    [
        (KNOWS, "remembered", "AUC of the attack 0.9"),
        (LEARNED, "forgotten", "no test tells the rows from rows that were never seen: AUC"),
        ({"forget": 3.0, "others": 0.5}, "over-forgotten", "AUC of the attack 0.1"),
        ({"forget": 0.9, "others": 0.9}, "utility lost", "R² on never-seen rows to retain is 0."),
    ],
)
def test_values(errors, verdict, reason):
    found = _judged(_values(errors, 1), _values(LEARNED, 2), _values(KNOWS, 3))
    assert found.name == verdict
    assert found.reason.startswith(reason)
    keys = {"remembered": "mia_auc", "forgotten": "reference_auc", "utility lost": "r2_retain_test"}
    assert found.decided_by == keys.get(verdict, "mia_auc")


def test_a_loss_of_ones_own_is_read_beside_the_oracles():
    def lossy(factor, seed):
        seen = _values(LEARNED, seed)
        only = {
            name: Observations(row_losses=factor * getattr(seen, name).losses)
            for name in ("forget", "retain", "test_forget", "test_retain")
        }
        return SplitObservations(**only)

    assert _judged(lossy(1.05, 0), lossy(1.0, 0)).name != "utility lost"
    lost = _judged(lossy(1.2, 0), lossy(1.0, 0))
    assert (lost.name, lost.reason) == (
        "utility lost",
        "mean loss on never-seen rows to retain is 20 % above the oracle's",
    )


def test_a_model_of_values_has_columns_of_values():
    seen = _values(LEARNED)
    row = measure(Evidence(observed=seen)).to_row()
    expected = r2_score(seen.test_retain.targets, seen.test_retain.outputs)
    assert row["r2_retain_test"] == pytest.approx(expected)
    assert row["loss_retain_test"] == pytest.approx(seen.test_retain.losses.mean())
    assert not {"acc_retain_test", "mia_paper_rate", "js_oracle_forget"} & row.keys()
