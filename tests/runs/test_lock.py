"""The lock of a folder: who holds it, and that nobody keeps it who is gone."""

import multiprocessing
import os

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.runs.run_lock import RunLock


def hold(path, held):
    """Hold a lock until this process is killed."""
    with RunLock(path):
        held.set()
        multiprocessing.Event().wait()


def test_a_lock_names_the_process_that_holds_it_until_that_is_killed(tmp_path):
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=hold, args=(tmp_path / ".lock", held))
    process.start()
    try:
        assert held.wait(60.0)
        with pytest.raises(InputError, match=f"another process .{process.pid}.: .*kill"):
            RunLock(tmp_path / ".lock")
    finally:
        process.kill()
        process.join()
    RunLock(tmp_path / ".lock").close()
    assert list(tmp_path.iterdir()) == []


def test_one_that_opened_the_file_before_it_was_removed_does_not_lock_what_is_gone(
    tmp_path, monkeypatch
):
    """Its last holder removes it between opening and locking; a third one makes it anew."""
    path = tmp_path / ".lock"
    first, third = RunLock(path), []
    from qiskit_qmu.runs import run_lock as lock

    sign = lock._signed

    def slow(database, signature):
        monkeypatch.setattr(lock, "_signed", sign)
        path.unlink()
        third.append(RunLock(path))
        return sign(database, signature)

    first.close()
    monkeypatch.setattr(lock, "_signed", slow)
    with pytest.raises(InputError, match=f"process .{os.getpid()}"):
        RunLock(path)
    third[0].close()


def test_a_lock_is_written_at_once(tmp_path):
    """A process that is killed between two pages leaves a file that nobody else can lock."""
    with RunLock(tmp_path / ".lock"):
        assert (tmp_path / ".lock").stat().st_size == 512


def test_a_lock_that_cannot_be_written_is_not_another_process(tmp_path):
    (tmp_path / ".lock").mkdir()
    with pytest.raises(InputError, match=r"cannot lock .*unable to open"):
        RunLock(tmp_path / ".lock")


def test_a_lock_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / ".lock").write_bytes(b"x" * 4096)
    with pytest.raises(InputError, match="cannot lock"):
        RunLock(tmp_path / ".lock")
