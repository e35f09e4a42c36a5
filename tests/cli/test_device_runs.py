"""Runs on a device from the command line: one line each for what may go wrong with them."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from device_work import opener
from directory_service import DirectoryService
from network_block import refuse_network
from safetensors.numpy import load_file

from qiskit_qmu import experiments
from qiskit_qmu._files import write_sealed_json
from qiskit_qmu.backends.jobs import JobFolder
from qiskit_qmu.experiments import run_status
from qiskit_qmu.runs.ledger import LEDGER, JobLedger
from qiskit_qmu.runs.status import SubmittedRun


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse the network in every test."""
    refuse_network(monkeypatch)


@pytest.fixture
def on_service(monkeypatch, folder):
    """Return a function that puts the commands on a service with faults."""
    (folder / "service").mkdir()
    original = {
        name: getattr(experiments, name) for name in ("submit", "resume", "refresh", "cancel")
    }

    def choose(**faults):
        for name, function in original.items():
            given = partial(function, opener=opener(folder, **faults))
            monkeypatch.setattr(experiments, name, given)

    return choose


@pytest.fixture
def submitted(qmu, saved, on_service):
    """Submit a run whose one job stays in the queue."""
    on_service(polls=99)
    words = ("--backend", "fake_manila", "--shots", 20, "--out", "run")
    assert qmu("submit", "observe", saved / "original", *words).status == 0


@pytest.mark.usefixtures("submitted")
def test_status_while_another_process_works_on_the_run(qmu, folder):
    with JobFolder(folder / "run"):
        outcome = qmu("status", "run")
    assert (outcome.status, outcome.err) == (0, "querying fake_manila …\n")
    assert "jobs: 1 sent" in outcome.out
    assert "the state of some jobs is unknown: run is in use by another process" in outcome.out


@pytest.mark.usefixtures("submitted")
def test_status_without_an_account(qmu, folder, monkeypatch, tmp_path):
    name = "qiskit_ibm_runtime.accounts.management._DEFAULT_ACCOUNT_CONFIG_JSON_FILE"
    monkeypatch.setattr(name, str(tmp_path / "none.json"))
    submitted = SubmittedRun.read(folder / "run")
    request = replace(submitted.request, backend="ibm_torino")
    write_sealed_json(folder / "run" / "run.json", replace(submitted, request=request).to_dict())
    JobLedger(folder / "run" / LEDGER)._execute("DELETE FROM notes WHERE name = 'request'")
    monkeypatch.setattr(experiments, "refresh", partial(experiments.refresh.func))
    outcome = qmu("status", "run")
    assert (outcome.status, outcome.err) == (0, "querying ibm_torino …\n")
    assert "jobs: 1 sent" in outcome.out
    assert "the state of some jobs is unknown: no IBM Quantum account found" in outcome.out


@pytest.mark.usefixtures("submitted")
def test_status_of_the_folder_alone_loads_neither_torch_nor_qiskit():
    script = """
import sys
from qiskit_qmu.cli.main import main
assert main(["status", "run", "--offline"]) == 0
heavy = {"torch", "qiskit", "sklearn", "scipy", "matplotlib", "pandas"} & sys.modules.keys()
print(sorted(heavy), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "jobs: 1 sent" in done.stdout
    assert done.stderr == "[]\n"


@pytest.mark.usefixtures("submitted")
def test_cancelling_while_another_process_waits_says_how_to_stop_it(qmu, folder):
    with JobFolder(folder / "run"):
        outcome = qmu("cancel", "run")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert f"process ({os.getpid()}): wait until it ends, or stop it with `kill" in outcome.err
    assert "1 jobs cancelled" in qmu("cancel", "run").out


def test_submitting_takes_the_options_of_its_task_alone(qmu, refuses, saved):
    own = {"observe": "--rows", "attack": "--original", "unlearn": "--forget-class"}
    for task, option in own.items():
        text = qmu("submit", task, "--help").out
        assert {name for name in own.values() if name in text} == {option}
    words = (saved / "original", "--backend", "fake_manila", "--out", "run", "--rows", "all")
    assert "unrecognized arguments: --rows" in refuses(
        "submit", "attack", "--original", saved / "original", *words
    )
    assert "TASK" in refuses("submit")


@pytest.mark.parametrize("command", ["status", "resume"])
def test_the_folder_of_an_experiment_is_resumed_by_its_own_command(refuses, folder, command):
    (folder / "run").mkdir()
    (folder / "run" / "records.jsonl").write_text("")
    assert "run belongs to `qmu run`: repeat that command with --out run" in refuses(command, "run")


def test_status_of_what_is_no_run(refuses):
    assert "no folder nothing" in refuses("status", "nothing")


def test_a_failed_job_ends_resuming_with_one_line_and_is_sent_again_on_request(
    qmu, saved, on_service, folder
):
    on_service(fail_jobs=frozenset({0}))
    words = ("--backend", "fake_manila", "--shots", 20, "--out", "run")
    assert qmu("submit", "observe", saved / "original", *words).status == 1
    on_service()
    for _ in range(2):
        outcome = qmu("resume", "run")
        assert (outcome.status, outcome.out) == (1, "")
        last = outcome.err.splitlines()[-1]
        assert last.startswith("qmu resume: job ")
        assert "was not done: failed, the device was switched off" in last
        assert "Traceback" not in outcome.err
    assert "with --retry-failed it resends" in qmu("status", "run").out
    assert qmu("resume", "run", "--retry-failed").status == 0
    assert len(DirectoryService(folder=folder / "service").tags()) == 2


@pytest.mark.usefixtures("submitted")
def test_a_cancelled_run_is_taken_up_again_on_request(qmu, on_service, monkeypatch):
    assert "1 jobs cancelled" in qmu("cancel", "run").out
    assert "0 jobs cancelled" in qmu("cancel", "run").out
    assert "--retry-failed" in qmu("status", "run").out
    outcome = qmu("resume", "run")
    assert outcome.status == 1
    assert "cancelled, cancelled by the user" in outcome.err.splitlines()[-1]
    on_service()
    assert "finished: run/result" in qmu("resume", "run", "--retry-failed").out
    monkeypatch.setattr(experiments, "resume", pytest.fail)  # nothing is left to do
    assert "finished: run/result" in qmu("resume", "run").out


@pytest.mark.usefixtures("submitted")
def test_commands_on_a_damaged_ledger(qmu, folder):
    (folder / "run" / "ledger.sqlite").write_bytes(b"x" * 4096)
    for command in ("status", "resume", "cancel"):
        outcome = qmu(command, "run")
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        assert "ledger.sqlite is not a SQLite file" in outcome.err


def test_options_that_cannot_be_leave_no_folder(refuses, saved):
    words = ("submit", "observe", saved / "original", "--backend", "fake_manila", "--out", "run")
    assert "gradient must be one of" in refuses(*words, "--gradient", "no")


def unlearn_in_processes(saved, run, after=lambda: None):
    """Submit and resume a run until it is done, killed after some seconds; return the kills."""
    submit = (
        "submit", "unlearn", saved / "original", "--strategy", "ga", "--forget-class", 1,
        "--set", "ga.max_epochs=2", "--set", "ga.confidence_threshold=0.0", "--wait",
        "--backend", "fake_manila", "--shots", 20, "--out", run,
    )  # fmt: skip
    kills = 0
    while True:
        words = ("resume", run) if (run / "run.json").exists() else submit
        command = [sys.executable, "-m", "qiskit_qmu.cli.main", *map(str, words)]
        try:
            subprocess.run(command, capture_output=True, check=True, timeout=after())
        except subprocess.TimeoutExpired:  # (it was killed)
            kills += 1
        else:
            return kills


@pytest.mark.slow
def test_commands_that_are_killed_end_as_if_they_were_not(saved, folder, generator):
    started = time.perf_counter()
    unlearn_in_processes(saved, folder / "whole")
    seconds = time.perf_counter() - started
    whole = run_status(folder / "whole")
    kills = number = 0
    while kills < 6:
        number += 1
        run = folder / f"killed-{number}"
        kills += unlearn_in_processes(saved, run, lambda: generator.uniform(0.4, 1.2) * seconds)
        status = run_status(run)
        # A job of this machine dies with its process, and then runs once more with the same noise.
        done = [job for job in status.jobs if job.state == "done"]
        done.sort(key=lambda job: job.position)
        assert [job.digest for job in done] == [job.digest for job in whole.jobs]
        own, right = (
            load_file(s.result / "model" / "weights.safetensors") for s in (status, whole)
        )
        for name, values in right.items():
            np.testing.assert_array_equal(own[name], values)


INTERRUPTED = """
import signal
import sys
from functools import partial
from pathlib import Path
from device_work import opener
from qiskit_qmu import experiments
from qiskit_qmu._files import write_sealed_json
from qiskit_qmu.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # (ignored in the background)
experiments.submit = partial(experiments.submit, opener=opener(Path(), polls=10**9))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_an_interrupted_command_ends(saved, folder):
    """A thread of its own waits for the job, and must not keep the process."""
    (folder / "service").mkdir()
    words = ("submit", "observe", saved / "original", "--backend", "fake_manila", "--shots", 20)
    command = [sys.executable, "-c", INTERRUPTED, *map(str, words), "--out", "run", "--wait"]
    paths = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths}
    ) as process:
        lines = iter(process.stderr.readline, "")
        assert any("job 0 sent" in line for line in lines)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "qmu submit: stopped; resume with `qmu resume run`\n"
