"""Processes that share the seeds: none outlives the one that started them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.experiments import Experiment, run_experiment
from qiskit_qmu.experiments.sweeps import engine, running
from qiskit_qmu.runs.run_lock import RunLock

LONG = (
    "run", "--dataset", "iris", "--model", "basic", "--methods", "noop", "--seeds", "4",
    "--epochs", "100000", "--workers", "2", "--out", "out",
)  # fmt: skip


HEARD = """
import signal
import sys
from qiskit_qmu.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # (ignored in the background)
sys.exit(main(sys.argv[1:]))
"""


def shows(pid, name, text):
    """Return whether a file that the system has of a process holds a text."""
    try:
        return text in Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return False


def children_with(pid, name, text):
    """Return the processes that a process has started and of which a file holds a text."""
    lists = [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    return [int(child) for words in lists for child in words.split() if shows(child, name, text)]


def until(condition, seconds):
    """Wait until something holds; return whether it does."""
    stop = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > stop:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up as Linux shows them")
@pytest.mark.parametrize(
    "name",
    [
        *(pytest.param(name, marks=pytest.mark.ci) for name in ("SIGKILL", "SIGTERM", "SIGINT")),
        "SIGHUP",  # handled by the same code as SIGTERM
    ],
)
def test_processes_end_with_the_one_that_started_them(tmp_path, name):
    with subprocess.Popen(
        [sys.executable, "-c", HEARD, *LONG],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            own = partial(children_with, process.pid, "maps", b"libtorch")
            assert until(lambda: len(own()) == 2, 300.0)
            children = own()
            process.send_signal(getattr(signal, name))
            process.wait(timeout=120)
            # (Those that are still loading torch look for their parent when they have done so.)
            assert until(lambda: not any(shows(c, "cmdline", b"loky") for c in children), 300.0)
            errors = process.stderr.read()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if name == "SIGKILL":
        return
    assert process.returncode == {"SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130}[name]
    assert errors.splitlines()[-1].startswith("qmu run: stopped; nothing was finished")
    assert "Traceback" not in errors


def end_itself(*_arguments):
    """Stand in for a training whose process the system kills."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_process_that_is_killed_ends_the_run_with_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "make_original", end_itself)
    monkeypatch.setattr(engine, "_ATTEMPTS", 1)  # (new processes take seconds to start)
    experiment = Experiment(dataset="iris", model="basic", seeds=2)
    with pytest.raises(RunError, match="worker process was killed, possibly for lack of memory"):
        run_experiment(experiment, tmp_path / "out", workers=2)
    assert not (tmp_path / "out").exists()


def test_two_experiments_do_not_share_a_folder(tmp_path):
    experiment = Experiment(dataset="iris", model="basic", seeds=1)
    (tmp_path / "out").mkdir()
    held = RunLock(tmp_path / "out" / ".lock")
    with (
        held,
        pytest.raises(InputError, match=rf"is in use by another process \({os.getpid()}\)"),
    ):
        run_experiment(experiment, tmp_path / "out", workers=1)
