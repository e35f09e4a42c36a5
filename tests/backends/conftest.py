"""Backends are local: no test of this folder may reach the network."""

import socket

import pytest


class NetworkError(AssertionError):
    """Something tried to reach the network."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse every connection and every name look-up."""

    def refuse(*arguments, **named):
        raise NetworkError(f"a test must not reach the network, got {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_URL", "QISKIT_IBM_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
    return NetworkError
