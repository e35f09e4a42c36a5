"""ShotComparison: everything that decides what a comparison of shot counts gives."""

import hashlib
import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, most_qubits
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.unlearning import METHODS

DEFAULT_SHOTS = (16, 64, 256, 1024, 4096, 8192)

MOST_SHOTS = 100_000
"""Largest number of shots of one run, all repetitions together; devices take about as many."""

MOST_QUBITS = 16
"""Qubits up to which counts are kept."""

_UNUSED = ("methods", "shots")


@final
@dataclass(frozen=True, kw_only=True)
class ShotComparison:
    """Observe the original, the oracle and an unlearned model with few and with many shots.

    Attributes:
        experiment: Data, model, what to forget, seeds, and the backend that models are observed
            on. Its methods and shots are not used.
        method: How the model is unlearned; any but the oracle.
        shots: Shot counts to compare, each once.
        exact: Whether to observe exactly too. A device has no exact values.
        repetitions: Runs of each seed's models, independent of each other.
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
            raise InputError(f"shots must be different from each other, got {list(self.shots)}")
        _check.at_least(1, repetitions=self.repetitions)
        if self.run_shots > MOST_SHOTS:
            raise InputError(
                f"the largest number of shots times repetitions must be at most {MOST_SHOTS:,}, "
                f"got {self.run_shots:,}"
            )
        if self.train_shots is not None:
            _check.at_least(1, train_shots=self.train_shots)

    @property
    def run_shots(self) -> int:
        """Shots of the one run that serves all repetitions and all smaller numbers."""
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
        """Refuse what cannot be run, before anything is trained.

        Returns:
            The first repetition's rows and recipes.

        Raises:
            InputError: If the data cannot be read, the forget set is not possible, or the backend
                cannot run the model or has no exact values though they are wanted.
        """
        setup = Setup.load(self.experiment, self.experiment.seed, data_dir)
        with ExitStack() as opened:
            backends = self.backends(self.experiment.seed, opened)
            model = setup.check(backend for backend in backends if backend is not None)
        _check.between(1, MOST_QUBITS, num_qubits=most_qubits(model))
        return setup

    def backends(
        self, seed: int, opened: ExitStack, job_dir: Path | None = None
    ) -> tuple[Backend, Backend | None]:
        """Open the backend with the shots of a run, and with exact values where they are wanted.

        Args:
            seed: Seed of the shots.
            opened: What closes them.
            job_dir: Where the jobs of IBM's devices are written down.
        """
        opens = self.experiment.open_device
        exact = opened.enter_context(opens(None, seed)) if self.exact else None
        return opened.enter_context(opens(self.run_shots, seed, job_dir)), exact
