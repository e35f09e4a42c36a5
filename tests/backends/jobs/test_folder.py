"""The folder of a run's jobs: its lock, its results, and what must not be in it."""

import numpy as np
import pytest
from qiskit.primitives import BitArray

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.jobs import JobFolder
from qiskit_qmu.simulator.readout.outcome_probabilities import OutcomeProbabilities


def done(folder, digest="a"):
    """Return a job that is done."""
    job = folder.ledger.plan(digest, 0, 0, circuits=1, shots=5, planned_seconds=2.0)
    folder.ledger.sent(job.number, f"id-{digest}")
    return folder.ledger.finished(job.number, "done", seconds=1.0)


def test_a_damaged_ledger_gives_the_lock_back(tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(InputError, match="is not a SQLite file") as kept:
        JobFolder(tmp_path)
    (tmp_path / "ledger.sqlite").unlink()
    JobFolder(tmp_path).close()
    assert kept.value.__traceback__ is not None  # (it holds all that was opened)


def test_one_process_at_a_time_has_a_folder(tmp_path):
    with (
        JobFolder(tmp_path / "run"),
        pytest.raises(InputError, match="is in use by another process"),
    ):
        JobFolder(tmp_path / "run")
    JobFolder(tmp_path / "run").close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        JobFolder(tmp_path / "file" / "run")


def test_results_come_back_as_they_were(tmp_path, generator):
    bits = BitArray(generator.integers(0, 8, size=(3, 5, 1), dtype=np.uint8), 3)
    values = {"evs": generator.normal(size=(2, 2)), "stds": generator.normal(size=(2, 2))}
    with JobFolder(tmp_path) as folder:
        job = done(folder)
        folder.save(job, [{"meas": bits}, values], {})
        registers, arrays = folder.load(job)
    assert registers["meas"] == bits
    np.testing.assert_array_equal(arrays["evs"], values["evs"])
    assert {path.name for path in (tmp_path / "jobs").iterdir()} == {"00000.json", "00000.npz"}


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_results_with_any_changed_bit_are_refused(tmp_path, generator, suffix):
    with JobFolder(tmp_path) as folder:
        job = done(folder)
        folder.save(job, [{"evs": np.arange(5.0)}], {"device": "some"})
        path = tmp_path / "jobs" / f"00000{suffix}"
        content = bytearray(path.read_bytes())
        for place in generator.choice(len(content), size=40, replace=False):
            changed = content.copy()
            changed[place] ^= 1 << generator.integers(8)
            path.write_bytes(changed)
            with pytest.raises(InputError, match=f"cannot read .*00000{suffix}"):
                folder.load(job)
        path.write_bytes(content)
        folder.load(job)


def test_results_of_another_job_are_refused(tmp_path):
    with JobFolder(tmp_path) as folder:
        first, second = done(folder), done(folder, "b")
        folder.save(first, [{"evs": np.zeros(3)}], {})
        for suffix in (".npz", ".json"):
            (tmp_path / "jobs" / f"00000{suffix}").rename(tmp_path / "jobs" / f"00001{suffix}")
        with pytest.raises(InputError, match="holds the results of another job, id-a"):
            folder.load(second)


def test_exact_probabilities_are_not_kept(tmp_path):
    exact = OutcomeProbabilities(np.full((1, 2), 0.5), 1, (0,))
    with (
        JobFolder(tmp_path) as folder,
        pytest.raises(InputError, match="exact values cannot be stored"),
    ):
        folder.save(done(folder), [{"meas": exact}], {})
