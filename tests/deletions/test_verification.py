"""Whether a model, its log and its reports belong together, of folders made by hand."""

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_set, write_set
from qiskit_qmu.deletions import LogEntry, RequestLog, RequestMark, look_up_ids, verify
from qiskit_qmu.deletions.salted import salted

FILES = ("weights.safetensors", "deletion_report.json", "deletion_report.html", "model.json")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def model(folder: Path, weights: bytes, mark: RequestMark | None = None) -> None:
    folder.mkdir()
    record = {"rows": {"train_ids": ["C1", "C2", "C3", "C5"], "test_ids": ["C4"]}}
    record |= {"train_indices": [0, 1, 2], "validation_indices": [3]}
    if mark is not None:
        record["request"] = mark.to_dict()
    write_set(folder, "model.json", {"provenance": record}, {"weights.safetensors": weights})


def request(old: Path, new: Path, weights: bytes, withdrawn: str) -> LogEntry:
    """Answer a request of a model without running anything."""
    found, log = verify(old), RequestLog.read(old)
    number = len(log.entries) + 1
    model(new, weights, RequestMark(number=number, previous=log.head))
    rows = [{"digest": "0", "id_digest": salted(f"salt{number}", "id", withdrawn)}]
    left_out = [{"id_digest": salted(f"salt{number}", "id", "C4"), "reason": "test"}]
    report = {"rows": rows, "request": {"left_out": left_out if number == 1 else []}}
    (new / "deletion_report.json").write_text(json.dumps(report))
    (new / "deletion_report.html").write_text(f"page {number}")
    for own in found.requests:
        earlier = new / "earlier_reports" / str(own.number)
        source = old if own is found.requests[-1] else old / "earlier_reports" / str(own.number)
        earlier.mkdir(parents=True)
        for name in FILES[1:3]:
            shutil.copy(source / name, earlier)
    entry = LogEntry(
        number=number,
        time="2026-01-01 00:00:00 UTC",
        previous=log.head,
        parent=found.requests[-1].hash if found.requests else None,
        request="digest",
        rows=1,
        strategy="ga",
        verdict="unresolved",
        model=new.name,
        salt=f"salt{number}",
        before=sha256(old / "weights.safetensors"),
        files={name: sha256(new / name) for name in FILES},
    )
    for folder in (new, old):
        log.with_entry(entry).write(folder)
    return entry


@pytest.fixture
def chain(tmp_path) -> Path:
    """A trained model and two requests, one after another."""
    model(tmp_path / "trained", b"0")
    request(tmp_path / "trained", tmp_path / "first", b"1", "C1")
    request(tmp_path / "first", tmp_path / "second", b"2", "C2")
    return tmp_path


def test_what_belongs_together(chain):
    found = verify(chain / "second")
    assert (found.ok, [own.number for own in found.requests], found.made_of_it) == (
        True,
        [1, 2],
        (),
    )
    lines = (chain / "second" / "requests.jsonl").read_bytes().splitlines()
    assert found.head == hashlib.sha256(lines[-1]).hexdigest()
    assert json.loads(lines[1])["previous"] == hashlib.sha256(lines[0]).hexdigest()
    assert [own.model for own in verify(chain / "trained").made_of_it] == ["first"]
    first = verify(chain / "first", head=found.head)
    assert ([own.number for own in first.requests], first.ok) == ([1], True)
    assert [own.model for own in first.made_of_it] == ["second"]
    answers = look_up_ids(found, ["C2", "C1", "C3", "C4", "C5", "C6"])
    assert [(own.id, own.state, own.request and own.request.number) for own in answers] == [
        ("C2", "withdrawn", 2),
        ("C1", "withdrawn", 1),
        ("C3", "still trained on", None),
        ("C4", "never trained on", 1),
        ("C5", "never trained on", None),
        ("C6", "unknown", None),
    ]
    assert "salt" not in json.dumps(found.to_dict())


def test_a_model_of_no_request(tmp_path):
    model(tmp_path / "trained", b"0")
    found = verify(tmp_path / "trained")
    assert (found.ok, found.requests, found.head) == (True, (), None)
    with pytest.raises(InputError, match="holds no saved model"):
        verify(tmp_path)


def reseal(folder: Path, weights: bytes) -> None:
    content, _ = read_set(folder, "model.json", "a model")
    write_set(folder, "model.json", content, {"weights.safetensors": weights})


def edit(name: str, old: str, new: str):
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return change


def keep_lines(*numbers: int):
    def change(folder: Path) -> None:
        lines = (folder / "requests.jsonl").read_bytes().splitlines(keepends=True)
        (folder / "requests.jsonl").write_bytes(b"".join(lines[number] for number in numbers))

    return change


def replace_log(folder: Path) -> None:
    """Put a consistent log of another first request in its place, with the same second one."""
    log = RequestLog.read(folder)
    first = replace(log.entries[0], rows=7)
    second = replace(log.entries[1], previous=first.hash, parent=first.hash)
    RequestLog((first, second)).write(folder)


TAMPERED = {
    "weights": (lambda f: (f / "weights.safetensors").write_bytes(b"x"), "weights.safetensors: it"),
    "resealed weights": (lambda f: reseal(f, b"x"), "weights.safetensors was changed after requ"),
    "model.json": (edit("model.json", "1", "9"), "model.json: it was changed"),
    "report": (edit("deletion_report.json", "digest", "Digest"), r"deletion_report.json was chang"),
    "page": (edit("deletion_report.html", "2", "3"), "deletion_report.html was changed after re"),
    "no page": (lambda f: (f / "deletion_report.html").unlink(), "html of request 2 is missing"),
    "earlier page": (
        edit("earlier_reports/1/deletion_report.html", "1", "3"),
        "earlier_reports/1/deletion_report.html was changed after request 1",
    ),
    "log": (edit("requests.jsonl", "unresolved", "forgotten"), "requests.jsonl, line 1: it was ch"),
    "no log": (lambda f: (f / "requests.jsonl").unlink(), "requests.jsonl is missing, and request"),
    "first entry": (keep_lines(1), "line 1 does not follow the entry before it"),
    "last entry": (keep_lines(0), "ends after request 1, and request 2 made the model"),
    "order": (keep_lines(1, 0), "line 1 does not follow the entry before it"),
    "half an entry": (lambda f: (f / "requests.jsonl").write_text("{"), "line 1 is cut short"),
    "another log": (replace_log, "requests.jsonl was replaced"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_tampered_with_is_named(name, chain):
    change, message = TAMPERED[name]
    change(chain / "second")
    found = verify(chain / "second")
    assert not found.ok
    assert re.search(message, found.problems[0]), found.problems
    assert "\n" not in found.problems[0]


def test_a_forger_who_rewrites_everything_is_noticed_by_the_head_alone(chain):
    folder, head = chain / "second", verify(chain / "second").head
    reseal(folder, b"x")
    log = RequestLog.read(folder)
    last = replace(log.entries[1], files={name: sha256(folder / name) for name in FILES})
    RequestLog((log.entries[0], last)).write(folder)
    assert verify(folder).ok
    (problem,) = verify(folder, head=head).problems
    assert f"requests.jsonl has no entry {head}" in problem


def test_logs_of_other_models_and_versions(chain):
    shutil.copy(chain / "second" / "requests.jsonl", chain / "first")
    assert verify(chain / "first").ok  # (as it is after the second request)
    reseal(chain / "trained", b"y")
    (problem,) = verify(chain / "trained").problems
    assert "request 1 was made of a model with other weights" in problem
    path = chain / "first" / "requests.jsonl"
    entry = json.loads(path.read_text().splitlines()[0])
    del entry["sha256"]
    text = json.dumps({**entry, "format": 9})
    digest = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps({**entry, "format": 9, "sha256": digest}) + "\n")
    (problem,) = verify(chain / "first").problems
    assert "written by another version, this one reads format 1" in problem
