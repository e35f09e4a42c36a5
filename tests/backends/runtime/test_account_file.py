"""The file of IBM's accounts: whatever is wrong in it is said in one line that shows no token."""

import json

import pytest
from qiskit_ibm_runtime.accounts import management

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.runtime.account_file import saved_tokens
from qiskit_qmu.backends.runtime.errors import one_line

SECRET = "S3CRET"


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "qiskit-ibm.json"
    monkeypatch.setattr(management, "_DEFAULT_ACCOUNT_CONFIG_JSON_FILE", str(path))
    monkeypatch.delenv("QISKIT_IBM_TOKEN", raising=False)
    return path


def test_tokens_of_all_accounts_are_hidden(file):
    assert saved_tokens() == ()
    accounts = {"a": {"token": SECRET, "channel": "ibm_cloud"}, "b": {"token": "other"}}
    file.write_text(json.dumps(accounts))
    assert saved_tokens() == (SECRET, "other")
    assert one_line(f"sent {SECRET} and other", *saved_tokens()) == "sent … and …"


@pytest.mark.parametrize(
    "account",
    [
        {"token": [SECRET]},
        {"token": {"key": SECRET}},
        {"token": f"{SECRET}\n"},
        {"token": f"{SECRET} {SECRET}"},
        {"token": f"é{SECRET}"},
        {"token": ""},
        {},
        [SECRET],
        SECRET,
        {"token": "x", "instance": [SECRET]},
        {"token": "x", "url": 3},
        {"token": "x", "verify": SECRET},
        {"token": "x", "proxies": SECRET},
    ],
)
def test_accounts_of_another_kind_are_refused(file, account):
    file.write_text(json.dumps({"default": account}))
    with pytest.raises(
        InputError, match=f"^cannot read IBM Quantum accounts from {file}: "
    ) as caught:
        saved_tokens()
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", '{"default": {"token": "S3CRET"', "[" * 10**5, "[]"])
def test_a_broken_file_is_refused(file, text):
    file.write_text(text)
    with pytest.raises(InputError, match="cannot read IBM Quantum accounts from ") as caught:
        saved_tokens()
    assert SECRET not in str(caught.value)


def test_a_token_of_the_environment_comes_first(file, monkeypatch):
    file.write_text("{")
    monkeypatch.setenv("QISKIT_IBM_TOKEN", SECRET)
    assert saved_tokens() == (SECRET,)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", f"{SECRET}\r\n")
    with pytest.raises(
        InputError, match="QISKIT_IBM_TOKEN has characters other than printable ASCII"
    ) as caught:
        saved_tokens()
    assert SECRET not in str(caught.value)
