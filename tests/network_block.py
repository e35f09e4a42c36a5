"""Refuses the network, to prove that something does without."""

import socket

import pytest


class NetworkError(AssertionError):
    """Something tried to reach the network."""


def refuse_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection and every name look-up, and hide accounts of IBM's."""

    def refuse(*arguments, **named):
        raise NetworkError(f"a test must not reach the network, got {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_URL", "QISKIT_IBM_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
