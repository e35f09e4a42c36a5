"""Sessions and batches: opened late, shared, continued, opened again, replaced, closed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from device_jobs import measure
from fake_server import FakeService
from qiskit_ibm_runtime.api.exceptions import RequestsApiError

from qiskit_qmu._errors import RunError

MODES = {"session": "dedicated", "batch": "batch"}


def test_jobs_stand_alone_by_default(open_ibm, service):
    backend = open_ibm()
    measure(backend)
    assert service.server.sessions() == []
    assert service.server.jobs()[0]["session_id"] is None
    assert backend.resumable_sampler.service.session_id is None
    assert backend.settings()["mode"] == "job"


@pytest.mark.parametrize("mode", MODES)
def test_one_for_all_jobs_opened_with_the_first(open_ibm, service, mode):
    backend = open_ibm(mode=mode, max_time="1h 30m")
    assert service.server.sessions() == []
    measure(backend, 2)
    (session,) = service.server.sessions()
    assert (session["mode"], session["max_ttl"]) == (MODES[mode], 5400)
    assert [job["session_id"] for job in service.server.jobs()] == [session["id"]] * 2
    assert backend.resumable_sampler.service.session_id == session["id"]
    assert session["state"] == "active"
    backend.close()
    (session,) = service.server.sessions()
    assert session["state"] == "closed"


@pytest.mark.parametrize("mode", MODES)
def test_a_run_that_was_stopped_goes_on_in_the_same(open_ibm, service, tmp_path, mode):
    first = open_ibm(mode=mode, ledger=tmp_path / "run")
    measure(first)
    # Killed: nothing was closed but what the system closes.
    first.resumable_sampler._folder.close()
    other_process = FakeService(service.server.folder)
    again = open_ibm(mode=mode, ledger=tmp_path / "run", service=other_process)
    measure(again, 2)
    assert len(service.server.jobs()) == 2
    assert len(service.server.sessions()) == 1


def test_one_that_was_closed_since_is_replaced(open_ibm, service, tmp_path):
    first = open_ibm(mode="session", ledger=tmp_path / "run")
    measure(first)
    first.close()
    measure(open_ibm(mode="session", ledger=tmp_path / "run"), 2)
    assert [job["session_id"] for job in service.server.jobs()] == ["session-0", "session-1"]


@pytest.mark.parametrize("mode", MODES)
def test_one_that_closes_under_way_is_replaced(open_ibm, service, behaviour, mode):
    behaviour.jobs_of_session = 2
    measure(open_ibm(mode=mode), 3)
    ids = [job["session_id"] for job in service.server.jobs()]
    assert ids == ["session-0", "session-0", "session-1"]


def test_an_error_in_an_open_session_is_no_reason_for_another(open_ibm, service, behaviour):
    behaviour.errors["program_run"] = [RequestsApiError("400 Client Error: bad circuit", 400)]
    with pytest.raises(RunError, match="400 Client Error: bad circuit"):
        measure(open_ibm(mode="session"))
    assert len(service.server.sessions()) == 1
    assert service.server.jobs() == []


def test_a_batch_stands_in_where_the_plan_allows_no_session(open_ibm, service, behaviour):
    behaviour.refuses_sessions = True
    backend = open_ibm(mode="session")
    with pytest.warns(RuntimeWarning, match="plan does not allow sessions; using a batch instead"):
        measure(backend)
    measure(backend)
    (session,) = service.server.sessions()
    assert session["mode"] == "batch"
    assert backend.settings()["mode"] == "batch"


def test_a_busy_service_is_asked_again_for_a_session(open_ibm, service, behaviour):
    behaviour.errors["create_session"] = [RequestsApiError("busy", 503)]
    measure(open_ibm(mode="session"))
    assert len(service.server.sessions()) == 1


def test_one_that_cannot_be_closed_is_a_warning(open_ibm, behaviour, tmp_path):
    backend = open_ibm(mode="session", ledger=tmp_path / "run")
    measure(backend)
    behaviour.errors["close_session"] = [RequestsApiError("busy", 503)]
    with pytest.warns(
        RuntimeWarning, match="session session-0 was not closed and will expire by its"
    ):
        backend.close()
    open_ibm(ledger=tmp_path / "run")  # the folder was given back


def test_jobs_of_several_threads_share_one(open_ibm, service):
    backend = open_ibm(mode="batch")
    jobs = backend.resumable_sampler.service
    with ThreadPoolExecutor(4) as pool:
        modes = list(pool.map(lambda _: jobs._mode._current(), range(8)))
    assert len(set(map(id, modes))) == len(service.server.sessions()) == 1
