"""A service of jobs that lives in a folder, so that it survives the processes that use it."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from qiskit_qmu._seeds import stream
from qiskit_qmu.backends.devices.factory import open_service
from qiskit_qmu.backends.devices.fake import fake_device
from qiskit_qmu.backends.devices.local_sampler import LocalSampler
from qiskit_qmu.backends.jobs import JobPolicy, RetryPolicy, TransientError
from qiskit_qmu.backends.noise.aer_engine import AerEngine
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.transpilation.transpilers import make_transpiler

SECRET = "token-that-nobody-may-see"
IMPATIENT = RetryPolicy(first_pause=0.0, longest_pause=0.0, poll=0.0, sleep=lambda _seconds: None)


@dataclass(kw_only=True)
class DirectoryService:
    """Accepts jobs as files, and computes their results from nothing but the file.

    Args:
        folder: Where jobs are.
        refuse_sends: So many sends fail and do nothing.
        lose_answers: So many sends are accepted, and fail all the same.
        polls: So many looks at a job find it running.
        hidden_searches: So many searches for a tag find nothing.
        fail_jobs: Numbers of jobs that fail, decided when they are sent.
    """

    folder: Path
    refuse_sends: int = 0
    lose_answers: int = 0
    polls: int = 0
    hidden_searches: int = 0
    fail_jobs: frozenset[int] = frozenset()
    name: str = "fake_manila"
    session_id: str | None = None
    token: str = field(default=SECRET, repr=False)
    fetched: int = 0
    on_call: Callable[[str], None] = lambda _name: None

    def settings(self) -> dict[str, Any]:
        return {"device": self.name}

    def send(self, pubs, shots, *, tag, number):
        self.on_call("send")
        if self.refuse_sends:
            self.refuse_sends -= 1
            raise TransientError("busy")
        job_id = uuid4().hex[:10]
        unfinished = self.folder / f".{job_id}"
        job = {"tag": tag, "number": number, "pubs": list(pubs), "shots": shots}
        job["fails"] = number in self.fail_jobs
        unfinished.write_bytes(pickle.dumps(job))
        unfinished.rename(self.folder / f"{job_id}.job")
        self.on_call("sent")
        if self.lose_answers:
            self.lose_answers -= 1
            raise TransientError("no answer")
        return job_id

    def find(self, tag):
        self.on_call("find")
        if self.hidden_searches:
            self.hidden_searches -= 1
            return None
        found = [path.stem for path in self.folder.glob("*.job") if _read(path)["tag"] == tag]
        assert len(found) <= 1, f"{tag} was sent {len(found)} times"
        return found[0] if found else None

    def state(self, job_id):
        self.on_call("state")
        if (self.folder / f"{job_id}.cancelled").exists():
            return "cancelled"
        job = self.folder / f"{job_id}.job"
        if not job.exists() or _read(job)["fails"]:
            return "failed"
        polls = self.folder / f"{job_id}.polls"
        seen = len(polls.read_text()) if polls.exists() else 0
        if seen < self.polls:
            polls.write_text("." * (seen + 1))
            return "running"
        return "done"

    def reason(self, job_id):
        return "the device was\nswitched off" if self.state(job_id) == "failed" else ""

    def result(self, job_id):
        self.on_call("result")
        self.fetched += 1
        job = _read(self.folder / f"{job_id}.job")
        sampler = LocalSampler(lambda _q: ENGINE, stream(7, str(job["number"])), compact=True)
        result = sampler.run(job["pubs"], shots=job["shots"]).result()
        return [dict(pub_result.data.items()) for pub_result in result]

    def seconds(self, job_id):
        return 3.0

    def cancel(self, job_id):
        self.on_call("cancel")
        if self.state(job_id) != "running":
            return  # it has ended already
        (self.folder / f"{job_id}.cancelled").touch()

    def close(self):
        """Nothing to give back."""

    def tags(self) -> list[str]:
        """Return the tags of all jobs that were accepted."""
        return [_read(path)["tag"] for path in sorted(self.folder.glob("*.job"))]


def _read(path: Path) -> dict[str, Any]:
    return pickle.loads(path.read_bytes())


MANILA = fake_device("fake_manila")
ENGINE = AerEngine("statevector", None)


def directory_backend(
    service: DirectoryService, *, shots: int = 64, seed: int = 0, policy: JobPolicy, ledger: Path
):
    """Open a backend on a service, with its jobs in a folder."""
    options = DeviceOptions(
        "fake_manila",
        shots=shots,
        seed=seed,
        optimization_level=1,
        ledger=ledger,
        job_policy=policy,
    )
    transpiler = make_transpiler(MANILA, options, small_subset=True)
    return open_service(options, service, transpiler)
