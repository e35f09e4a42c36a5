"""JobRecord: what a run knows of one job."""

from dataclasses import dataclass
from typing import final

LOCAL = "local-"
"""Prefix of the ids of local jobs, which end with their process."""


@final
@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """One job, a line of the ledger.

    Attributes:
        number: Its place among all jobs that were planned, from 0.
        position: Its place among what the run asked for, from 0; all attempts at the same have one.
        digest: What it asks for.
        occurrence: How often the run had asked for the same before, from 0.
        attempt: How often it had been sent and had failed before, from 0.
        tag: Text by which the service finds it.
        job_id: The service's name for it; None until that was stored.
        state: "planned", "sent", "done", "failed", "cancelled" or "lost".
        reason: Why it failed.
        circuits: Circuits that it holds.
        shots: Measurements of each.
        planned_seconds: QPU seconds that it was expected to take.
        seconds: QPU seconds that it was charged, where known.
        planned_at: When it was written down, UTC.
        sent_at: When its id was stored.
        finished_at: When it ended.
    """

    number: int
    position: int
    digest: str
    occurrence: int
    attempt: int
    tag: str
    job_id: str | None
    state: str
    reason: str
    circuits: int
    shots: int | None
    planned_seconds: float
    seconds: float | None
    planned_at: str
    sent_at: str | None
    finished_at: str | None

    @property
    def is_away(self) -> bool:
        """Whether it is at a service, which alone knows its state."""
        return self.state == "sent" and not (self.job_id or "").startswith(LOCAL)
