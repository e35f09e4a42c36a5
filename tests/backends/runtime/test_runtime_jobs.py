"""Jobs on IBM Runtime: what is sent, how far it is, what comes back, and what goes wrong."""

import json
import logging
import traceback

import numpy as np
import pytest
from device_jobs import CIRCUIT, measure
from fake_server import QPU_SECONDS, TOKEN, FakeService
from qiskit import QuantumCircuit
from qiskit.primitives import BitArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import IBMNotAuthorizedError
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs import JobFailedError, JobsPendingError, TransientError
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.runtime.runtime_jobs import RuntimeJobs


@pytest.fixture
def jobs(service) -> RuntimeJobs:
    """A device's queue."""
    return RuntimeJobs(service.backend("ibm_manila"), DeviceOptions("ibm_manila", tags=("mine",)))


@pytest.fixture
def pub(open_ibm) -> SamplerPub:
    """A PUB of a transpiled circuit, two rows."""
    circuit = open_ibm().sampler.isa_circuit(CIRCUIT)
    return SamplerPub.coerce((circuit, [[0.1], [2.0]]), 50)


def send(jobs, pub, tag="run-0") -> str:
    return jobs.send([pub], 50, tag=tag, number=0)


def test_one_merged_pub_with_tags_and_no_privacy(open_ibm, service):
    (bits,) = measure(open_ibm(tags=["mine"], max_execution_time=9))
    assert bits.shape == (2,)
    assert bits.num_shots == 200
    (job,) = service.server.jobs()
    program = job["params"]["quantum_program"]
    assert job["program"]["id"] == "executor"
    assert len(program["items"]) == 1
    assert program["shots"] == 200
    assert program["semantic_role"] == "sampler_v2"
    assert job["tags"][0].startswith("qmu-")
    assert job["tags"][1:] == ["qiskit_qmu", "mine", "shots=200"]
    assert job["private"] is False
    assert job["max_execution_time"] == 9


def test_results_are_registers_in_the_shape_of_their_pub(jobs, pub):
    square = SamplerPub.coerce((pub.circuit, [[[0.1], [3.0]], [[2.0], [0.0]]]), 50)
    job_id = jobs.send([pub, square], 50, tag="run-0", number=0)
    assert jobs.state(job_id) == "done"
    first, second = (data["meas"] for data in jobs.result(job_id))
    assert isinstance(first, BitArray)
    assert (first.shape, first.num_bits, second.shape) == ((2,), 2, (2, 2))
    assert first.get_counts(0).get("00", 0) > 40
    assert second.get_counts((0, 1)).get("11", 0) > 35
    assert jobs.seconds(job_id) == QPU_SECONDS


def test_a_slow_job_is_queued_then_running_then_done(jobs, pub, behaviour):
    behaviour.polls = 4
    job_id = send(jobs, pub)
    assert jobs.seconds(job_id) is None
    states = [jobs.state(job_id) for _ in range(6)]
    assert states == ["queued", "queued", "running", "running", "done", "done"]


def test_a_job_is_found_by_its_tag_in_another_process(jobs, pub, service):
    ids = [send(jobs, pub, tag) for tag in ("run-0", "run-1")]
    other = FakeService(service.server.folder)
    again = RuntimeJobs(other.backend("ibm_manila"), DeviceOptions("ibm_manila"))
    assert [again.find(tag) for tag in ("run-0", "run-1", "run-2")] == [*ids, None]
    assert again.state(ids[1]) == "done"
    expected, found = (service_of.result(ids[1])[0]["meas"] for service_of in (jobs, again))
    assert np.array_equal(expected.array, found.array)


def test_a_failed_job_has_a_reason_in_one_line(jobs, pub, behaviour):
    behaviour.fails = "the qubits\nare warm"
    job_id = send(jobs, pub)
    assert jobs.state(job_id) == "failed"
    assert jobs.reason(job_id) == "the qubits are warm"


def test_a_job_is_cancelled_once(jobs, pub, behaviour):
    behaviour.polls = 4
    job_id = send(jobs, pub)
    jobs.cancel(job_id)
    assert jobs.state(job_id) == "cancelled"
    assert jobs.reason(job_id) == ""
    jobs.cancel(job_id)
    assert jobs.state(job_id) == "cancelled"


def test_a_job_that_the_service_forgot_has_failed(jobs):
    assert jobs.state("job-77") == "failed"
    assert "job is unknown to the service" in jobs.reason("job-77")
    assert jobs.seconds("job-77") is None
    jobs.cancel("job-77")
    with pytest.raises(InputError, match="the service does not know job job-77"):
        jobs.result("job-77")


PASSING = [
    RequestsApiError("maintenance", -1),
    RequestsApiError("busy", 503),
    RequestsApiError("too many requests", 429),
    NoConnection("no route"),
    ReadTimeout("no answer"),
    TimeoutError("no answer"),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: f"{type(error).__name__}-{error}")
def test_errors_that_may_pass(jobs, pub, behaviour, error):
    job_id = send(jobs, pub)
    for call, ask in {
        "program_run": lambda: send(jobs, pub),
        "job_get": lambda: jobs.state(job_id),
        "jobs_get": lambda: jobs.find("run-0"),
    }.items():
        behaviour.errors[call] = [error]
        with pytest.raises(TransientError, match=r"IBM Runtime: \w"):
            ask()


@pytest.mark.parametrize(
    "error", [RequestsApiError("bad request", 400), IBMNotAuthorizedError("bad key")]
)
def test_errors_that_do_not_pass(jobs, pub, behaviour, error):
    behaviour.errors["program_run"] = [error]
    with pytest.raises(RunError, match=r"IBM Runtime: .*bad"):
        send(jobs, pub)


def test_what_the_library_refuses_is_bad_input(service):
    options = DeviceOptions("ibm_manila", dynamical_decoupling=True)
    jobs = RuntimeJobs(service.backend("ibm_manila"), options)
    circuit = QuantumCircuit(5, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    with pytest.raises(InputError, match="Dynamical decoupling is not compatible with dynamic"):
        send(jobs, SamplerPub.coerce(circuit, 50))


def test_mistakes_in_the_program_stay_what_they_are(jobs, pub, behaviour):
    behaviour.errors["program_run"] = [ZeroDivisionError("a mistake")]
    with pytest.raises(ZeroDivisionError):
        send(jobs, pub)


def test_a_busy_service_is_asked_again(open_ibm, service, behaviour):
    behaviour.errors["program_run"] = [RequestsApiError("busy", 503)] * 3
    behaviour.errors["job_results"] = [RequestsApiError("busy", 429)] * 2
    measure(open_ibm())
    assert len(service.server.jobs()) == 1


def test_a_job_whose_answer_was_lost_is_not_sent_twice(open_ibm, service, behaviour):
    behaviour.errors["program_run, answer"] = [NoConnection("reset")]
    measure(open_ibm())
    assert len(service.server.jobs()) == 1


def test_a_failed_job_is_reported_with_its_id(open_ibm, behaviour):
    behaviour.fails = "no calibration"
    with pytest.raises(JobFailedError, match="job job-0 was not done: failed, no calibration"):
        measure(open_ibm())


def test_nobody_waits_who_does_not_want_to(open_ibm, behaviour):
    behaviour.polls = 4
    with pytest.raises(JobsPendingError, match="job job-0 is not done"):
        measure(open_ibm(wait=False))


def circuit_of(gate: str, *qubits: int, wide: int = 5) -> QuantumCircuit:
    circuit = QuantumCircuit(wide, 1)
    getattr(circuit, gate)(*qubits)
    circuit.barrier()
    circuit.measure(0, 0)
    return circuit


def inside_a_branch() -> QuantumCircuit:
    circuit = circuit_of("x", 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(1)
    return circuit


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (circuit_of("h", 0), "the device does not support 'h' on qubits .0,."),
        (circuit_of("cx", 0, 3), "does not support 'cx' on qubits .0, 3."),
        (circuit_of("x", 0, wide=9), "of 9 qubits does not fit the device, which has 5"),
        (inside_a_branch(), "does not support 'h' on qubits .1,."),
    ],
)
def test_a_circuit_of_another_device_is_not_sent(jobs, service, circuit, message):
    with pytest.raises(InputError, match=message):
        send(jobs, SamplerPub.coerce(circuit, 50))
    assert service.server.jobs() == []


def test_shots_are_needed(jobs, pub):
    with pytest.raises(InputError, match="jobs on a device need shots"):
        jobs.send([pub], None, tag="run-0", number=0)


def test_no_token_in_anything_that_is_shown_or_kept(
    open_ibm, behaviour, service, tmp_path, caplog, capsys
):
    caplog.set_level(logging.DEBUG)
    backend = open_ibm(mode="session", ledger=tmp_path / "run")
    measure(backend)
    behaviour.errors["program_run"] = [RequestsApiError(f"400 for token {TOKEN}", 400)]
    with pytest.raises(RunError, match="400 for token …") as caught:
        measure(backend, 2)
    shown = [
        *map(
            repr,
            (
                backend,
                backend.resumable_sampler,
                backend.resumable_sampler.service,
                DeviceOptions("ibm_manila", service=service),
            ),
        ),
        json.dumps(backend.settings()),
        "".join(traceback.format_exception(caught.value)),
        caplog.text,
        *capsys.readouterr(),
    ]
    assert not [text for text in shown if TOKEN in text]
    backend.close()
    kept = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert len(kept) > 3
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]
