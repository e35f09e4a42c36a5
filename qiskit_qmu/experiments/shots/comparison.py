"""ShotComparison: everything that determines the results of a comparison of shot counts."""

import hashlib
import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, most_qubits
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.experiment_backends import device_backend
from qiskit_qmu.experiments.configuration.model_building import check_classes
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.unlearning import METHODS

DEFAULT_SHOTS = (16, 64, 256, 1024, 4096, 8192)

MOST_SHOTS = 100_000
"""Largest number of shots of one run, over all repetitions; about the limit of devices."""

MOST_QUBITS = 16
"""Qubits up to which counts are kept."""

_UNUSED = ("methods", "shots")


@final
@dataclass(frozen=True, kw_only=True)
class ShotComparison:
    """Observe the original, the oracle and an unlearned model with few and with many shots.

    Attributes:
        experiment: Data, model, rows to forget, seeds, and the backend on which models are
            observed. Its methods and shots are not used.
        method: Unlearning method; any except the oracle.
        shots: Shot counts to compare, without duplicates.
        exact: Whether to observe exactly as well, which devices cannot.
        repetitions: Independent runs of each seed's models.
        train_shots: Shots of each circuit of training and unlearning; None for exact gradients.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import ShotComparison
        >>> experiment = qmu.Experiment(dataset="iris", model="basic")
        >>> comparison = ShotComparison(experiment=experiment, shots=(100, 1000), repetitions=2)
        >>> comparison.run_shots
        2000
    """

    experiment: Experiment
    method: str = "rga-r"
    shots: tuple[int, ...] = DEFAULT_SHOTS
    exact: bool = True
    repetitions: int = 1
    train_shots: int | None = None

    def __post_init__(self) -> None:
        methods = tuple(method for method in METHODS if method != "oracle")
        _check.one_of(methods, method=self.method)
        _check.not_empty(shots=self.shots)
        for count in self.shots:
            _check.at_least(1, shots=count)
        if len(set(self.shots)) < len(self.shots):
            raise InputError(f"shots has duplicates: {list(self.shots)}")
        _check.at_least(1, repetitions=self.repetitions)
        if self.run_shots > MOST_SHOTS:
            raise InputError(
                f"the largest shot count times repetitions must be at most {MOST_SHOTS:,}, "
                f"got {self.run_shots:,}"
            )
        if self.train_shots is not None:
            _check.at_least(1, train_shots=self.train_shots)

    @property
    def run_shots(self) -> int:
        """Shots of the single run that serves all repetitions and all smaller shot counts."""
        return max(self.shots) * self.repetitions

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        own = {**asdict(self), "shots": list(self.shots)}
        own["experiment"] = {
            key: value for key, value in self.experiment.to_dict().items() if key not in _UNUSED
        }
        return own

    def digest(self) -> str:
        """Return a short hash that is the same for equal comparisons."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def check(self, data_dir: str | None = None) -> Setup:
        """Check that everything can run, before anything is trained.

        Returns:
            The setup of the first repetition.

        Raises:
            InputError: If the data cannot be read, the forget set is invalid, or the backend cannot
                run the model or return the requested exact values.
        """
        setup = Setup.load(self.experiment, self.experiment.seed, data_dir)
        check_classes(setup.dataset, "a comparison of shots")
        with ExitStack() as opened:
            backends = self.backends(self.experiment.seed, opened)
            model = setup.check(backend for backend in backends if backend is not None)
        _check.between(1, MOST_QUBITS, num_qubits=most_qubits(model))
        return setup

    def backends(
        self, seed: int, opened: ExitStack, job_dir: Path | None = None
    ) -> tuple[Backend, Backend | None]:
        """Open the backend with the shots of a run, and with exact values if requested.

        Args:
            seed: Seed of the shots.
            opened: Stack that closes them.
            job_dir: Folder in which jobs of IBM devices are recorded.
        """
        opens = partial(device_backend, self.experiment)
        exact = opened.enter_context(opens(None, seed)) if self.exact else None
        return opened.enter_context(opens(self.run_shots, seed, job_dir)), exact
