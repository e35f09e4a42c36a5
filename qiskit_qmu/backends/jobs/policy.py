"""How a run deals with its jobs."""

from dataclasses import dataclass, field
from typing import final

from qiskit_qmu import _check
from qiskit_qmu.backends.jobs.retry import Patience


@final
@dataclass(frozen=True, kw_only=True)
class JobPolicy:
    """How a run deals with its jobs.

    Attributes:
        wait: Wait for jobs that are not done; otherwise JobsPendingError says that there are some.
        retry_failed: Send again what failed or was cancelled before.
        max_qpu_seconds: Most QPU seconds of the whole run; no limit where None.
        patience: How long to wait for what.
    """

    wait: bool = True
    retry_failed: bool = False
    max_qpu_seconds: float | None = None
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        if self.max_qpu_seconds is not None:
            _check.positive(max_qpu_seconds=self.max_qpu_seconds)
