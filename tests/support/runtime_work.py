"""Work on a device of IBM's that a process of its own can do, to be killed at any moment."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from device_work import UNLEARN, submit_or_resume
from fake_server import Behaviour, FakeService

from qiskit_qmu.backends import open_backend


def go_on(saved: Path, place: Path, mode: str, polls: int) -> None:
    """Submit a run, or take it up where it was submitted already."""
    service = FakeService(place / "server", Behaviour(polls=polls, jobs_of_session=4))
    options = {"mode": mode, "optimization_level": 1}
    request = replace(UNLEARN, backend="ibm_manila", options=options)
    opener = partial(open_backend, service=service)
    submit_or_resume(request, saved, place / "run", opener)
