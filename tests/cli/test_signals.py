"""Commands that are told to stop end with the status of the signal and one line of advice."""

import os
import signal
import sys

import pytest
from tiny_options import TINY

from qiskit_qmu.cli import run as run_command
from qiskit_qmu.cli import train as train_command

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.fixture
def heard():
    """Signals are heard, even where the tests run in the background or under nohup."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_a_command_with_its_own_status(qmu, monkeypatch, name, status):
    def told(_options):
        os.kill(os.getpid(), getattr(signal, name))

    monkeypatch.setattr(run_command, "execute", told)
    monkeypatch.setattr(train_command, "execute", told)
    outcome = qmu("run", *TINY)
    assert outcome.status == status
    advice = "nothing was finished; the same command starts again"
    assert outcome.err == f"qmu run: stopped; {advice}\n"
    outcome = qmu("train", *TINY, "--out", "model")
    assert (outcome.status, outcome.err) == (status, "qmu train: stopped; nothing was saved\n")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_signal_that_is_ignored_stays_ignored(qmu, monkeypatch):
    """As nohup asks for."""

    def told(_options):
        os.kill(os.getpid(), signal.SIGHUP)

    monkeypatch.setattr(run_command, "execute", told)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert qmu("run", *TINY).status == 0
    finally:
        signal.signal(signal.SIGHUP, before)
