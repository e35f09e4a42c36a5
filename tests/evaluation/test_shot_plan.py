"""Which numbers of shots meet a target, by bounds and not by estimates."""

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation import (
    NoShotsError,
    PlannedShots,
    ShotPlan,
    ShotTarget,
    check_shot_counts,
    planned_shots,
)
from qiskit_qmu.metrics import Interval
from qiskit_qmu.observation import Observations

TARGET = ShotTarget(max_auc=0.6, min_accuracy=0.8)


def plan(*numbers):
    """Return a plan from shots, limits of accuracy and limits of one AUC."""
    choices = [
        PlannedShots(shots=n, accuracy=Interval(sum(a) / 2, *a),
                     aucs={"mia_auc": Interval(sum(b) / 2, *b)})
        for n, a, b in numbers
    ]  # fmt: skip
    return ShotPlan(target=TARGET, choices=tuple(choices), num_members=9, num_never_seen=9)


def test_both_bounds_must_hold():
    found = plan(
        (4, (0.7, 0.9), (0.4, 0.55)),  # accuracy may be too low
        (16, (0.81, 0.9), (0.45, 0.59)),
        (64, (0.85, 0.9), (0.39, 0.5)),  # as far below 1/2
        (256, (0.85, 0.9), (0.5, 0.61)),
    )
    assert found.meeting == (16,)
    assert found.advice.startswith("16 shots meet the target where a row is asked once")
    found.check()


def test_where_none_meets_it_says_which_part_fails():
    found = plan((4, (0.7, 0.95), (0.4, 0.55)), (16, (0.85, 0.9), (0.45, 0.7)))
    with pytest.raises(NoShotsError, match=r"0\.600 at best, with 4 .* 0\.850 at best, with 16"):
        found.check()
    assert "the estimates with 4, 16 shots do, so more rows may show it" in found.advice


def test_bounds_are_of_the_divided_level(generator):
    labels = generator.integers(2, size=60)
    logits = generator.normal(size=(60, 2)) + np.eye(2)[labels]
    observed = Observations(logits, labels, shots=5)
    found = planned_shots(
        TARGET, 5, answers=observed, members=observed, never_seen=observed, compared=5
    )
    right = (logits.argmax(axis=1) == labels).sum()
    assert found.accuracy.low == pytest.approx(stats.beta.ppf(0.01, right, 61 - right))
    assert set(found.aucs) == {"mia_auc"}
    assert found.aucs["mia_auc"].value == pytest.approx(0.5)


def test_models_without_classes_and_bad_counts_are_refused():
    values = Observations(row_losses=np.zeros(3))
    with pytest.raises(InputError, match="predict classes"):
        planned_shots(TARGET, 5, answers=values, members=values, never_seen=values, compared=1)
    with pytest.raises(InputError, match="shots has duplicates"):
        check_shot_counts([4, 4])
