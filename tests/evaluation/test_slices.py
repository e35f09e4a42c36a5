"""Slices: which rows fall into a group, and what is found in it."""

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation import slices
from qiskit_qmu.evaluation.value_groups import value_groups
from qiskit_qmu.metrics import stratified_auroc
from qiskit_qmu.observation import Observations


def test_numbers_are_cut_into_equal_groups_and_categories_stay():
    values = np.arange(40.0)
    found = value_groups("age", values[:30], values[30:], sizes=(30, 10))
    assert [masks[0].sum() + masks[1].sum() for masks in found.values()] == [10] * 4
    assert next(iter(found)) == "0 to 9.75"
    found = value_groups("visits", [3, 1, 10], [1, 3], sizes=(3, 2))
    assert list(found) == ["1", "3", "10"]  # by value, not by text
    found = value_groups("age", [*range(20), np.nan], [np.nan], sizes=(21, 1), quantiles=2)
    assert found["missing"][0].sum() == found["missing"][1].sum() == 1
    assert sum(masks[0].sum() for masks in found.values()) == 21


def test_many_equal_numbers_leave_no_group_empty():
    values = np.concatenate([np.zeros(100), np.arange(1, 20)])
    found = value_groups("dose", values, [0.0], sizes=(119, 1))
    assert all(masks[0].any() for masks in found.values())
    assert sum(masks[0].sum() for masks in found.values()) == 119


def test_the_rare_group_that_leaks_is_found_and_the_others_are_not():
    """Ten of 100 forgotten rows leak; within classes, whose scores differ without membership."""
    generator = np.random.default_rng(0)
    groups, labels = np.repeat(["common", "rare"], [90, 10]), np.arange(100) % 3
    members = generator.normal(size=100) + 3 * (groups == "rare") + 5 * labels
    nonmembers = generator.normal(size=100) + 5 * labels
    seen = [Observations(row_losses=np.exp(-scores)) for scores in (members, nonmembers)]
    found = slices(
        (members, nonmembers), {"group": (groups, groups)}, labels=(labels, labels),
        observed=(seen[0], seen[1]),
    )  # fmt: skip
    assert [(part.column, part.group) for part in found] == [
        ("class", "0"), ("class", "1"), ("class", "2"), ("group", "common"), ("group", "rare")
    ]  # fmt: skip
    rare = found[-1]
    expected = stratified_auroc(members[90:], labels[90:], nonmembers[90:], labels[90:], 0.99)
    assert (rare.auc.low, rare.auc.value) == pytest.approx((expected.low, expected.value))
    assert [part.group for part in found if part.p_value < 0.05] == ["rare"]
    assert rare.loss_gap.value > 0
    assert not rare.accuracy_gap.known
    finding = rare.finding()
    assert (finding.group, finding.num_rows) == ("slices", 10)
    assert "still recognised" in finding.reading


def test_a_group_without_unseen_rows_is_shown_without_a_number():
    scores = np.arange(3.0), np.arange(3.0)
    found = slices(scores, {"ward": (["a", "a", "b"], ["a", "a", "a"])})
    assert (found[1].num_members, found[1].num_nonmembers) == (1, 0)
    assert not found[1].auc.known
    assert found[1].p_value is None
    assert "No AUC" in found[1].finding().reading


def test_a_column_of_another_length_is_refused():
    with pytest.raises(InputError, match="column 'age' needs a value for each of 2 rows"):
        slices(([1.0, 2.0], [1.0]), {"age": ([1], [1])})
    with pytest.raises(InputError, match="columns must not be empty"):
        slices(([1.0], [1.0]), {})


@pytest.mark.slow
def test_without_a_leak_any_slice_is_rarely_called_one():
    """300 audits of eight slices: at least one alarm in at most 5 %, + 3.5 sd."""
    generator, alarms = np.random.default_rng(1), 0
    for _ in range(300):
        scores = generator.normal(size=(2, 200))
        columns = {
            "age": tuple(generator.normal(size=(2, 200))),
            "ward": tuple(generator.choice(4, (2, 200), p=[0.6, 0.25, 0.1, 0.05]).astype(str)),
        }
        found = slices((scores[0], scores[1]), columns)
        alarm = min(part.p_value for part in found if part.p_value is not None) < 0.05
        excluded = any(part.auc.excludes(0.5) for part in found)
        alarms += alarm or excluded
    assert alarms / 300 <= 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / 300)
