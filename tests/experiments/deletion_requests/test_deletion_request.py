"""Deletion requests from end to end: what they check, write and leave alone."""

import base64
import hashlib
import json
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from html_check import check

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu._files import FileError, read_sealed_json, write_sealed_json
from qiskit_qmu.auditing import audit_report
from qiskit_qmu.data import ForgetRequest, row_digests
from qiskit_qmu.deletions import RequestLog, verify
from qiskit_qmu.evaluation import Gate
from qiskit_qmu.experiments import Experiment, train_and_save, unlearn_saved
from qiskit_qmu.experiments.deletion_requests import answer as deletion_answer
from qiskit_qmu.runs.run_lock import LOCK, RunLock
from qiskit_qmu.shadows import kept_weights

TINY = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 2}
ROWS, WITHDRAWN = 80, 24


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LOCK  # (one of a process that was killed stays)
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> SimpleNamespace:
    """A CSV file, a model trained on it, and the answer to a first request with a whole page."""
    root = tmp_path_factory.mktemp("requests")
    generator = np.random.default_rng(0)
    # No other number in the outputs is as large.
    values = generator.integers(10**8, 9 * 10**8, (ROWS, 3))
    labels = np.arange(ROWS) % 2
    frame = pd.DataFrame(values + 5 * 10**7 * labels[:, None], columns=["a", "b", "c"])
    frame.insert(0, "person", [f"person-{number:03d}" for number in range(ROWS)])
    frame["label"] = np.where(labels, "yes", "no")
    frame.to_csv(root / "rows.csv", index=False)
    experiment = Experiment(
        dataset=str(root / "rows.csv"),
        label_column="label",
        id_column="person",
        model="basic",
        settings=TINY,
    )
    kept = train_and_save(experiment, root / "model")
    ids = [kept["rows"]["train_ids"][position] for position in kept["train_indices"]]
    found = []
    patch = pytest.MonkeyPatch()
    seen = deletion_answer.without_values
    patch.setattr(
        deletion_answer,
        "without_values",
        lambda audit: found.extend(audit.findings) or seen(audit),
    )
    (first,) = qmu.request_deletion(
        root / "model",
        qmu.DeletionRequest(ids[:WITHDRAWN], strategy="gd", oracles=1),
        out=root / "first",
    )
    patch.undo()
    return SimpleNamespace(
        root=root, frame=frame.set_index("person"), kept=kept, ids=ids, first=first, found=found
    )


@pytest.fixture
def place(world, tmp_path, monkeypatch) -> Path:
    """A copy of the folder, in which audits have no page, whose figures take most of the time."""
    monkeypatch.setattr(audit_report, "render_audit", lambda *_arguments, **_options: "<html>")
    shutil.copytree(world.root, tmp_path / "place")
    return tmp_path / "place"


def quick(path, ids, out, workers=None, **options):
    request = qmu.DeletionRequest(ids, **{"strategy": "gd", "oracles": 0, **options})
    return qmu.request_deletion(path, request, out=out, workers=workers)


def test_the_report_says_what_was_asked_done_and_found(world):
    folder, ids = world.root / "first", world.ids[:WITHDRAWN]
    report = json.loads((folder / "deletion_report.json").read_text())
    assert report == world.first.report
    (entry,) = RequestLog.read(folder).entries
    rows = world.frame.loc[ids]
    digests = row_digests(rows[["a", "b", "c"]], (rows["label"] == "yes").astype(int))
    expected = {
        tuple(
            hashlib.sha256(f"{entry.salt}\0{kind}\0{text}".encode()).hexdigest()[:32]
            for kind, text in (("row", digest), ("id", own))
        )
        for digest, own in zip(digests, ids, strict=True)
    }
    assert {(row["digest"], row["id_digest"]) for row in report["rows"]} == expected
    asked = report["request"]
    known = len(world.ids)
    assert (asked["number"], asked["rows"], asked["of_rows"]) == (1, WITHDRAWN, known)
    audit = json.loads((folder / "audit" / "audit.json").read_text())
    assert report["audit"]["verdict"] == audit["verdict"] == world.first.verdict
    never_seen = len(world.kept["rows"]["test"])
    assert report["audit"]["power"] == qmu.audit_power(WITHDRAWN, never_seen).to_dict()
    assert report["method"]["settings"]["epochs"] >= 1
    assert report["seeds"] == {"training": 0, "unlearning": 0, "audit": 0}
    assert report["versions"]["packages"]["qiskit-qmu"] == qmu.__version__
    weights = (world.root / "model" / "weights.safetensors").read_bytes()
    assert report["model"]["weights_before"] == hashlib.sha256(weights).hexdigest()
    assert report["cost"]["gradient_evaluations"] > 0
    assert len(report["unknown"]) > 3
    page = " ".join("".join(check((folder / "deletion_report.html").read_text()).text).split())
    for text in (
        "For the data-protection officer",
        "For the engineer",
        f"Verdict: {audit['verdict']}",
        *(each["who"] for each in report["who_could_still_tell"]),
    ):
        assert text in page


def test_neither_values_nor_ids_of_rows_are_in_what_is_written(world):
    kinds = (".json", ".html", ".jsonl")
    written = contents(world.root / "first").items()
    texts = {name: data.decode() for name, data in written if name.endswith(kinds)}
    assert len(texts) == 6
    for name, text in list(texts.items()):
        for number, held in enumerate(re.findall(r"base64,([\w+/=]+)", text)):
            texts[f"audit/{number} in {name}"] = base64.b64decode(held).decode()
    values = world.frame[["a", "b", "c"]].to_numpy().ravel()
    # As they are, as float32 and rounded, as groups of rows are named.
    forms = {form(each) for each in values for form in (str, lambda v: str(int(np.float32(v))),
             "{:.4g}".format, "{:.3g}".format)}  # fmt: skip
    limits = [own.name for own in world.found if own.group == "slices"]
    assert any(form in name for name in limits for form in forms), limits
    for name, text in texts.items():
        assert not [form for form in forms if form in text], name
        # The record and the audit stay with the model, and the report says so.
        if not name.startswith("audit/") and name != "model.json":
            assert "person-" not in text, name


def test_requests_follow_one_another_without_the_rows_withdrawn_before(world, place):
    frame = pd.read_csv(place / "rows.csv")
    gone = frame["person"].isin(world.ids[:WITHDRAWN])
    frame[~gone].to_csv(place / "rows.csv", index=False)
    source = qmu.experiments.RowSource(dataset=str(place / "rows.csv"))
    ids = world.ids[WITHDRAWN : WITHDRAWN + 3]
    with pytest.warns(qmu.experiments.RowsWarning, match="no longer in the data"):
        (second,) = quick(place / "first", ids, place / "second", source=source)
    found = verify(place / "second")
    assert (found.ok, [own.rows for own in found.requests]) == (True, [WITHDRAWN, 3])
    before = contents(place / "first")
    for name in ("deletion_report.json", "deletion_report.html"):
        earlier = place / "second" / "earlier_reports" / "1" / name
        assert earlier.read_bytes() == before[name]
    assert second.report["earlier_reports"] == [found.requests[0].files["deletion_report.json"]]
    steps = qmu.experiments.describe_model(place / "second")["forgotten"]
    assert [step["rows"] for step in steps] == [WITHDRAWN, 3]
    # What is unlearned without a request makes a model of no request.
    with pytest.warns(qmu.experiments.RowsWarning):
        qmu.experiments.unlearn_saved(
            place / "second", ForgetRequest(ids=(world.ids[40],)), "noop", place / "by-hand",
            source=source,
        )  # fmt: skip
    assert verify(place / "by-hand").requests == ()


def test_each_row_that_cannot_be_withdrawn_is_named_with_its_reason(world, place):
    kept = world.kept["rows"]
    held_out = kept["train_ids"][world.kept["validation_indices"][0]]
    ids = [world.ids[0], kept["test_ids"][0], held_out, "nobody"]
    before = contents(place)
    with pytest.raises(InputError) as refused:
        quick(place / "first", [*ids, world.ids[-1]], place / "second")
    for text in (
        f"in the test rows, which no model is trained on: {ids[1]}",
        f"held out for validation, not trained on: {ids[2]}",
        f"already forgotten: {ids[0]}",
        "unknown: nobody",
    ):
        assert text in str(refused.value)
    assert contents(place) == before


def test_the_same_request_twice(world, place):
    before = contents(place)
    ids = world.ids[:WITHDRAWN]
    (again,) = quick(place / "model", ids, place / "first", strategy="gd", oracles=1)
    assert (again.new, again.report) == (False, world.first.report)
    assert contents(place) == before
    with pytest.raises(InputError, match=r"already holds a model; choose another --out"):
        quick(place / "model", ids, place / "first")
    with pytest.raises(InputError, match=r"request 1 was already made of .*model .* led to first"):
        quick(place / "model", ids, place / "other")
    assert contents(place) == before
    (other,) = quick(place / "model", ids[:5], place / "other", again=True)
    assert f"{WITHDRAWN - 5} of its {WITHDRAWN} rows are not withdrawn here" in other.remarks[0]
    assert [own.model for own in verify(place / "model").made_of_it] == ["first", "other"]
    assert [own.number for own in verify(place / "other").requests] == [2]
    assert verify(place / "first").ok
    request = qmu.DeletionRequest(ids[:5], strategy="gd", oracles=0, seed=1, again=True)
    (plan,) = qmu.experiments.plan_deletion(place / "model", request, out=place / "new")
    assert plan["notes"][-1].endswith("starts from {} again, and withdraws the same rows".format(
        place / "model"
    ))  # fmt: skip
    shutil.rmtree(place / "other")
    (plan,) = qmu.experiments.plan_deletion(place / "model", request, out=place / "new")
    assert "not withdrawn here unless named again" in plan["notes"][-1]


def test_two_requests_at_once(world, place):
    with RunLock(place / "model" / LOCK), pytest.raises(InputError, match=r"model is in use by an"):
        quick(place / "model", world.ids[:3], place / "other")
    assert not (place / "other").exists()


def test_a_disk_that_is_full_leaves_the_old_model_and_the_next_run_does_the_rest(
    world, place, monkeypatch
):
    def full(*_arguments) -> None:
        raise FileError("cannot write: No space left on device")

    arguments = (place / "first", world.ids[-4:], place / "second")
    before = contents(place)
    with monkeypatch.context() as patch:
        patch.setattr(deletion_answer, "move_into_place", full)
        with pytest.raises(FileError, match="No space left"):
            quick(*arguments)
    assert contents(place) == before
    assert not list(place.glob(".*"))
    write = RequestLog.write
    with monkeypatch.context() as patch:
        # The last write of all: the new model is complete, and the old one's log is not told.
        patch.setattr(
            RequestLog, "write", lambda log, to: full() if to == place / "first" else write(log, to)
        )
        with pytest.raises(FileError, match="No space left"):
            quick(*arguments)
    assert verify(place / "second").ok
    assert verify(place / "first").made_of_it == ()
    (done,) = quick(*arguments)
    assert not done.new
    assert [own.hash for own in verify(place / "first").made_of_it] == [done.entry.hash]
    assert not list(place.glob(".*"))


def killed(call) -> bool:
    """Run a call in a process of its own; return whether it was killed on its way."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            call()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(
    ("module", "name", "answered"),
    [
        (deletion_answer, "unlearn_and_save", False),
        (deletion_answer, "audit_read", False),
        (deletion_answer, "move_into_place", False),
        (RequestLog, "write", True),
    ],
)
def test_a_kill_leaves_the_old_model_and_the_next_run_does_the_rest(
    world, place, monkeypatch, module, name, answered
):
    arguments = (place / "first", world.ids[-4:], place / "second")
    before = contents(place / "first")
    own = getattr(module, name)

    def kill(*given, **named):
        if not answered:
            (own(*given, **named) if name == "unlearn_and_save" else None)
            os._exit(9)
        if given[1] == place / "first":
            os._exit(9)
        return own(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, kill)
        assert killed(lambda: quick(*arguments))
    assert contents(place / "first") == before
    assert (place / "second").exists() == answered
    (done,) = quick(*arguments)
    assert done.new != answered
    assert verify(place / "second").ok
    assert [each.hash for each in verify(place / "first").made_of_it] == [done.entry.hash]
    assert not list(place.glob(".*"))


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_kill_among_shadow_models_keeps_those_that_were_trained(world, place, monkeypatch):
    arguments = (place / "first", world.ids[-4:], place / "second")
    before, stored = contents(place / "first"), []
    store = kept_weights.write_file

    def kill_at_the_third(path, content):
        stored.append(path)
        if len(stored) == 3:
            os._exit(9)
        store(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(kept_weights, "write_file", kill_at_the_third)
        assert killed(lambda: quick(*arguments, shadows=6, workers=1))
    assert contents(place / "first") == before
    assert not (place / "second").exists()
    trained = {path for path in (place / ".second.request").rglob("*.npz") if path.is_file()}
    assert len(trained) == 2
    times = {path: path.stat().st_mtime_ns for path in trained}
    with monkeypatch.context() as patch:
        patch.setattr(deletion_answer, "move_into_place", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            quick(*arguments, shadows=6, workers=1)
    assert {path: path.stat().st_mtime_ns for path in trained} == times
    (done,) = quick(*arguments, shadows=6, workers=1)
    assert (done.new, done.report["audit"]["shadows"]) == (True, 6)
    assert not list(place.glob(".*"))


def test_a_method_without_effect_is_no_deletion(world, place):
    before = contents(place)
    with pytest.raises(RunError, match=r"noop had no effect on .*first: .*verdict: unchanged"):
        quick(place / "first", world.ids[-3:], place / "second", strategy="noop")
    assert contents(place) == before
    assert not list(place.glob(".*"))


def test_a_retrained_model_that_is_there_serves_as_the_oracle(world, place):
    rows = ForgetRequest(ids=tuple(world.ids[-6:]))
    (place / "model" / "requests.jsonl").unlink()
    for ids, name in ((rows.ids, "oracle"), (rows.ids[:3], "another")):
        unlearn_saved(place / "model", ForgetRequest(ids=ids), "oracle", place / name)
    with pytest.raises(InputError, match=r"another has not forgotten the same rows as .*model"):
        quick(place / "model", rows, place / "new", oracle=place / "another")
    (done,) = quick(place / "model", rows, place / "new", oracle=place / "oracle")
    methods = [row["method"] for row in done.report["audit"]["models"]]
    assert methods == ["original", "oracle", "audited"]
    auc = done.report["audit"]["models"][-1]["mia_auc_high"]
    assert done.numbers["auc"].high >= auc
    assert Gate(max_auc=0.5).breaches(done.numbers)
    (again,) = quick(place / "model", rows, place / "new", oracle=place / "oracle")
    assert not again.new
    with pytest.raises(InputError, match="without the rows of one model"):
        quick([place / "model", place / "first"], rows, place / "x", oracle=place / "oracle")


def test_a_retrained_model_has_forgotten_whatever_its_test_can_tell(world, place):
    (done,) = quick(place / "first", world.ids[-3:], place / "second", strategy="oracle")
    assert done.verdict == "unresolved"
    text = " ".join((place / "second" / "deletion_report.html").read_text().split())
    assert "The model was retrained without the rows: it has forgotten them." in text
    assert "Verdict: forgotten by construction (the audit by itself: unresolved)." in text
    assert "Whether the model has forgotten is not known" not in text


def test_several_models_in_one_go(world, place):
    for name in ("m1", "m2"):
        shutil.copytree(place / "model", place / name)
        (place / name / "requests.jsonl").unlink()
    models, ids = [place / "m1", place / "m2"], world.ids[:4]
    before = contents(place)
    for others, rows, message in (
        ([*models, place / "first"], ids, r"first: 4 of 4 ids cannot be forgotten"),
        ([*models, place / "x" / "m1"], ids, r"x/m1 holds no saved model"),
        (models, ForgetRequest(indices=(1, 2)), "positions stand for other rows in each model"),
    ):
        with pytest.raises(InputError, match=message):
            quick(others, rows, place / "out")
    assert contents(place) == before
    done = quick(models, ids, place / "out")
    assert [own.model for own in done] == [place / "out" / "m1", place / "out" / "m2"]
    assert all(verify(own.model).ok for own in done)
    salts = {own.entry.salt for own in done}
    assert len(salts) == 2


def test_models_that_no_request_can_be_made_of(world, place):
    shutil.copytree(place / "model", place / "stale")
    content = read_sealed_json(place / "model" / "model.json", "a model")
    write_sealed_json(place / "model" / "model.json", {**content, "format": 2})
    with pytest.raises(InputError, match=r"unsupported format 2, this version requires"):
        quick(place / "model", world.ids[:3], place / "other")
    qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).save(place / "bare")
    with pytest.raises(InputError, match="does not say which rows it was trained on"):
        quick(place / "bare", world.ids[:3], place / "other")
    page = place / "first" / "deletion_report.html"
    page.write_text(page.read_text().replace("unresolved", "forgotten"))
    with pytest.raises(InputError, match=r"deletion_report.html was changed after request 1 .*see"):
        quick(place / "first", world.ids[-3:], place / "other")
    # Rows that were withdrawn before may be gone, and the refusal still says why.
    (place / "rows.csv").unlink()
    with pytest.raises(InputError, match=r"request 1 was already made of"):
        quick(place / "stale", world.ids[-3:], place / "other")
    assert not (place / "other").exists()
