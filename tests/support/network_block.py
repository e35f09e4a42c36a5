"""Refuses the network, to prove that something does without."""

import socket

import pytest


class NetworkError(AssertionError):
    """Something tried to reach the network."""


def refuse_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection but to this machine's processes, and hide accounts of IBM's."""

    def refuse(*arguments, **named):
        raise NetworkError(f"a test must not reach the network, got {arguments}")

    def unless_local(connect):
        def checked(own, *arguments):
            local = own.family == getattr(socket, "AF_UNIX", None)
            return connect(own, *arguments) if local else refuse(own, *arguments)

        return checked

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, unless_local(getattr(socket.socket, name)))
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_URL", "QISKIT_IBM_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
