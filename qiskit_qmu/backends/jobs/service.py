"""What a run must know of a place that takes jobs, to send each job once and lose no result."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu.backends.readout.outcomes import Register

JobState = Literal["queued", "running", "done", "failed", "cancelled", "lost"]
"""How far a job is; "lost" if it died with the process that ran it, and may be sent again."""

Pubs: TypeAlias = Sequence[SamplerPub] | Sequence[EstimatorPub]
"""PUBs of one job, all for the same primitive, transpiled, with the same number of shots."""

PubData: TypeAlias = dict[str, Register | NDArray[np.float64]]
"""One PUB's result: registers by name, or "evs" and "stds" of an estimator."""


class JobService(Protocol):
    """A device's queue, behind as few functions as resuming needs.

    Implementers: raise `TransientError` for what may pass by itself (the network, a busy service);
    everything else that goes wrong is final. No message may hold a token.

    Attributes:
        name: Name of the device.
        session_id: Session or batch that jobs go to; None where there is none yet. A run that is
            resumed sets it, so that it continues in the same one.
    """

    name: str
    session_id: str | None

    def settings(self) -> dict[str, Any]:
        """Return what results depend on, as JSON values: device, options, versions; no secrets."""
        ...

    def send(self, pubs: Pubs, shots: int | None, *, tag: str, number: int) -> str:
        """Send a job.

        Args:
            pubs: What to run.
            shots: Measurements of each circuit; None for exact values, where there are any.
            tag: Short text that belongs to this job alone, by which `find` finds it.
            number: Position of the job in its run, from 0; simulators draw their noise by it.

        Returns:
            The job's id.
        """
        ...

    def find(self, tag: str) -> str | None:
        """Return the id of the job that was sent with a tag; None if there is none."""
        ...

    def state(self, job_id: str) -> JobState:
        """Return how far a job is."""
        ...

    def reason(self, job_id: str) -> str:
        """Return why a job failed, in one line; "" if it did not."""
        ...

    def result(self, job_id: str) -> list[PubData]:
        """Return a finished job's results, one for each PUB, in their shapes."""
        ...

    def seconds(self, job_id: str) -> float | None:
        """Return the QPU seconds that a finished job was charged; None where it is unknown."""
        ...

    def cancel(self, job_id: str) -> None:
        """Take a job back, if it is not done."""
        ...

    def close(self) -> None:
        """Release what is held, such as a session; jobs that were sent run on."""
        ...
