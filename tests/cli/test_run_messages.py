"""What is printed of a run's jobs."""

from pathlib import Path

from qiskit_qmu.cli.run_messages import status_text
from qiskit_qmu.runs.job_record import JobRecord
from qiskit_qmu.runs.request import DeviceRequest
from qiskit_qmu.runs.status import RunStatus


def job(number, state, position=0):
    return JobRecord(
        number=number,
        position=position,
        digest="a",
        occurrence=0,
        attempt=number,
        tag="",
        job_id=f"local-{number}",
        state=state,
        reason="why",
        circuits=1,
        shots=5,
        planned_seconds=1.0,
        seconds=None,
        planned_at="",
        sent_at=None,
        finished_at=None,
    )


def printed(*jobs):
    return status_text(
        RunStatus(
            folder=Path("run"),
            request=DeviceRequest(task="observe", backend="fake_manila", shots=5),
            state="waiting",
            jobs=jobs,
            expected={"jobs": 1, "executions": 5, "qpu_seconds": 2.0},
            spent_seconds=0.0,
            summary={},
        )
    )


def test_lost_jobs_are_explained_and_what_happens_next():
    once_more = "it reruns lost jobs, with the same noise and at no charge"
    text = printed(job(0, "lost"))
    assert "lost: 1 jobs of this machine, whose process ended before they did" in text
    assert once_more in text
    again = printed(job(0, "lost"), job(1, "done"))
    assert "1 lost, 1 done" in again
    assert once_more not in again


def test_simulated_devices_charge_no_qpu_time():
    assert "5 executions, no QPU time, the device is simulated" in printed(job(0, "done"))


def test_only_jobs_at_a_device_need_one_to_be_asked():
    assert not job(0, "sent").is_away
    assert not job(0, "done").is_away
    assert JobRecord(**vars(job(0, "sent")) | {"job_id": "c1"}).is_away
