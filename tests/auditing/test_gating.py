"""Which of an audit's numbers a gate is about."""

from dataclasses import replace

import numpy as np
import pytest

from qiskit_qmu.auditing import audit_arrays, gated_numbers
from qiskit_qmu.evaluation import Finding
from qiskit_qmu.metrics import Interval

LABELS, MEMBER = np.arange(200) % 2, np.repeat([1, 0], 100)


def _report(leak):
    rng = np.random.default_rng(1)
    names = ("logits", "oracle_logits", "oracle2_logits")
    logits = {name: rng.normal(size=(200, 2)) for name in names}
    logits["logits"][np.arange(200), LABELS] += leak * MEMBER
    return audit_arrays({"labels": LABELS, "member": MEMBER, **logits})


def _right(seen):
    return (seen.test_retain.predictions == seen.test_retain.labels).mean()


def test_utility_is_paired_with_every_oracle():
    report = _report(0.0)
    oracles = report.observed["oracle 1"], report.observed["oracle 2"]
    found = gated_numbers(report)
    expected = _right(report.observed["audited"]) - np.mean([_right(each) for each in oracles])
    assert found["retain"].value == pytest.approx(expected)
    assert -0.3 < found["retain"].low < found["retain"].high < 0.3
    assert not found["epsilon"].known


def test_the_strategy_s_auc_counts_unless_the_model_itself_leaks():
    tested = Finding(key="strategy_auc", group="strategy", name="", value=Interval(0.5, 0.49, 0.51))
    quiet, leaking = (replace(_report(leak), findings=(tested,)) for leak in (0.0, 3.0))
    assert gated_numbers(quiet)["auc"] == tested.value
    assert gated_numbers(leaking)["auc"].low > 0.6
    own = gated_numbers(_report(0.0))["auc"]
    assert own.low < 0.5 < own.high
    assert own != tested.value
