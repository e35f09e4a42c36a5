"""The attacks of a study on made-up answers, whose AUCs are known."""

import numpy as np
import pytest

from qiskit_qmu.experiments.shots.study.attacks import attacked_rows
from qiskit_qmu.experiments.shots.study.target import TargetAnswers


def _targets(generator, gain, rows=120, targets=6):
    """Targets whose scores grow by a gain on rows that they were trained on."""
    hardness = generator.normal(0, 5, rows)
    made = []
    for number in range(targets):
        if number % 2 == 0:
            half = generator.random(rows) < 0.5
        included = half if number % 2 == 0 else ~half
        scores = hardness + generator.normal(0, 0.5, rows) + gain * included
        p = 0.5 + 0.2 * gain * np.where(included, 1, -1) / 2
        counts = np.stack([ones := generator.binomial(200, p), 200 - ones], axis=1)
        row = {"method": "original", "device": "exact", "train_shots": None, "shots": 200}
        arrays = {
            "included": included,
            "forgotten": included & (np.arange(rows) % 4 == 0),
            "controls": ~included & (np.arange(rows) % 4 == 0),
            "scores": scores[None],
            "repeated": (hardness + 10 * gain * included)[None],
            "counts-0": counts,
        }
        made.append(TargetAnswers(rows=[row], arrays=arrays))
    return made


def test_references_see_what_a_loss_does_not(generator):
    rows = attacked_rows(_targets(generator, 1.0))
    auc = {key: np.mean([row[key] for row in rows]) for key in rows[0] if "auc" in key}
    assert auc["auc_loss"] < 0.65  # the rows' own hardness hides it
    assert auc["auc_rmia"] > 0.8
    assert auc["forgotten_auc_rmia"] > 0.7
    assert auc["auc_counts"] > 0.95
    assert auc["auc_repeated"] > 0.99


def test_without_a_leak_there_is_none(generator):
    rows = [row for _ in range(4) for row in attacked_rows(_targets(generator, 0.0))]
    for key in ("auc_loss", "auc_rmia", "auc_counts"):
        found = [row[key] for row in rows]
        assert np.mean(found) == pytest.approx(0.5, abs=5 * np.std(found) / np.sqrt(len(found)))
