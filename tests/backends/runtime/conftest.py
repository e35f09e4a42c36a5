"""Devices of IBM's on a service of this machine, and no saved account."""

import pytest
from fake_server import Behaviour, FakeService

from qiskit_qmu.backends import DeviceBackend, open_backend
from qiskit_qmu.backends.jobs import JobPolicy, RetryPolicy

HASTE = RetryPolicy(sleep=lambda _seconds: None)


@pytest.fixture
def behaviour() -> Behaviour:
    """What the server of `service` does; change it."""
    return Behaviour()


@pytest.fixture
def service(tmp_path, behaviour) -> FakeService:
    """An account on a server that keeps jobs in a folder."""
    return FakeService(tmp_path / "server", behaviour)


@pytest.fixture
def open_ibm(service):
    """Return a function that opens a device on the service; it waits for nothing."""
    opened = []

    def open_one(name="ibm_manila", *, wait=True, **options) -> DeviceBackend:
        policy = JobPolicy(wait=wait, retry=HASTE)
        usual = {"shots": 200, "service": service, "job_policy": policy, "optimization_level": 1}
        opened.append(open_backend(name, **usual | options))
        return opened[-1]

    yield open_one
    for backend in opened:
        backend.close()


@pytest.fixture
def no_account(monkeypatch, tmp_path):
    """Hide saved accounts."""
    name = "qiskit_ibm_runtime.accounts.management._DEFAULT_ACCOUNT_CONFIG_JSON_FILE"
    monkeypatch.setattr(name, str(tmp_path / "none.json"))
    monkeypatch.delenv("QISKIT_IBM_CHANNEL", raising=False)
