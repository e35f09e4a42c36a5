"""qmu shots study: what is written, what is not computed again, and what is refused."""

import csv
import json

import pytest
from html_check import check

SMALL = (
    "--datasets", "iris", "--models", "basic", "--shots", "4", "--methods", "ssd-unbiased",
    "--targets", 4, "--device", "none", "--forget-class", 1, "--train-size", 30,
    "--test-size", 20, "--set", "model.num_qubits=2", "--set", "model.num_layers=1",
    "--set", "trainer.epochs=1", "--workers", 1,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.ci
def test_a_study_is_written_and_resumed(qmu, folder):
    ran = qmu("shots", "study", *SMALL, "--out", "study")
    assert ran.status == 0, ran.err
    assert "iris, basic: exact answers are right in" in " ".join(ran.out.split())
    lines = (folder / "study" / "study.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert {row["shots"] for row in rows} == {None, 4}
    few = next(row for row in rows if row["shots"] == 4 and row["method"] == "original")
    assert all(0 <= few[key] <= 1 for key in ("auc_rmia", "auc_counts", "auc_repeated"))
    unlearned = [row for row in rows if row["method"] == "ssd-unbiased" and row["shots"] is None]
    assert [row["unlearn_shots"] for row in unlearned[:2]] == [None, 4]
    assert unlearned[0]["js_exact"] is None  # the one that others are compared with
    assert 0 <= unlearned[1]["js_exact"] < 1
    with (folder / "study" / "study.csv").open() as file:
        table = list(csv.DictReader(file))
    assert table[0]["method"] == "oracle"
    checker = check((folder / "study" / "study.html").read_text())
    assert (checker.tags.count("svg"), checker.tags.count("table")) == (5, 3)
    kept = sorted((folder / "study" / "targets").iterdir())
    before = [path.stat().st_mtime_ns for path in kept]
    again = qmu("shots", "study", *SMALL, "--out", "study", "--json", "--quiet")
    assert json.loads(again.out)["rows"] == rows
    assert [path.stat().st_mtime_ns for path in kept] == before
    assert len(kept) == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--targets", 5), "--targets must be even"),
        (("--datasets", "wine"), "must be one of digits"),
        (("--methods", "gd"), "must be one of ga, "),
        (("--device", "ibm_torino"), "use a fake device"),
        (("--forget-class", 7), "must be one of 0, 1, 2; got 7"),
    ],
)
def test_what_is_no_study_is_refused(refuses, words, message):
    assert message in refuses("shots", "study", *SMALL, *words)
