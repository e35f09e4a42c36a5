"""JobService: the interface of a job queue that a resumable run needs."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu.backends.readout.outcomes import Register

JobState = Literal["queued", "running", "done", "failed", "cancelled", "lost"]
"""State of a job; "lost" if it ended with the process that ran it, and may be resent."""

Pubs: TypeAlias = Sequence[SamplerPub] | Sequence[EstimatorPub]
"""PUBs of one job, all for the same primitive, transpiled, with the same number of shots."""

PubData: TypeAlias = dict[str, Register | NDArray[np.float64]]
"""One PUB's result: registers by name, or "evs" and "stds" of an estimator."""


class JobService(Protocol):
    """A device's job queue, reduced to the functions that resuming needs.

    Implementations raise `TransientError` for temporary problems (the network, a busy service);
    all other errors are final. No message may contain a token.

    Attributes:
        name: Name of the device.
        session_id: Session or batch that jobs go to; None before it is opened. A resumed run sets
            it to continue in the same one.
    """

    name: str
    session_id: str | None

    def settings(self) -> dict[str, Any]:
        """Return device, options and versions as JSON values; no secrets."""
        ...

    def send(self, pubs: Pubs, shots: int | None, *, tag: str, number: int) -> str:
        """Send a job.

        Args:
            pubs: The PUBs to run.
            shots: Measurements of each circuit; None for exact values, if supported.
            tag: Short text unique to this job, for `find`.
            number: Position of the job in its run, from 0; it seeds the noise of simulators.

        Returns:
            The job's id.
        """
        ...

    def find(self, tag: str) -> str | None:
        """Return the id of the job that was sent with a tag; None if there is none."""
        ...

    def state(self, job_id: str) -> JobState:
        """Return a job's state."""
        ...

    def reason(self, job_id: str) -> str:
        """Return why a job failed, in one line; "" if it did not."""
        ...

    def result(self, job_id: str) -> list[PubData]:
        """Return a finished job's results, one for each PUB, in their shapes."""
        ...

    def seconds(self, job_id: str) -> float | None:
        """Return the QPU seconds charged for a finished job; None if unknown."""
        ...

    def cancel(self, job_id: str) -> None:
        """Cancel a job unless it is done."""
        ...

    def close(self) -> None:
        """Release resources such as a session; jobs already sent continue."""
        ...
