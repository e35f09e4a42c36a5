"""qmu shots plan: what meets a target, what is written, and the exit status where nothing does."""

import json

import pytest
from html_check import check

EASY = ("--max-auc", 0.99, "--min-accuracy", 0.01, "--shots", "4,16")


def test_a_plan_prints_a_table_and_writes_a_folder(qmu, saved, folder):
    outcome = qmu("shots", "plan", saved / "original", *EASY, "--queries", 2, "--out", "out")
    assert outcome.status == 0, outcome.err
    assert "4 to 16 shots meet the target" in " ".join(outcome.out.split())
    content = json.loads((folder / "out" / "plan.json").read_text())
    assert content["meeting"] == [4, 16]
    assert content["target"]["queries"] == 2
    checker = check((folder / "out" / "plan.html").read_text())
    assert checker.tags.count("svg") == checker.tags.count("table") == 1
    assert "holds a plan of shots" in qmu("audit", saved / "unlearned", "--original",
                                          saved / "original", "--out", "out").err  # fmt: skip


def test_a_target_out_of_reach_ends_with_status_1(qmu, saved):
    words = ("--max-auc", 0.5001, "--min-accuracy", 0.01, "--shots", "4", "--json")
    outcome = qmu("shots", "plan", saved / "unlearned", *words)
    assert outcome.status == 1
    plan = json.loads(outcome.out)
    assert plan["meeting"] == []
    assert plan["advice"].startswith("no number of shots meets the target: no attack")
    assert outcome.err.splitlines()[-1] == "qmu shots plan: no number of shots meets the target"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--max-auc", 0.4), "--max-auc must lie between 0.5 and 1"),
        (("--min-accuracy", 2), "argument --min-accuracy: must be a number between 0 and 1"),
        (("--shots", "4,exact"), "leave exact out of --shots"),
        (("--shots", "4,4"), "shots has duplicates"),
        (("--queries", 90_000), "must be at most 100,000, got 1,440,000"),
    ],
)
def test_bad_targets_end_with_one_line(refuses, saved, words, message):
    assert message in refuses("shots", "plan", saved / "original", *EASY, *words)
