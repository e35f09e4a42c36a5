"""`qmu request` and `qmu verify` on saved models."""

import json
import shutil

import pytest

from qiskit_qmu.auditing import audit_report
from qiskit_qmu.models import load_provenance


@pytest.fixture
def original(saved, folder, monkeypatch):
    """A trained model in the current folder; audits have no page, which takes most of the time."""
    monkeypatch.setattr(audit_report, "render_audit", lambda *_arguments, **_options: "<html>")
    shutil.copytree(saved / "original", folder / "original")
    rows = load_provenance(folder / "original")["train_indices"]
    return [str(row) for row in rows]


def test_a_request_is_answered_and_verified(qmu, refuses, original):
    words = ("request", "original", "--indices", ",".join(original[:3]), "--strategy", "gd",
             "--oracles", "0", "--quiet")  # fmt: skip
    outcome = qmu(*words, "--out", "new")
    assert (outcome.status, outcome.err) == (0, "")
    first, verdict, report, head = outcome.out.splitlines()
    assert first == "new: 3 rows withdrawn by gd (request 1)"
    assert verdict.startswith("verdict: unresolved (without a retrained model")
    assert report == "report: new/deletion_report.html"
    digest = head.rpartition(" ")[2]
    again = qmu(*words, "--out", "new", "--json")
    (content,) = json.loads(again.out)
    assert (content["new"], content["head"], content["report"]["request"]["rows"]) == (
        False,
        digest,
        3,
    )
    message = refuses(*words, "--out", "other")
    assert "request 1 was already made of original" in message
    assert "--again" in message
    assert qmu("verify", "new", "--head", digest).status == 0
    checked = qmu("verify", "original", "--head", digest)
    assert "since then, request 1" in checked.out
    assert "no signature" in checked.out
    wrong = qmu("verify", "new", "--head", "0")
    assert (wrong.status, wrong.out) == (1, "")
    assert wrong.err == (
        "qmu verify: new: requests.jsonl has no entry 0: it was rewritten, or cut short\n"
    )


def test_a_request_is_planned_and_held_against_a_gate(qmu, original, folder):
    words = ("request", "original", "--indices", ",".join(original[:3]), "--strategy", "ssd",
             "--set", "ssd.alpha=1", "--oracles", "0", "--quiet", "--out", "new")  # fmt: skip
    before = sorted(folder.rglob("*"))
    planned = qmu(*words, "--dry-run")
    assert (planned.status, planned.err) == (0, "")
    first, second, last = planned.out.splitlines()
    assert first == "original: 3 of 36 rows would be withdrawn by ssd, and new written"
    assert "audit: 0 trainings, 0 circuits" in second
    assert last == "nothing was run or written"
    assert sorted(folder.rglob("*")) == before
    gated = qmu(*words, "--gate", "max_auc=0.5")
    assert gated.status == 1
    assert gated.err.startswith("qmu request: new: the gate is not passed: max_auc=0.5: the AUC")
    assert "verdict: " in gated.out
    idle = qmu(*words[:5], "noop", *words[6:], "--out", "idle", "--again")
    assert (idle.status, (folder / "idle").exists()) == (1, False)
    assert "noop had no effect on original" in idle.err


def test_requests_that_cannot_be_read(refuses, original, folder):
    words = ("request", "original", "--strategy", "gd", "--out", "new")
    (folder / "ids.txt").write_text("a\n")
    assert "give one of --ids and --indices" in refuses(*words)
    both = (*words, "--ids", "ids.txt", "--indices", "1")
    assert "give one of --ids and --indices" in refuses(*both)
    assert "iris has no ids" in refuses(*words, "--ids", "ids.txt")
    assert "indices must be positions of rows" in refuses(*words, "--indices", "9999")
    assert "did you mean" in refuses("request", "original", "--strategy", "rgar", "--out", "new")
    of_class = refuses(*words, "--forget-class", "1")
    assert "a class is forgotten by `qmu unlearn MODEL --forget-class CLASS" in of_class
    assert "no folder new" in refuses("verify", "new")
