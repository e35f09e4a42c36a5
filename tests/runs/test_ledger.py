"""The ledger: each job written down, found again, and its cost."""

import sqlite3
from contextlib import closing

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.runs.ledger import JobLedger


def planned(ledger, digest="a", occurrence=0, attempt=0):
    return ledger.plan(digest, occurrence, attempt, circuits=4, shots=10, planned_seconds=2.5)


def test_a_job_goes_through_its_life(tmp_path):
    path = tmp_path / "ledger.sqlite"
    job = planned(JobLedger(path))
    assert (job.state, job.job_id, job.number) == ("planned", None, 0)
    assert JobLedger(path).sent(0, "abc").job_id == "abc"
    done = JobLedger(path).finished(0, "done", seconds=1.5)
    assert (done.state, done.seconds) == ("done", 1.5)
    assert done.planned_at <= done.sent_at <= done.finished_at
    assert JobLedger(path).jobs() == [done]


def test_tags_are_short_and_belong_to_one_job_of_one_run(tmp_path):
    ledgers = [JobLedger(tmp_path / name) for name in "ab"]
    tags = [planned(ledger, occurrence=i).tag for ledger in ledgers for i in range(3)]
    assert len(set(tags)) == 6
    assert max(map(len, tags)) <= 24


def test_attempts_share_a_position():
    ledger = JobLedger(":memory:")
    planned(ledger)
    planned(ledger, "b")
    again = planned(ledger, attempt=1)
    assert (again.number, again.position) == (2, 0)
    assert planned(ledger, "c").position == 2
    assert ledger.last_attempt("a", 0) == again
    assert ledger.last_attempt("a", 1) is None


def test_spent_seconds_are_those_charged_or_else_those_planned():
    ledger = JobLedger(":memory:")
    for digest in "abcd":
        planned(ledger, digest)
    assert ledger.spent_seconds() == 0.0
    ledger.sent(0, "x")
    ledger.sent(1, "y")
    ledger.sent(2, "z")
    ledger.finished(1, "done", seconds=1.0)
    ledger.finished(2, "failed", reason="why")
    assert ledger.spent_seconds() == 2.5 + 1.0 + 2.5


def test_what_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "other").write_text("no database at all, but some text that is long enough")
    with pytest.raises(InputError, match="is not a SQLite file"):
        JobLedger(tmp_path / "other")
    JobLedger(tmp_path / "old").set_note("format", "0")
    with pytest.raises(InputError, match="has format 0, but this version requires format 2"):
        JobLedger(tmp_path / "old")


def test_a_ledger_is_read_while_another_process_writes_it(tmp_path):
    planned(JobLedger(tmp_path / "ledger.sqlite"))
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(JobLedger(tmp_path / "ledger.sqlite").jobs()) == 1


def test_a_ledger_that_breaks_later_stops_the_run_with_one_line(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = JobLedger(path)
    planned(ledger)
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE jobs")
    for use in (ledger.jobs, lambda: planned(ledger), ledger.spent_seconds):
        with pytest.raises(RunError, match=r"ledger.sqlite: .*no such table.*; nothing is lost"):
            use()


def test_a_full_disk_stops_the_run_with_one_line():
    ledger = JobLedger(":memory:")
    ledger._database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(RunError, match="full"):
        planned(ledger, "a" * 10_000)
