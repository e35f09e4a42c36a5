"""Messages of the commands for runs on a device."""

import logging
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_qmu.runs.status import RunStatus


@contextmanager
def jobs_shown() -> Iterator[None]:
    """Print a line for each job that is sent or done inside the block."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log = logging.getLogger("qiskit_qmu")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)


def print_status(status: "RunStatus") -> None:
    """Print the state of a run, and what to do next."""
    jobs = Counter(job.state for job in status.jobs)
    states = ", ".join(f"{count} {state}" for state, count in jobs.items()) or "none yet"
    executions = sum(job.circuits * (job.shots or 0) for job in status.jobs)
    request = status.request
    print(f"{status.folder}: {request.task} on {request.backend}, {request.shots:,} shots")
    spent = f"{status.spent_seconds:,.0f} QPU seconds"
    if not request.backend.startswith("ibm"):
        spent = "no QPU time, the device is simulated"
    print(f"  jobs: {states}; {executions:,} executions, {spent}")
    expected = status.expected
    print(
        f"  expected: {expected['jobs']:,} jobs, {expected['executions']:,} executions, "
        f"{expected['qpu_seconds']:,.0f} QPU seconds"
    )
    for job in status.jobs:
        if job.state in ("failed", "cancelled"):
            reason = " ".join(job.reason.split()) or "no reason given"
            print(f"  job {job.job_id}: {job.state}, {reason}")
    lost = sum(job.state == "lost" for job in status.jobs)
    if lost:
        print(f"  lost: {lost} jobs of this machine, whose process ended before they did")
    if status.state == "finished":
        print(f"  finished: {status.result}")
        return
    print(f"  not finished; continue with `qmu resume {status.folder}`")
    last = {job.state for job in status.last_attempts}
    if "lost" in last:
        print("  it reruns lost jobs, with the same noise and at no charge")
    if last & {"failed", "cancelled"}:
        print("  with --retry-failed it resends jobs that failed or were cancelled")
