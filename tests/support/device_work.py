"""Work on a device that a process of its own can do, to be killed at any moment."""

from pathlib import Path

from directory_service import IMPATIENT, DirectoryService, directory_backend

from qiskit_qmu.backends.jobs import JobPolicy
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments import DeviceRequest, Experiment, resume, submit, train_and_save

WAITING = JobPolicy(retry=IMPATIENT)
NOT_WAITING = JobPolicy(wait=False, retry=IMPATIENT)
UNLEARN = DeviceRequest(
    task="unlearn",
    backend="fake_manila",
    shots=64,
    strategy="ga",
    forget=ForgetRequest(label=1),
    settings={"ga.max_epochs": 2, "ga.confidence_threshold": 0.0},
)


def train_small(folder: Path) -> Path:
    """Save a small model that was trained on Iris."""
    settings = {"trainer.epochs": 3, "model.num_layers": 1}
    train_and_save(
        Experiment(dataset="iris", model="basic", train_size=60, settings=settings), folder
    )
    return folder


def opener(place: Path, **faults):
    """Return what opens the run's backend on the service of a folder."""

    def opened(name, *, shots, seed, ledger, job_policy):
        assert name == "fake_manila"
        service = DirectoryService(folder=place / "service", **faults)
        return directory_backend(service, shots=shots, seed=seed, policy=job_policy, ledger=ledger)

    return opened


def go_on(saved: Path, place: Path, faults: dict[str, int]) -> None:
    """Submit a run, or take it up where it was submitted already."""
    submit_or_resume(UNLEARN, saved, place / "run", opener(place, **faults))


def submit_or_resume(request: DeviceRequest, saved: Path, run: Path, opener) -> None:
    """Submit a run, or take it up where it was submitted already."""
    if (run / "run.json").exists():
        resume(run, policy=WAITING, opener=opener)
    else:
        submit(request, {"model": saved}, run, policy=WAITING, opener=opener)
