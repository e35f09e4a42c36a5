"""The ledger, and the files that stand beside it."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.primitives import BitArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs import JobFolder, Ledger
from qiskit_qmu.backends.jobs.digest import job_digest
from qiskit_qmu.backends.jobs.results import load_results, save_results
from qiskit_qmu.simulator.outcome_probabilities import OutcomeProbabilities


def planned(ledger, digest="a", occurrence=0, attempt=0):
    return ledger.plan(digest, occurrence, attempt, circuits=4, shots=10, planned_seconds=2.5)


def test_a_job_goes_through_its_life(tmp_path):
    path = tmp_path / "ledger.sqlite"
    job = planned(Ledger(path))
    assert (job.state, job.job_id, job.number) == ("planned", None, 0)
    assert Ledger(path).sent(0, "abc").job_id == "abc"
    done = Ledger(path).finished(0, "done", seconds=1.5)
    assert (done.state, done.seconds) == ("done", 1.5)
    assert done.planned_at <= done.sent_at <= done.finished_at
    assert Ledger(path).jobs() == [done]


def test_tags_are_short_and_belong_to_one_job_of_one_run(tmp_path):
    ledgers = [Ledger(tmp_path / name) for name in "ab"]
    tags = [planned(ledger, occurrence=i).tag for ledger in ledgers for i in range(3)]
    assert len(set(tags)) == 6
    assert max(map(len, tags)) <= 24


def test_attempts_share_a_position():
    ledger = Ledger(":memory:")
    planned(ledger)
    planned(ledger, "b")
    again = planned(ledger, attempt=1)
    assert (again.number, again.position) == (2, 0)
    assert planned(ledger, "c").position == 2
    assert ledger.last_attempt("a", 0) == again
    assert ledger.last_attempt("a", 1) is None


def test_spent_seconds_are_those_charged_or_else_those_planned():
    ledger = Ledger(":memory:")
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
    with pytest.raises(InputError, match="must be a SQLite file"):
        Ledger(tmp_path / "other")
    Ledger(tmp_path / "old").set_note("format", "0")
    with pytest.raises(InputError, match="format must be 1, got 0"):
        Ledger(tmp_path / "old")


def test_a_ledger_is_read_while_another_process_writes_it(tmp_path):
    planned(Ledger(tmp_path / "ledger.sqlite"))
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(Ledger(tmp_path / "ledger.sqlite").jobs()) == 1


def test_a_ledger_that_breaks_later_stops_the_run_with_one_line(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    planned(ledger)
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE jobs")
    for use in (ledger.jobs, lambda: planned(ledger), ledger.spent_seconds):
        with pytest.raises(RunError, match=r"ledger.sqlite must be a whole ledger.*no such table"):
            use()


def test_a_full_disk_stops_the_run_with_one_line():
    ledger = Ledger(":memory:")
    ledger._database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(RunError, match="full"):
        planned(ledger, "a" * 10_000)


def test_a_lock_that_cannot_be_written_is_not_another_process(tmp_path):
    (tmp_path / "lock.sqlite").mkdir()
    with pytest.raises(InputError, match=r"must be a run's lock.*unable to open"):
        JobFolder(tmp_path)


def test_a_damaged_ledger_gives_the_lock_back(tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(InputError, match="must be a SQLite file") as kept:
        JobFolder(tmp_path)
    (tmp_path / "ledger.sqlite").unlink()
    JobFolder(tmp_path).close()
    assert kept.value.__traceback__ is not None  # (it holds all that was opened)


def test_one_process_at_a_time_has_a_folder(tmp_path):
    with JobFolder(tmp_path / "run"), pytest.raises(InputError, match="one process at a time"):
        JobFolder(tmp_path / "run")
    JobFolder(tmp_path / "run").close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="must be writable"):
        JobFolder(tmp_path / "file" / "run")


def test_a_lock_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "lock.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(InputError, match="must be a run's lock"):
        JobFolder(tmp_path)


def test_results_come_back_as_they_were(tmp_path, generator):
    bits = BitArray(generator.integers(0, 8, size=(3, 5, 1), dtype=np.uint8), 3)
    values = {"evs": generator.normal(size=(2, 2)), "stds": generator.normal(size=(2, 2))}
    save_results(tmp_path / "0", [{"meas": bits}, values], {"job_id": "abc"})
    registers, arrays = load_results(tmp_path / "0")
    assert registers["meas"] == bits
    np.testing.assert_array_equal(arrays["evs"], values["evs"])
    assert {path.name for path in tmp_path.iterdir()} == {"0.json", "0.npz"}


def test_damaged_results_are_refused(tmp_path):
    save_results(tmp_path / "0", [{"evs": np.zeros(3)}], {})
    content = (tmp_path / "0.npz").read_bytes()
    (tmp_path / "0.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="must hold a job's results"):
        load_results(tmp_path / "0")


def test_exact_probabilities_are_not_kept(tmp_path):
    exact = OutcomeProbabilities(np.full((1, 2), 0.5), 1, (0,))
    with pytest.raises(InputError, match="must come from shots"):
        save_results(tmp_path / "0", [{"meas": exact}], {})


def circuit(angle, name="x"):
    made = QuantumCircuit(2)
    made.ry(Parameter(name), 0)
    made.rz(angle, 1)
    made.measure_all()
    return made


def test_a_digest_depends_on_all_that_is_asked_for():
    pubs = [
        ([SamplerPub.coerce((circuit(0.1), [0.5]))], 8),
        ([SamplerPub.coerce((circuit(0.2), [0.5]))], 8),
        ([SamplerPub.coerce((circuit(0.1, "y"), [0.5]))], 8),
        ([SamplerPub.coerce((circuit(0.1), [0.6]))], 8),
        ([SamplerPub.coerce((circuit(0.1), [[0.5]]))], 8),
        ([SamplerPub.coerce((circuit(0.1), [0.5]))], 9),
        ([SamplerPub.coerce((circuit(0.1), [0.5]))] * 2, 8),
        ([EstimatorPub.coerce((circuit(0.1), "ZZ", [0.5]))], 8),
        ([EstimatorPub.coerce((circuit(0.1), "ZI", [0.5]))], 8),
    ]
    digests = [job_digest(*asked) for asked in pubs]
    assert len(set(digests)) == len(pubs)
    assert job_digest([SamplerPub.coerce((circuit(0.1), [0.5]))], 8) == digests[0]
