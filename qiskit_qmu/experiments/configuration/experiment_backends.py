"""The backends of an experiment: where its models are trained, and where they are observed."""

from pathlib import Path

from qiskit_qmu._seeds import child_seed
from qiskit_qmu.backends import Backend, mitigation_options, open_backend
from qiskit_qmu.experiments.configuration.experiment import Experiment


def training_backend(experiment: Experiment, seed: int, *purpose: str) -> Backend:
    """Open the backend on which models are trained and unlearned.

    Args:
        experiment: The experiment.
        seed: Seed of the repetition.
        purpose: Purpose other than training the original; shots are independent of those for
            other purposes.
    """
    shots = experiment.shots if experiment.backend == "exact" else None
    return open_backend("exact", shots=shots, seed=child_seed(seed, "training", *purpose))


def observing_backend(
    experiment: Experiment, seed: int, job_dir: Path | None = None
) -> Backend | None:
    """Open the backend on which trained models are observed; None for that of their training.

    Args:
        experiment: The experiment.
        seed: Seed of the repetition.
        job_dir: Folder in which jobs of IBM devices are recorded, with a subfolder per seed, so
            that none is sent twice.

    Raises:
        InputError: If there is no such backend.
    """
    if experiment.backend == "exact":
        return None
    return device_backend(experiment, experiment.shots, seed, job_dir)


def device_backend(
    experiment: Experiment, shots: int | None, seed: int, job_dir: Path | None = None
) -> Backend:
    """Open the backend with the experiment's options and any number of shots.

    Args:
        experiment: The experiment.
        shots: Measurements of each circuit; None for exact values.
        seed: Seed of the repetition.
        job_dir: As for `observing_backend`.

    Raises:
        InputError: If there is no such backend, or it cannot return exact values.
    """
    options = {
        **experiment.backend_options,
        **mitigation_options(experiment.mitigation, experiment.backend),
    }
    if job_dir is not None and experiment.backend.startswith("ibm"):
        options["ledger"] = job_dir / f"seed-{seed}"
    return open_backend(experiment.backend, shots=shots, seed=seed, **options)
