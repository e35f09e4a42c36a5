"""The journal: each job is sent once, and its result is kept, whatever the service does."""

import threading
import time

import numpy as np
import pytest
from directory_service import IMPATIENT, MANILA, SECRET, DirectoryService, directory_backend
from qiskit.circuit import Parameter, QuantumCircuit

import qiskit_qmu as qmu
from qiskit_qmu.backends import DeviceOptions
from qiskit_qmu.backends.devices.factory import open_service
from qiskit_qmu.backends.jobs import (
    BudgetError,
    DivergedError,
    JobFailedError,
    JobLedger,
    JobPolicy,
    JobsPendingError,
    RetryPolicy,
    RunError,
    TransientError,
)
from qiskit_qmu.backends.jobs.policy import with_retries
from qiskit_qmu.backends.transpilation.transpilers import make_transpiler

X = Parameter("x")
CIRCUIT = QuantumCircuit(2)
CIRCUIT.ry(X, 0)
CIRCUIT.cx(0, 1)
CIRCUIT.measure_all()


@pytest.fixture
def place(tmp_path):
    """A folder for the service and one for the run."""
    (tmp_path / "service").mkdir()
    return tmp_path


def opened(place, *, policy=None, **faults):
    service = DirectoryService(folder=place / "service", **faults)
    policy = policy or JobPolicy(retry=IMPATIENT)
    return directory_backend(service, policy=policy, ledger=place / "run")


def counts(backend, angle=0.7):
    return backend.sampler.run([(CIRCUIT, [angle])]).result()[0].data.meas.get_counts()


def test_a_result_is_read_from_its_file_when_the_same_is_asked_for_again(place):
    with opened(place) as backend:
        first = [counts(backend), counts(backend), counts(backend, 0.1)]
    with opened(place, refuse_sends=99) as backend:
        again = [counts(backend), counts(backend), counts(backend, 0.1)]
    assert again == first
    assert first[0] != first[1], "the same request made twice must have noise of its own"
    assert len(DirectoryService(folder=place / "service").tags()) == 3


def test_a_job_that_was_sent_is_waited_for_by_the_next_process(place):
    not_waiting = opened(place, policy=JobPolicy(wait=False), polls=2)
    with not_waiting as backend, pytest.raises(JobsPendingError):
        counts(backend)
    with opened(place, polls=2) as backend:
        counts(backend)
        assert [job.state for job in backend.resumable_sampler.ledger.jobs()] == ["done"]
    assert len(DirectoryService(folder=place / "service").tags()) == 1


def test_a_job_whose_id_was_not_stored_is_found_by_its_tag(place):
    def die(name):
        if name == "sent":
            raise KeyboardInterrupt

    with opened(place, on_call=die) as backend, pytest.raises(KeyboardInterrupt):
        counts(backend)
    assert JobLedger(place / "run" / "ledger.sqlite").job(0).job_id is None
    with opened(place, hidden_searches=2) as backend:
        counts(backend)
    assert len(DirectoryService(folder=place / "service").tags()) == 1


def test_errors_that_pass_are_retried_and_an_accepted_job_is_not_sent_again(place):
    with opened(place, refuse_sends=3) as backend:
        counts(backend)
    with opened(place, lose_answers=1) as backend:
        counts(backend)
        counts(backend, 0.2)
    assert len(DirectoryService(folder=place / "service").tags()) == 2


def test_pauses_grow_and_end():
    pauses = []
    policy = RetryPolicy(attempts=5, first_pause=1.0, longest_pause=3.0, sleep=pauses.append)

    def fail():
        raise TransientError("busy")

    with pytest.raises(RunError, match=r"5 times.*busy"):
        with_retries(fail, policy)
    assert pauses == [1.0, 2.0, 3.0, 3.0]


def test_a_failed_job_is_reported_with_id_and_reason_and_sent_again_on_request(place):
    with opened(place, fail_jobs=frozenset({1})) as backend:
        kept = counts(backend)
        with pytest.raises(Exception, match="switched off") as caught:
            counts(backend, 0.2)
        assert isinstance(caught.value, JobFailedError)
        failed = backend.resumable_sampler.ledger.job(1)
    assert failed.state == "failed"
    assert failed.job_id in str(caught.value)
    assert "\n" not in str(caught.value)
    with opened(place) as backend:
        assert counts(backend) == kept
        with pytest.raises(JobFailedError, match="switched off"):
            counts(backend, 0.2)
    with opened(place, policy=JobPolicy(retry=IMPATIENT, retry_failed=True)) as backend:
        assert counts(backend) == kept
        counts(backend, 0.2)
        jobs = backend.resumable_sampler.ledger.jobs()
    assert [(job.position, job.attempt, job.state) for job in jobs] == [
        (0, 0, "done"),
        (1, 0, "failed"),
        (1, 1, "done"),
    ]


def test_nothing_is_sent_beyond_the_budget(place):
    # One job of 64 executions is planned at 2.02 s, and the service charges 3 s for it.
    policy = JobPolicy(retry=IMPATIENT, max_qpu_seconds=4.0)
    with opened(place, policy=policy) as backend:
        counts(backend)
        with pytest.raises(
            BudgetError, match=r"takes 2 s and would exceed .*=4, of which 3 s are spent"
        ):
            counts(backend, 0.2)
    assert len(DirectoryService(folder=place / "service").tags()) == 1
    with opened(place, policy=JobPolicy(retry=IMPATIENT, max_qpu_seconds=5.1)) as backend:
        counts(backend)
        counts(backend, 0.2)


def test_a_run_that_asks_for_something_else_is_stopped_before_it_costs(place):
    with opened(place) as backend:
        counts(backend)
    with opened(place) as backend, pytest.raises(DivergedError, match="1 jobs"):
        counts(backend, 0.7000001)
    assert len(DirectoryService(folder=place / "service").tags()) == 1


def test_jobs_go_out_ahead_of_the_first_result(place):
    with opened(place, policy=JobPolicy(wait=False), polls=1) as backend:
        with backend.sampler.without_waiting():
            for angle in (0.1, 0.2, 0.3):
                with pytest.raises(JobsPendingError):
                    counts(backend, angle)
        assert len(backend.resumable_sampler.ledger.jobs()) == 3
    with opened(place) as backend:
        for angle in (0.1, 0.2, 0.3):
            counts(backend, angle)
    assert len(DirectoryService(folder=place / "service").tags()) == 3


def test_a_job_is_cut_where_it_would_be_too_large(place):
    service = DirectoryService(folder=place / "service")
    options = DeviceOptions(
        "fake_manila",
        shots=64,
        optimization_level=0,
        ledger=place / "run",
        job_policy=JobPolicy(retry=IMPATIENT),
        max_executions_per_job=64 * 4,
    )
    transpiler = make_transpiler(MANILA, options)
    angles = np.linspace(0.0, np.pi, 10)[:, None]
    with open_service(options, service, transpiler) as backend:
        register = backend.sampler.run([(CIRCUIT, angles)]).result()[0].data.meas
        assert [job.circuits for job in backend.resumable_sampler.ledger.jobs()] == [4, 4, 2]
    shares = (register.slice_bits([0]).array[..., 0] == 1).mean(axis=1)
    np.testing.assert_allclose(shares, np.sin(angles[:, 0] / 2) ** 2, atol=5 * 0.5 / 8)


def test_cancelled_jobs_are_written_down(place):
    with opened(place, policy=JobPolicy(wait=False), polls=99) as backend:
        with pytest.raises(JobsPendingError):
            counts(backend)
        (cancelled,) = backend.resumable_sampler.cancel()
        (job,) = backend.resumable_sampler.ledger.jobs()
        assert (job.job_id, job.state) == (cancelled, "cancelled")
    with opened(place) as backend, pytest.raises(JobFailedError, match="cancelled"):
        counts(backend)


def test_results_that_arrive_are_kept_without_being_asked_for(place):
    with opened(place, policy=JobPolicy(wait=False), polls=1) as backend:
        with pytest.raises(JobsPendingError):
            counts(backend)
        backend.resumable_sampler.refresh()
        assert [job.state for job in backend.resumable_sampler.ledger.jobs()] == ["done"]


def test_the_session_is_written_down_and_set_again(place):
    with opened(place, session_id="") as backend:
        backend.resumable_sampler.service.session_id = "session-1"
        counts(backend)
    with opened(place) as backend:
        assert backend.resumable_sampler.service.session_id == "session-1"


def test_a_finished_job_says_so(place):
    with opened(place) as backend:
        job = backend.sampler._sampler.run(
            [(backend.sampler.isa_circuit(CIRCUIT), [0.4])], shots=16
        )
        assert job.running()
        assert not job.done()
        job.result()
        assert job.done()
        assert job.in_final_state()
        assert not job.cancelled()
        assert job.status() == "done"


def test_nothing_that_is_kept_holds_a_secret(place):
    with opened(place) as backend:
        counts(backend)
        assert SECRET not in repr(backend.resumable_sampler.service)
    for path in (place / "run").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()


def test_the_circuit_stays_when_the_transpiler_changes_its_mind(place):
    with opened(place) as backend:
        kept = counts(backend)
        (stored,) = (place / "run" / "circuits").iterdir()
        content = stored.read_bytes()
    with opened(place) as backend:
        backend.sampler._prepared._transpiler._transpiler = None  # (would fail if it were used)
        assert counts(backend) == kept
    assert stored.read_bytes() == content


def test_a_fake_device_has_the_same_noise_after_a_restart(place):
    def run(stops, folder, seed):
        found = []
        for stop in stops:
            with qmu.open_backend("fake_manila", shots=100, seed=seed, ledger=folder) as backend:
                found = [counts(backend, 0.1 * k) for k in range(stop)]
        return found, backend.settings()["seed"]

    found, seed = run([1, 3, 4], place / "a", None)
    assert run([4], place / "b", seed) == (found, seed)
    assert run([4], place / "c", None)[0] != found


def test_a_send_whose_answer_was_lost_is_searched_for_as_long_as_after_a_restart(place):
    with opened(place, lose_answers=1, hidden_searches=2) as backend:
        counts(backend)
    assert len(DirectoryService(folder=place / "service").tags()) == 1


def test_a_damaged_result_is_fetched_again(place):
    with opened(place) as backend:
        first = counts(backend)
    (place / "run" / "jobs" / "00000.npz").write_bytes(b"damaged")
    for fetched in (1, 0):
        with opened(place, refuse_sends=99) as backend:
            assert counts(backend) == first
            assert backend.resumable_sampler.service.fetched == fetched


def test_a_damaged_result_that_the_service_forgot_is_reported_and_stays_paid_for(place):
    with opened(place) as backend:
        counts(backend)
        (place / "run" / "jobs" / "00000.json").unlink()
        for path in (place / "service").iterdir():
            path.unlink()
    with opened(place) as backend:
        with pytest.raises(JobFailedError, match="was not done: failed"):
            counts(backend)
        assert backend.resumable_sampler.ledger.spent_seconds() == 3.0


def test_a_job_that_ended_well_after_all_is_not_sent_again(place):
    """As when the account was another one while the run was looked at."""
    with opened(place) as backend:
        job = backend.resumable_sampler.ledger
        first = counts(backend)
        job.finished(0, "failed", reason="the job is unknown to the service")
    policy = JobPolicy(retry=IMPATIENT, retry_failed=True)
    with opened(place, policy=policy) as backend:
        assert counts(backend) == first
    assert len(DirectoryService(folder=place / "service").tags()) == 1


def test_a_job_that_failed_unseen_is_sent_again_on_request(place):
    faults = {"fail_jobs": frozenset({0})}
    not_waiting = opened(place, policy=JobPolicy(wait=False), **faults)
    with (
        not_waiting as backend,
        not_waiting.sampler.without_waiting(),
        pytest.raises(JobsPendingError),
    ):
        counts(backend)
    policy = JobPolicy(retry=IMPATIENT, retry_failed=True)
    with opened(place, policy=policy) as backend:
        counts(backend)
        assert [job.state for job in backend.resumable_sampler.ledger.jobs()] == ["failed", "done"]


def test_failed_jobs_count_in_the_budget(place):
    with opened(place, fail_jobs=frozenset({0})) as backend:
        with pytest.raises(JobFailedError):
            counts(backend)
        assert backend.resumable_sampler.ledger.spent_seconds() == 3.0
    policy = JobPolicy(retry=IMPATIENT, retry_failed=True, max_qpu_seconds=4.0)
    with (
        opened(place, policy=policy) as backend,
        pytest.raises(BudgetError, match="of which 3 s are spent"),
    ):
        counts(backend)


def test_a_job_that_was_planned_before_a_restart_is_in_the_budget_too(place):
    with opened(place, refuse_sends=99) as backend, pytest.raises(RunError, match="busy"):
        counts(backend)
    policy = JobPolicy(retry=IMPATIENT, max_qpu_seconds=1.0)
    with (
        opened(place, policy=policy) as backend,
        pytest.raises(BudgetError, match="max_qpu_seconds=1, of which 0 s"),
    ):
        counts(backend)
    assert DirectoryService(folder=place / "service").tags() == []


def test_a_job_that_ends_while_it_is_cancelled_is_kept(place):
    with opened(place, policy=JobPolicy(wait=False), polls=99) as backend:
        with pytest.raises(JobsPendingError):
            counts(backend)

        def end(name):
            if name == "cancel":
                backend.resumable_sampler.service.polls = 0

        backend.resumable_sampler.service.on_call = end
        assert backend.resumable_sampler.cancel() == []
    with opened(place) as backend:
        counts(backend)


def test_cancelling_finds_jobs_whose_id_was_not_stored_and_tries_again(place):
    def die(name):
        if name == "sent":
            raise KeyboardInterrupt

    with opened(place, on_call=die) as backend, pytest.raises(KeyboardInterrupt):
        counts(backend)

    busy = [TransientError("busy")]

    def fail_once(name):
        if name == "find" and busy:
            raise busy.pop()

    with opened(place, polls=9, hidden_searches=1, on_call=fail_once) as backend:
        (cancelled,) = backend.resumable_sampler.cancel()
        (job,) = backend.resumable_sampler.ledger.jobs()
        assert (job.job_id, job.state, job.seconds) == (cancelled, "cancelled", 3.0)


def closed_while(place, moment, **faults):
    """Close a backend while another thread works on it; it must end at once."""
    reached = threading.Event()

    def watch(name):
        if name == moment:
            reached.set()

    slow = RetryPolicy(poll=60.0, first_pause=60.0)
    backend = opened(place, policy=JobPolicy(retry=slow), on_call=watch, **faults)
    job = backend.sampler.run([(CIRCUIT, [0.3])])
    assert reached.wait(20.0)
    backend.close()
    with pytest.raises(JobsPendingError, match="stopped"):
        job.result()


def test_waiting_ends_at_once_when_a_backend_is_closed(place):
    closed_while(place, "state", polls=99)


def test_nothing_is_sent_after_a_backend_was_closed(place):
    """Its folder is free then, and another process may send the same job."""
    closed_while(place, "send", refuse_sends=1)
    assert DirectoryService(folder=place / "service").tags() == []


def test_a_job_that_is_being_sent_when_a_backend_is_closed_is_written_down(place):
    reached = threading.Event()

    def slow(name):
        if name == "send":
            reached.set()
            time.sleep(0.2)

    backend = opened(place, on_call=slow)
    job = backend.sampler.run([(CIRCUIT, [0.3])])
    assert reached.wait(20.0)
    backend.close()
    with pytest.raises(JobsPendingError):
        job.result()
    assert JobLedger(place / "run" / "ledger.sqlite").job(0).state == "sent"


def test_jobs_of_several_threads_are_sent_one_by_one(place):
    with opened(place) as backend:
        jobs = [backend.sampler.run([(CIRCUIT, [0.1 * k])]) for k in range(8)]
        for job in jobs:
            job.result()
        assert [job.number for job in backend.resumable_sampler.ledger.jobs()] == list(range(8))
