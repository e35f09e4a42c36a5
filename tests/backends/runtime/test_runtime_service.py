"""Accounts and devices: found, or refused in one line that says what to do."""

import pytest
from fake_server import INSTANCE, TOKEN, FakeService
from network_block import NetworkError
from qiskit_ibm_runtime.api.exceptions import RequestsApiError

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends import open_backend


@pytest.mark.usefixtures("no_account")
@pytest.mark.parametrize("name", ["ibm_torino", "ibm:least_busy"])
def test_without_an_account_one_line_says_how_to_save_one(name):
    with pytest.raises(InputError) as caught:
        open_backend(name, shots=10)
    message = str(caught.value)
    assert "QiskitRuntimeService.save_account(token=…)" in message
    assert "QISKIT_IBM_TOKEN" in message
    assert "\n" not in message


@pytest.mark.usefixtures("no_account")
def test_the_instance_is_handed_to_the_account(monkeypatch, service):
    asked = []

    def account(**named):
        asked.append(named)
        return service

    monkeypatch.setattr("qiskit_ibm_runtime.QiskitRuntimeService", account)
    for name in ("ibm_manila", "ibm:least_busy"):
        assert open_backend(name, shots=10, instance="mine").name == "ibm_manila"
    assert asked == [{"instance": "mine"}] * 2


@pytest.mark.usefixtures("no_account")
def test_an_account_that_is_out_of_reach_ends_in_one_line(monkeypatch):
    monkeypatch.setenv("QISKIT_IBM_TOKEN", TOKEN)
    out_of_reach = ConnectionError(f"no route to IBM with {TOKEN}")

    def refuse(*arguments, **named):
        raise out_of_reach

    monkeypatch.setattr("qiskit_ibm_runtime.accounts.account.Account.list_instances", refuse)
    # qiskit-ibm-runtime 0.50 puts words of its own in place of what went wrong.
    told = r"IBM Runtime: (no route to IBM.*try again later|Unable to retrieve instances)"
    with pytest.raises(RunError, match=told) as caught:
        open_backend("ibm_torino", shots=10)
    assert TOKEN not in str(caught.value)


def test_names_like_it_are_shown(open_ibm):
    with pytest.raises(InputError, match=r"no device 'ibm_manilla'.*; did you mean ibm_manila?"):
        open_ibm("ibm_manilla")
    with pytest.raises(InputError, match="no device 'ibm_xyz'; it has ibm_lagos, ibm_manila"):
        open_ibm("ibm_xyz")


def test_least_busy(open_ibm, behaviour):
    assert open_ibm("ibm:least_busy").name == "ibm_manila"
    assert open_ibm("ibm:least_busy", min_num_qubits=6).name == "ibm_lagos"
    with pytest.raises(InputError, match="has at least 60 qubits; its devices: ibm_lagos, ibm_man"):
        open_ibm("ibm:least_busy", min_num_qubits=60)
    behaviour.offline = ("ibm_manila",)
    assert open_ibm("ibm:least_busy").name == "ibm_lagos"


def test_instances(open_ibm):
    assert open_ibm(instance="mine").name == "ibm_manila"
    assert open_ibm("ibm:least_busy", instance=INSTANCE).name == "ibm_manila"
    with pytest.raises(InputError, match=r"The instance specified .yours. is not a valid"):
        open_ibm(instance="yours")


def test_a_run_stays_with_the_device_it_chose(open_ibm, behaviour, tmp_path):
    open_ibm("ibm:least_busy", ledger=tmp_path / "run").close()
    behaviour.offline = ("ibm_manila",)
    assert open_ibm("ibm:least_busy", ledger=tmp_path / "run").name == "ibm_manila"


def test_a_device_object(open_ibm, service):
    device = service.backend("ibm_lagos")
    assert open_ibm(device, service=None).name == "ibm_lagos"
    with pytest.raises(InputError, match="service has no effect with a device object"):
        open_ibm(device)


def test_a_busy_service_ends_in_one_line(open_ibm, service, monkeypatch):
    def busy(*arguments, **named):
        raise RequestsApiError(f"503 for {TOKEN}\nplease wait", -1)

    monkeypatch.setattr(FakeService, "backend", busy)
    with pytest.raises(RunError, match="IBM Runtime: 503 for … please wait; try again later"):
        open_ibm()


@pytest.mark.usefixtures("no_account")
def test_the_network_is_out_of_reach_of_these_tests(monkeypatch):
    """With an account in the environment the library looks for IBM, and is stopped."""
    monkeypatch.setenv("QISKIT_IBM_TOKEN", TOKEN)
    with pytest.raises(RunError) as caught:
        open_backend("ibm_torino", shots=10)
    causes = [caught.value]
    while causes[-1] is not None:
        causes.append(causes[-1].__cause__ or causes[-1].__context__)
    assert any(isinstance(cause, NetworkError) for cause in causes)
