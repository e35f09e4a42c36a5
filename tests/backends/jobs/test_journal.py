"""The journal: each job is sent once, and its result is kept, whatever the service does."""

import numpy as np
import pytest
from directory_service import IMPATIENT, MANILA, SECRET, DirectoryService, directory_backend
from qiskit.circuit import Parameter, QuantumCircuit

import qiskit_qmu as qmu
from qiskit_qmu.backends.jobs import (
    BudgetError,
    DivergedError,
    JobFailedError,
    JobPolicy,
    JobsPendingError,
    Ledger,
    Patience,
    RunError,
    TransientError,
)
from qiskit_qmu.backends.jobs.retry import with_retries
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.transpilation import make_transpiler

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
    policy = policy or JobPolicy(patience=IMPATIENT)
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
        assert [job.state for job in backend.journal.ledger.jobs()] == ["done"]
    assert len(DirectoryService(folder=place / "service").tags()) == 1


def test_a_job_whose_id_was_not_stored_is_found_by_its_tag(place):
    def die(name):
        if name == "sent":
            raise KeyboardInterrupt

    with opened(place, on_call=die) as backend, pytest.raises(KeyboardInterrupt):
        counts(backend)
    assert Ledger(place / "run" / "ledger.sqlite").job(0).job_id is None
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
    patience = Patience(attempts=5, first_pause=1.0, longest_pause=3.0, sleep=pauses.append)

    def fail():
        raise TransientError("busy")

    with pytest.raises(RunError, match=r"5 times.*busy"):
        with_retries(fail, patience)
    assert pauses == [1.0, 2.0, 3.0, 3.0]


def test_a_failed_job_is_reported_with_id_and_reason_and_sent_again_on_request(place):
    with opened(place, fail_jobs=frozenset({1})) as backend:
        kept = counts(backend)
        with pytest.raises(Exception, match="switched off") as caught:
            counts(backend, 0.2)
        assert isinstance(caught.value, JobFailedError)
        failed = backend.journal.ledger.job(1)
    assert failed.state == "failed"
    assert failed.job_id in str(caught.value)
    assert "\n" not in str(caught.value)
    with opened(place) as backend:
        assert counts(backend) == kept
        with pytest.raises(JobFailedError, match="switched off"):
            counts(backend, 0.2)
    with opened(place, policy=JobPolicy(patience=IMPATIENT, retry_failed=True)) as backend:
        assert counts(backend) == kept
        counts(backend, 0.2)
        jobs = backend.journal.ledger.jobs()
    assert [(job.position, job.attempt, job.state) for job in jobs] == [
        (0, 0, "done"),
        (1, 0, "failed"),
        (1, 1, "done"),
    ]


def test_nothing_is_sent_beyond_the_budget(place):
    # One job of 64 executions is planned at 2.02 s, and the service charges 3 s for it.
    policy = JobPolicy(patience=IMPATIENT, max_qpu_seconds=4.0)
    with opened(place, policy=policy) as backend:
        counts(backend)
        with pytest.raises(BudgetError, match=r"3 s that were spent and 2 s.*got 4"):
            counts(backend, 0.2)
    assert len(DirectoryService(folder=place / "service").tags()) == 1
    with opened(place, policy=JobPolicy(patience=IMPATIENT, max_qpu_seconds=5.1)) as backend:
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
        with backend.sampler.ahead():
            for angle in (0.1, 0.2, 0.3):
                with pytest.raises(JobsPendingError):
                    counts(backend, angle)
        assert len(backend.journal.ledger.jobs()) == 3
    with opened(place) as backend:
        for angle in (0.1, 0.2, 0.3):
            counts(backend, angle)
    assert len(DirectoryService(folder=place / "service").tags()) == 3


def test_a_job_is_cut_where_it_would_be_too_large(place):
    service = DirectoryService(folder=place / "service")
    options = DeviceOptions(
        ledger=place / "run",
        job_policy=JobPolicy(patience=IMPATIENT),
        max_executions_per_job=64 * 4,
    )
    transpiler = make_transpiler(MANILA, optimization_level=0, seed_transpiler=0)
    angles = np.linspace(0.0, np.pi, 10)[:, None]
    with options.service_backend(service, transpiler, 64, 0) as backend:
        register = backend.sampler.run([(CIRCUIT, angles)]).result()[0].data.meas
        assert [job.circuits for job in backend.journal.ledger.jobs()] == [4, 4, 2]
    shares = (register.slice_bits([0]).array[..., 0] == 1).mean(axis=1)
    np.testing.assert_allclose(shares, np.sin(angles[:, 0] / 2) ** 2, atol=5 * 0.5 / 8)


def test_cancelled_jobs_are_written_down(place):
    with opened(place, policy=JobPolicy(wait=False), polls=99) as backend:
        with pytest.raises(JobsPendingError):
            counts(backend)
        (cancelled,) = backend.journal.cancel()
        (job,) = backend.journal.ledger.jobs()
        assert (job.job_id, job.state) == (cancelled, "cancelled")
    with opened(place) as backend, pytest.raises(JobFailedError, match="cancelled"):
        counts(backend)


def test_results_that_arrive_are_kept_without_being_asked_for(place):
    with opened(place, policy=JobPolicy(wait=False), polls=1) as backend:
        with pytest.raises(JobsPendingError):
            counts(backend)
        backend.journal.refresh()
        assert [job.state for job in backend.journal.ledger.jobs()] == ["done"]


def test_the_session_is_written_down_and_set_again(place):
    with opened(place, session_id="") as backend:
        backend.journal.service.session_id = "session-1"
        counts(backend)
    with opened(place) as backend:
        assert backend.journal.service.session_id == "session-1"


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
        assert SECRET not in repr(backend.journal.service)
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
    def run(stops, folder):
        found = []
        for stop in stops:
            with qmu.open_backend("fake_manila", shots=100, seed=3, ledger=folder) as backend:
                found = [counts(backend, 0.1 * k) for k in range(stop)]
        return found

    assert run([1, 3, 4], place / "a") == run([4], place / "b")
