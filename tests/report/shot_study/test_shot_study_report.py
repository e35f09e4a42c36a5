"""A study's points, sentences and tables from rows whose means are known."""

import csv
import io

import pytest

from qiskit_qmu.report.shot_study import (
    study_csv,
    study_figures,
    study_findings,
    study_markdown,
    summarise_study,
)


def _rows(shots, accuracy, aucs, **names):
    row = {
        "dataset": "digits", "model": "basic", "method": "original", "device": "exact",
        "train_shots": None, "unlearn_shots": None, "shots": shots, **names,
    }  # fmt: skip
    return [{**row, "acc_test": accuracy, "auc_rmia": auc, "auc_repeated": 0.59} for auc in aucs]


ROWS = [
    *_rows(None, 0.8, (0.599, 0.601)),
    *_rows(4, 0.5, (0.52, 0.54)),
    *_rows(64, 0.79, (0.57, 0.59)),
    *_rows(64, 0.7, (0.5, 0.6), method="ssd", unlearn_shots=4),
]


def test_points_are_means_over_targets():
    points = summarise_study(ROWS)
    assert [(point.method, point.shots, point.targets) for point in points] == [
        ("original", None, 2), ("original", 4, 2), ("original", 64, 2), ("ssd", 64, 2),
    ]  # fmt: skip
    assert points[1].values["auc_rmia"].value == pytest.approx(0.53)
    assert points[1].spreads["auc_rmia"] == pytest.approx(0.02 / 2**0.5)
    (first, *_) = csv.DictReader(io.StringIO(study_csv(points)))
    assert (first["shots"], first["auc_rmia"], first["auc_loss"]) == ("exact", "0.6", "")
    assert "| exact | exact | 64 | 79.0" in study_markdown(points)


def test_what_few_shots_are_worth_is_said_in_numbers():
    (text,) = study_findings(summarise_study(ROWS))
    assert "the fewest shots within two points of that accuracy are 64" in text.lower()
    assert "20 % of the leak hidden" in text  # (0.60 - 0.58) / (0.60 - 0.50)
    assert "The most shots that halve the leak are 4" in text
    assert "cost 30.0 points of accuracy" in text
    assert "repeat queries has an AUC of 0.590" in text


def test_no_leak_is_called_none():
    rows = [*_rows(None, 0.8, (0.45, 0.55)), *_rows(4, 0.5, (0.48, 0.5))]
    (text,) = study_findings(summarise_study(rows))
    assert "no leak that this study can tell from none" in text


def test_figures_without_numbers_are_left_out():
    figures = study_figures(summarise_study(ROWS))
    assert list(figures) == ["leak", "accuracy", "front"]
    assert all(svg.startswith("<svg") for svg in figures.values())
