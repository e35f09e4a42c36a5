"""Tests that need outputs only: what they find, what they refuse, and beside which null."""

from dataclasses import replace

import numpy as np
import pytest

from qiskit_qmu.auditing import Auditor
from qiskit_qmu.auditing.array_tests import array_tests
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.data.table_columns import TableColumn
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.metrics import binomial_interval
from qiskit_qmu.observation import Observations


def _rows(n):
    """Rows of two classes; every fifth is of the region EU, and ages are spread evenly."""
    place = np.arange(n)
    x = np.column_stack([place % 5 == 0, place % 5 != 0, place / n]).astype(np.float32)
    return Rows(x=x, y=place % 2, indices=place)


def _split(forget=200, unseen=200):
    first, second = _rows(forget), _rows(unseen)
    none = first.take(np.arange(0))
    columns = (
        TableColumn(name="region", kind="category", features=(0, 2), categories=("EU", "US")),
        TableColumn(name="age", kind="number", features=(2, 3)),
        TableColumn(name="ward", kind="number", values=np.zeros(forget)),
    )
    return ForgetSplit(
        kind="instances", label=None, num_classes=2,
        forget=first, retain=none, validation=none, test_forget=second, test_retain=second,
        columns=columns,
    )  # fmt: skip


def _seen(split, generator, leak=0.0):
    """Outputs in which the true class of a forgotten row is likelier by its ``leak``."""

    def part(rows, shift):
        margin = generator.normal(size=len(rows)) + shift
        return Observations(
            logits=np.where(rows.y[:, None] == [0, 1], margin[:, None], 0.0), labels=rows.y
        )

    unseen = part(split.test_forget, 0.0)
    return SplitObservations(
        forget=part(split.forget, leak), test_forget=unseen, test_retain=unseen
    )


def _found(split, observed, oracles=()):
    auditor = Auditor(split, None, list(oracles))
    measured = auditor.measure(observed)
    tests = array_tests(measured, split, oracles=auditor.oracles, seed=3)
    return {finding.key: finding for finding in tests.findings}, tests.skipped


def test_a_leak_of_one_region_is_found_there_and_nowhere_else(generator):
    split = _split()
    observed = _seen(split, generator, leak=3.0 * split.forget.x[:, 0])
    found, skipped = _found(split, observed)
    region, rest = found["slice_region_EU"], found["slice_region_US"]
    assert (region.num_rows, rest.num_rows) == (40, 160)
    assert region.p_value < 0.001
    assert rest.p_value > 0.05
    assert {"slice_class_0", "slice_class_1"} <= set(found)
    assert sum(key.startswith("slice_age") for key in found) == 4
    assert set(skipped) == {"true positive rate at 1 % false positives", "groups of rows by ward"}
    assert "200 non-members" in skipped["true positive rate at 1 % false positives"]


def test_rates_are_counts_at_thresholds_from_the_other_half(generator):
    """Members score 1.5 higher: a threshold at 5 % finds 44 %, Φ(1.5 − 1.645)."""
    split = _split(1000, 1000)
    found, skipped = _found(split, _seen(split, generator, leak=1.5))
    rate = found["tpr_at_fpr_5"]
    assert rate.null.value == rate.null.low == 0.05
    assert rate.value == binomial_interval(round(1000 * rate.value.value), 1000, 1 - 0.05 / 3)
    assert rate.value.value == pytest.approx(0.442, abs=0.09)
    assert found["tpr_at_fpr_1"].value.value == pytest.approx(0.204, abs=0.12)
    # The best threshold lies halfway: 77.3 against 22.7 %.
    assert found["advantage"].value.value == pytest.approx(0.547, abs=0.08)
    assert found["precision_at_prior_10"].value.value == pytest.approx(0.275, abs=0.06)
    assert found["precision_at_prior_50"].null.value == 0.5
    assert 0 < found["epsilon_lower_bound"].value.value < np.log(0.204 / 0.01)
    assert found["group_forgotten"].value.value > found["group_forgotten_unseen"].value.value
    assert list(skipped) == ["groups of rows by ward"]


def test_oracles_are_the_null_and_tell_classes_from_membership(generator):
    split = _split()
    few = split.forget.take(np.flatnonzero(split.forget.y == 1))
    split = replace(split, forget=few)
    observed = _seen(split, generator)
    found, skipped = _found(split, observed)
    assert not any(key.startswith(("tpr", "advantage", "epsilon")) for key in found)
    assert any("differ in their classes" in reason for reason in skipped.values())
    found, _ = _found(split, observed, [_seen(split, generator) for _ in range(2)])
    assert found["tpr_at_fpr_5"].null.value != 0.05
    assert found["group_forgotten"].null.has_limits
    again, _ = _found(split, observed, [_seen(split, generator) for _ in range(2)])
    assert again["tpr_at_fpr_5"].value == found["tpr_at_fpr_5"].value
