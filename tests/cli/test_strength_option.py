"""--strength auto: what is chosen is said, and kept in every output."""

import json

import pytest
from tiny_options import TINY

from qiskit_qmu.models import load_provenance


def test_run_says_what_was_chosen(qmu, folder):
    words = ("--methods", "ga,gd", "--strength", "auto", "--set", "strength.trials=2")
    outcome = qmu("run", *TINY, *words, "--workers", 1, "--out", "out")
    assert outcome.status == 0
    results = json.loads((folder / "out" / "results.json").read_text())
    rows = {row["method"]: row for row in results["rows"]}
    chosen = rows["ga"]["strength"]
    assert 1 <= len(chosen["trials"]) <= 2
    assert chosen["trials"][0]["name"] == "depth"
    assert f"qmu run: ga: {chosen['text']}" in outcome.err
    assert chosen["text"] in (folder / "out" / "report.html").read_text()
    assert rows["gd"]["strength"] is None
    assert results["config"]["settings"]["strength.trials"] == 2
    spent = sum(trial["gradient_evaluations"] for trial in chosen["trials"])
    assert rows["ga"]["gradient_evaluations"] == spent


def test_unlearn_says_what_was_chosen(qmu, folder, saved):
    words = ("--strategy", "ssd", "--forget-class", 1, "--strength", "auto", "--out", "new")
    limit = ("--set", "strength.max_passes=0.1")
    outcome = qmu("unlearn", saved / "original", *words, *limit, "--json")
    assert outcome.status == 0
    told = json.loads(outcome.out)["strength"]
    assert [(trial["name"], trial["value"]) for trial in told["trials"]] == [("alpha", None)]
    assert told == load_provenance("new")["strength"]
    assert f"qmu unlearn: strength: {told['text']}" in outcome.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--strength", "more"), "--strength: invalid choice: 'more'"),
        (("--set", "strength.speed=1"), "does not accept these settings"),
        (("--set", "strength.trials=-1"), "trials must be an integer of at least 0"),
    ],
)
def test_what_is_not_possible_is_refused(refuses, words, message):
    assert message in refuses("run", *TINY, *words)
