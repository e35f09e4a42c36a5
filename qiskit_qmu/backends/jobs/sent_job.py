"""SentJob: a job of a resumable sampler, as a Qiskit primitive job."""

from collections.abc import Callable
from typing import Any, final

from qiskit.primitives import BasePrimitiveJob, DataBin, PrimitiveResult, SamplerPubResult

from qiskit_qmu.backends.jobs.service import PubData
from qiskit_qmu.runs.ledger import JobLedger


@final
class SentJob(BasePrimitiveJob[PrimitiveResult[SamplerPubResult], str]):
    """A submitted job.

    Args:
        ledger: The ledger that records it.
        number: Its number in the ledger.
        collect: Returns a job's results, given its number.
        cancel: Cancels a job, given its id.
    """

    def __init__(
        self,
        ledger: JobLedger,
        number: int,
        collect: Callable[[int], list[PubData]],
        cancel: Callable[[str], None],
    ) -> None:
        super().__init__(ledger.job(number).job_id or "")
        self._ledger, self._number = ledger, number
        self._collect, self._cancel = collect, cancel

    def result(self) -> PrimitiveResult[SamplerPubResult]:
        """Return the results; see `ResumableSampler.collect`."""
        results: list[Any] = []
        for data in self._collect(self._number):
            shape = next(iter(data.values())).shape
            results.append(SamplerPubResult(DataBin(**data, shape=shape)))
        return PrimitiveResult(results)

    def status(self) -> str:
        """Return the state in the ledger."""
        return self._ledger.job(self._number).state

    def done(self) -> bool:
        """Return whether its results are available."""
        return self.status() == "done"

    def running(self) -> bool:
        """Return whether it was sent and has not ended."""
        return self.status() == "sent"

    def cancelled(self) -> bool:
        """Return whether it was cancelled."""
        return self.status() == "cancelled"

    def in_final_state(self) -> bool:
        """Return whether it has ended."""
        return self.status() not in ("planned", "sent")

    def cancel(self) -> None:
        """Cancel the job."""
        self._cancel(self.job_id())
