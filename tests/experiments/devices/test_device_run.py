"""Runs on a device: submitted, picked up, killed at any moment, and never paid for twice."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from device_work import NOT_WAITING, UNLEARN, WAITING, go_on, opener, train_small
from directory_service import IMPATIENT, SECRET, DirectoryService
from killed_processes import fork_server, killed_until_done, seconds_of
from safetensors.numpy import load_file

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs import JobPolicy
from qiskit_qmu.data import ForgetRequest, RowSource
from qiskit_qmu.experiments import (
    DeviceRequest,
    cancel,
    refresh,
    resume,
    run_status,
    submit,
)
from qiskit_qmu.observation import Observations

OBSERVE = DeviceRequest(task="observe", backend="fake_manila", shots=64)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small model that was trained on Iris."""
    return train_small(tmp_path_factory.mktemp("saved") / "model")


@pytest.fixture
def place(tmp_path):
    """A folder with a service in it."""
    (tmp_path / "service").mkdir()
    return tmp_path


def sent(place):
    return DirectoryService(folder=place / "service").tags()


def observed(status):
    return Observations.load(status.result / "observations.npz")


def weights(status):
    return load_file(status.result / "model" / "weights.safetensors")


def test_a_run_is_submitted_looked_at_and_finished(saved, place):
    status = submit(
        OBSERVE, {"model": saved}, place / "run", policy=NOT_WAITING, opener=opener(place, polls=3)
    )
    assert (status.state, [job.state for job in status.jobs]) == ("waiting", ["sent"])
    assert refresh(place / "run", opener=opener(place, polls=3)).jobs[0].state == "sent"
    assert refresh(place / "run", opener=opener(place)).jobs[0].state == "done"
    assert run_status(place / "run").state == "waiting", "refresh only fetches"
    status = resume(place / "run", policy=WAITING, opener=opener(place, refuse_sends=99))
    assert status.state == "finished"
    answers = observed(status)
    assert answers.counts.sum(axis=1).tolist() == [64] * len(answers)
    correct = np.mean(answers.predictions == answers.labels)
    assert status.summary["accuracy"] == correct
    assert status.summary["accuracy_low"] < correct < status.summary["accuracy_high"]
    assert len(status.summary["indices"]) == len(answers)
    assert len(sent(place)) == 1


def test_a_finished_run_needs_no_device(saved, place):
    submit(OBSERVE, {"model": saved}, place / "run", policy=WAITING, opener=opener(place))
    assert resume(place / "run", opener=None).state == "finished"


def test_observing_sends_all_rows_before_it_waits(saved, place, monkeypatch):
    monkeypatch.setattr("qiskit_qmu.models.observing.ROWS_AT_ONCE", 10)
    request = replace(OBSERVE, rows="all")
    status = submit(
        request, {"model": saved}, place / "run", policy=NOT_WAITING, opener=opener(place, polls=1)
    )
    assert len(status.jobs) == 10
    done = resume(place / "run", policy=WAITING, opener=opener(place))
    assert observed(done).counts.shape[1] == 16
    assert len(sent(place)) == 10


def test_attacking_sends_all_models_before_it_waits(saved, place):
    unlearned = submit(UNLEARN, {"model": saved}, place / "a", policy=WAITING, opener=opener(place))
    request = DeviceRequest(task="attack", backend="fake_manila", shots=32)
    models = {"model": unlearned.result / "model", "original": saved}
    before = len(sent(place))
    status = submit(request, models, place / "b", policy=NOT_WAITING, opener=opener(place, polls=1))
    assert [job.state for job in status.jobs] == ["sent", "sent"]
    status = resume(place / "b", policy=WAITING, opener=opener(place))
    report = json.loads((status.result / "audit.json").read_text())
    assert {row["method"] for row in report["rows"]} == {"original", "audited"}
    assert (status.result / "audit.html").stat().st_size > 10_000
    assert len(sent(place)) == before + 2


@pytest.mark.slow
@pytest.mark.ci
def test_unlearning_goes_on_where_it_was(saved, place):
    whole = submit(UNLEARN, {"model": saved}, place / "a", policy=WAITING, opener=opener(place))
    faults = opener(place, polls=1)
    status = submit(UNLEARN, {"model": saved}, place / "b", policy=NOT_WAITING, opener=faults)
    looks = 0
    while status.state != "finished":
        before = len(status.jobs)
        status = resume(place / "b", policy=NOT_WAITING, opener=faults)
        assert len(status.jobs) <= before + 1
        looks += 1
    assert looks >= len(whole.jobs)
    assert len(sent(place)) == 2 * len(whole.jobs)
    for name, values in weights(whole).items():
        np.testing.assert_array_equal(values, weights(status)[name])


def test_a_failed_job_ends_the_run_with_one_line(saved, place):
    with pytest.raises(
        RunError, match=r"job \w+ was not done: failed, the device was switched off"
    ):
        submit(
            UNLEARN,
            {"model": saved},
            place / "run",
            policy=WAITING,
            opener=opener(place, fail_jobs=frozenset({3})),
        )
    assert [job.state for job in run_status(place / "run").jobs] == ["done"] * 3 + ["failed"]
    policy = JobPolicy(retry=IMPATIENT, retry_failed=True)
    assert resume(place / "run", policy=policy, opener=opener(place)).state == "finished"


def test_work_beyond_the_budget_is_not_begun(saved, place):
    policy = JobPolicy(retry=IMPATIENT, max_qpu_seconds=10.0)
    with pytest.raises(InputError, match=r"an estimated 32\.9 QPU seconds, more than the 10\.0"):
        submit(UNLEARN, {"model": saved}, place / "run", policy=policy, opener=opener(place))
    assert sent(place) == []
    assert not (place / "run").exists()
    policy = replace(policy, max_qpu_seconds=40.0)
    status = submit(UNLEARN, {"model": saved}, place / "run", policy=policy, opener=opener(place))
    assert status.state == "finished"


def test_the_expected_cost_is_that_of_the_jobs(saved, place):
    for request in (OBSERVE, replace(OBSERVE, rows="all"), UNLEARN):
        run = place / str(len(list(place.iterdir())))
        status = submit(request, {"model": saved}, run, policy=WAITING, opener=opener(place))
        expected = status.expected
        assert expected["jobs"] == len(status.jobs)
        assert expected["circuits"] == sum(job.circuits for job in status.jobs)
        planned = sum(job.planned_seconds for job in status.jobs)
        assert expected["qpu_seconds"] == pytest.approx(planned)


def test_a_budget_that_is_spent_ends_the_run_and_more_of_it_goes_on(saved, place):
    submit(
        UNLEARN, {"model": saved}, place / "run", policy=NOT_WAITING, opener=opener(place, polls=1)
    )
    policy = JobPolicy(retry=IMPATIENT, max_qpu_seconds=10.0)
    with pytest.raises(
        RunError, match=r"next job takes 5 s and would exceed .*=10, of which 6 s are spent"
    ):
        resume(place / "run", policy=policy, opener=opener(place))
    assert len(sent(place)) == 2
    assert resume(place / "run", policy=WAITING, opener=opener(place)).state == "finished"


def test_a_run_can_be_cancelled_and_taken_up_again(saved, place):
    submit(
        OBSERVE, {"model": saved}, place / "run", policy=NOT_WAITING, opener=opener(place, polls=9)
    )
    (job_id,) = cancel(place / "run", opener=opener(place, polls=9))
    assert run_status(place / "run").jobs[0].job_id == job_id
    with pytest.raises(RunError, match="cancelled"):
        resume(place / "run", policy=WAITING, opener=opener(place))
    policy = JobPolicy(retry=IMPATIENT, retry_failed=True)
    assert resume(place / "run", policy=policy, opener=opener(place)).state == "finished"


def test_nothing_in_a_run_holds_a_secret(saved, place):
    submit(UNLEARN, {"model": saved}, place / "run", policy=WAITING, opener=opener(place))
    for path in (place / "run").rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


@pytest.mark.parametrize("write", ["results.write_set", "stored_circuits.write_file"])
def test_a_disk_without_room_ends_the_run_with_one_line(saved, place, monkeypatch, write):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(f"qiskit_qmu.backends.jobs.{write}", full)
        with pytest.raises(RunError, match=r"No space left.*nothing is lost: resume") as caught:
            submit(OBSERVE, {"model": saved}, place / "run", policy=WAITING, opener=opener(place))
    assert "\n" not in str(caught.value)
    if (place / "run" / "run.json").exists():
        status = resume(place / "run", policy=WAITING, opener=opener(place))
    else:
        status = submit(
            OBSERVE, {"model": saved}, place / "run", policy=WAITING, opener=opener(place)
        )
    assert status.state == "finished"
    assert len(sent(place)) == 1


def flip(path):
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_run_goes_on_with_nothing_that_was_changed(saved, place):
    run, other = place / "run", place / "other"
    for folder, shots in ((run, 64), (other, 32)):
        submit(
            replace(OBSERVE, shots=shots),
            {"model": saved},
            folder,
            policy=NOT_WAITING,
            opener=opener(place, polls=9),
        )
    whole = (run / "run.json").read_text()
    for content, message in [
        (whole.replace("fake_manila", "fake_quito"), "run.json: .* its checksum differs"),
        ((other / "run.json").read_text(), "ledger.sqlite is the ledger of run .*, not of run"),
    ]:
        (run / "run.json").write_text(content)
        for command in (run_status, resume, cancel, refresh):
            with pytest.raises(InputError, match=message):
                command(run)
    (run / "run.json").write_text(whole)
    flip(run / "models" / "model" / "circuit.qpy")
    with pytest.raises(InputError, match=r"circuit\.qpy was changed since it was written"):
        resume(run, policy=WAITING, opener=opener(place))
    assert len(sent(place)) == 2


def test_a_result_that_was_changed_is_not_shown(saved, place):
    status = submit(OBSERVE, {"model": saved}, place / "run", policy=WAITING, opener=opener(place))
    flip(status.result / "observations.npz")
    with pytest.raises(InputError, match=r"observations\.npz was changed since it was written"):
        run_status(place / "run")
    shutil.rmtree(status.result)
    again = resume(place / "run", policy=WAITING, opener=opener(place, refuse_sends=99))
    assert again.summary["accuracy"] == status.summary["accuracy"]


@pytest.mark.slow
@pytest.mark.ci
def test_a_run_without_its_ledger_pays_for_nothing_again(saved, place):
    whole = submit(UNLEARN, {"model": saved}, place / "a", policy=WAITING, opener=opener(place))
    run = place / "b"
    polled = opener(place, polls=1)
    submit(UNLEARN, {"model": saved}, run, policy=NOT_WAITING, opener=polled)
    for _ in range(4):
        status = resume(run, policy=NOT_WAITING, opener=polled)
    assert [job.state for job in status.jobs[-2:]] == ["done", "sent"]
    before = len(sent(place))
    (run / "ledger.sqlite").unlink()
    for command in (run_status, resume, cancel, refresh):
        with pytest.raises(
            InputError, match=r"is missing or empty; restore it, .*qmu resume .* --rebuild-ledger"
        ):
            command(run)
    policy = JobPolicy(retry=IMPATIENT, max_qpu_seconds=8.0)
    with pytest.raises(RunError, match=r"would exceed max_qpu_seconds=8, of which [1-9]"):
        resume(run, policy=policy, opener=opener(place), rebuild=True)
    assert len(sent(place)) == before
    status = resume(run, policy=WAITING, opener=opener(place))
    assert status.state == "finished"
    assert len(sent(place)) == 2 * len(whole.jobs)
    for name, values in weights(whole).items():
        np.testing.assert_array_equal(values, weights(status)[name])


def test_a_models_folder_of_the_users_is_left_alone(saved, place):
    mine = shutil.copytree(saved, place / "models" / "model")
    with pytest.raises(InputError, match="already contains models; choose a new folder"):
        submit(OBSERVE, {"model": mine}, place, policy=WAITING, opener=opener(place))
    assert (mine / "weights.safetensors").exists()
    with pytest.raises(InputError, match="is inside the folder of a model"):
        submit(OBSERVE, {"model": mine}, mine / "run", policy=WAITING, opener=opener(place))
    assert sent(place) == []


def test_the_folder_of_the_data_is_found_from_everywhere(saved, place, monkeypatch):
    monkeypatch.chdir(place)
    request = replace(OBSERVE, source=RowSource(data_dir="data"))
    submit(request, {"model": saved}, "run", policy=NOT_WAITING, opener=opener(place))
    assert run_status("run").request.source.data_dir == str(place / "data")


def test_a_run_that_another_process_has_just_finished_stays(saved, place):
    """It is looked at before it is locked, and may be finished in between."""
    run = place / "run"
    submit(OBSERVE, {"model": saved}, run, policy=NOT_WAITING, opener=opener(place, polls=9))

    def other_first(*arguments, **named):
        resume(run, policy=WAITING, opener=opener(place))
        return opener(place, refuse_sends=99)(*arguments, **named)

    assert resume(run, policy=WAITING, opener=other_first).state == "finished"
    new = place / "new"

    def other_submits(*arguments, **named):
        submit(OBSERVE, {"model": saved}, new, policy=WAITING, opener=opener(place))
        return opener(place)(*arguments, **named)

    with pytest.raises(InputError, match="already contains a run; resume it"):
        submit(UNLEARN, {"model": saved}, new, policy=WAITING, opener=other_submits)
    assert run_status(new).request == OBSERVE


def test_bad_requests_are_refused_before_anything_is_written(saved, place):
    run = place / "run"
    with pytest.raises(InputError, match=r"cannot read .*model.json: No such file"):
        submit(OBSERVE, {"model": place}, run, opener=opener(place))
    with pytest.raises(InputError, match="attack needs further models: original"):
        submit(replace(OBSERVE, task="attack"), {"model": saved}, run, opener=opener(place))
    with pytest.raises(InputError, match="strategy must be one of"):
        submit(replace(UNLEARN, strategy="no"), {"model": saved}, run, opener=opener(place))
    for changes, message in [
        ({"task": "dance"}, "task must be one of"),
        ({"shots": 0}, "shots must be an integer of at least 1"),
        ({"backend": "exact"}, "must be the name of a device"),
        ({"rows": "some"}, "rows must be one of"),
        ({"task": "unlearn"}, "strategy must be the name of a method"),
        ({"task": "unlearn", "strategy": "ga"}, "needs the rows to forget"),
        ({"options": {"seed": object()}}, "must be JSON values"),
    ]:
        with pytest.raises(InputError, match=message):
            replace(OBSERVE, **changes)
    assert not run.exists()
    with pytest.raises(InputError, match="no folder"):
        resume(run)


def test_a_request_comes_back_from_its_file():
    request = replace(UNLEARN, forget=ForgetRequest(indices=(1, 5)))
    assert DeviceRequest.from_dict(json.loads(json.dumps(request.to_dict()))) == request
    with pytest.raises(InputError, match="format 4"):
        DeviceRequest.from_dict({**request.to_dict(), "format": 1})
    with pytest.raises(InputError, match=r"not a request: .*colour"):
        DeviceRequest.from_dict({**request.to_dict(), "colour": "red"})


@pytest.fixture(scope="module")
def processes():
    """What starts processes."""
    return fork_server()


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(8, marks=[pytest.mark.slow, pytest.mark.ci]),
        pytest.param(60, marks=pytest.mark.slow),
        pytest.param(500, marks=pytest.mark.slow),
    ],
)
def test_a_run_that_is_killed_at_any_moment_loses_nothing_and_sends_nothing_twice(
    saved, place, processes, generator, kills
):
    for folder in (place / "first", place):  # the first one waits for what is loaded
        (folder / "service").mkdir(parents=True, exist_ok=True)
        seconds = seconds_of(processes, go_on, (saved, folder, {}))
    whole = run_status(place / "run")
    expected = len(sent(place))
    done = 0
    number = 0
    while done < kills:
        number += 1
        own = place / f"service-{number}"
        (own / "service").mkdir(parents=True)
        faults = {"polls": number % 2, "hidden_searches": number % 3}
        work = (saved, own, faults)
        done += killed_until_done(processes, go_on, work, 1.5 * seconds, generator)
        status = run_status(own / "run")
        assert status.state == "finished"
        tags = sent(own)
        assert len(tags) == len(set(tags)) == expected
        assert [job.state for job in status.jobs] == ["done"] * expected
        assert [(job.digest, job.occurrence) for job in status.jobs] == [
            (job.digest, job.occurrence) for job in whole.jobs
        ]
        for name, values in weights(whole).items():
            np.testing.assert_array_equal(values, weights(status)[name])
