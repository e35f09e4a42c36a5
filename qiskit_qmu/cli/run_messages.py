"""What the commands on runs of a device print."""

import logging
import sys
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_qmu.experiments import RunStatus


def show_jobs() -> None:
    """Print a line for each job that is sent or done."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log = logging.getLogger("qiskit_qmu")
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def print_status(status: "RunStatus") -> None:
    """Print how far a run is, and what to do next."""
    jobs = Counter(job.state for job in status.jobs)
    states = ", ".join(f"{count} {state}" for state, count in jobs.items()) or "none yet"
    executions = sum(job.circuits * (job.shots or 0) for job in status.jobs)
    request = status.request
    print(f"{status.folder}: {request.task} on {request.backend}, {request.shots:,} shots")
    print(f"  jobs: {states}; {executions:,} executions, {status.spent_seconds:,.0f} QPU seconds")
    expected = status.expected
    print(
        f"  expected: {expected['jobs']:,} jobs, {expected['executions']:,} executions, "
        f"{expected['qpu_seconds']:,.0f} QPU seconds"
    )
    for job in status.jobs:
        if job.state in ("failed", "cancelled"):
            print(f"  job {job.job_id}: {job.state}, {job.reason or 'no reason given'}")
    if status.state == "finished":
        print(f"  finished: {status.result}")
    else:
        print(f"  not finished; `qmu resume {status.folder}` goes on")
