"""Ours beside theirs: means over seeds, gaps and ratios to the oracle, and how they are written."""

import csv
import io
import math
from types import SimpleNamespace

import pytest

from qiskit_qmu.experiments.reproduce.compared import StudyReport
from qiskit_qmu.experiments.reproduce.comparison import compare_with_published
from qiskit_qmu.experiments.reproduce.comparison_text import (
    comparison_csv,
    comparison_markdown,
    comparison_text,
)
from qiskit_qmu.experiments.reproduce.published import Published
from qiskit_qmu.experiments.reproduce.quantity import COST, GAPS, Quantity, percent, value

QUANTITIES = (
    percent("retain", value("acc_retain_test"), "good: more", "retain"),
    GAPS[3],
    COST,
    Quantity(heading="extra", read=value("extra"), meaning="what a measure adds", unit="nats"),
)
PUBLISHED = Published(
    source="A paper", values={("basic", "ga"): {"retain": 54.4}, ("basic", "ssd"): {"retain": 14.8}}
)


@pytest.fixture
def compared():
    """Two seeds of an oracle and of GA, a measure of GA, and a cell that failed."""

    def row(method, seed, accuracy, gradients):
        values = {"acc_retain_test": accuracy, "gradient_evaluations": gradients}
        return SimpleNamespace(row={"method": method, "seed": seed, **values})

    cells = [SimpleNamespace(axes={"task": "basic"}, digest=name) for name in "abc"]
    records = [
        [row("oracle", 0, 0.8, 100), row("ga", 0, 0.6, 10)],
        [row("oracle", 1, 0.9, 100), row("ga", 1, 0.8, 30)],
        [row("", 2, None, None)],
    ]
    result = SimpleNamespace(cells=cells, records=records)
    measures = {"a": {"ga": {"extra": 1.5}, "MLP": {"extra": 2.5}}}
    return compare_with_published(result, QUANTITIES, PUBLISHED, measures)


def test_ours_are_means_over_seeds_beside_theirs(compared):
    found = {(each.method, each.quantity.heading): each for each in compared}
    retain = found["ga", "retain"]
    assert (retain.ours.value, retain.seeds, retain.theirs) == (pytest.approx(70.0), 2, 54.4)
    # Student's t of two values: 12.706 · s/√2 with s = 14.14.
    assert retain.ours.high - 70.0 == pytest.approx(127.06, abs=0.01)
    assert found["ga", "Δ retain test"].ours.value == pytest.approx(-15.0)
    assert found["ga", "cost / retraining"].ours.value == pytest.approx(0.2)
    assert found["ga", "extra"].seeds == 1
    assert not found["ga", "extra"].ours.has_limits
    assert found["MLP", "extra"].ours.value == 2.5
    ssd = found["ssd", "retain"]  # (published, and not run)
    assert (math.isnan(ssd.ours.value), ssd.seeds, ssd.theirs) == (True, 0, 14.8)


def test_tables_hold_ours_and_theirs(compared):
    text = comparison_text(compared)
    assert "70.0 ±127.1   54.4" in text
    assert "retain, %: good: more\n" in text
    assert text.endswith("extra, nats: what a measure adds")
    assert "mean nothing" not in text
    assert comparison_text(compared, quick=True).startswith("QUICK CHECK: it ran, and its numbers")
    assert max(map(len, text.splitlines())) <= 118
    report = StudyReport(title="GA", compared=compared, notes=["theirs: A paper"])
    page = comparison_markdown(report)
    assert "| ga | 70.0 ±127.1 | 54.4 | -15.0 ±63.5 | 0.20 ±1.27 | 1.500 |" in page
    assert "| ssd | – | 14.8 | – | – | – |" in page
    assert page.endswith("- theirs: A paper\n")
    assert "- **extra, nats**: what a measure adds\n" in page
    rows = list(csv.DictReader(io.StringIO(comparison_csv(compared))))
    assert len(rows) == len(compared)
    assert rows[4] | {"low": "", "high": ""} == {
        "task": "basic",
        "method": "ga",
        "quantity": "retain",
        "unit": "%",
        "ours": rows[4]["ours"],
        "low": "",
        "high": "",
        "seeds": "2",
        "theirs": "54.4",
    }
