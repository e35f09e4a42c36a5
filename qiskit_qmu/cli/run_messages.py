"""What the commands on runs of a device print."""

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_qmu.experiments import RunStatus


def print_status(status: "RunStatus") -> None:
    """Print how far a run is, and what to do next."""
    jobs = Counter(job.state for job in status.jobs)
    states = ", ".join(f"{count} {state}" for state, count in jobs.items()) or "none yet"
    executions = sum(job.circuits * (job.shots or 0) for job in status.jobs)
    request = status.request
    print(f"{status.folder}: {request.task} on {request.backend}, {request.shots:,} shots")
    print(f"  jobs: {states}; {executions:,} executions, {status.spent_seconds:.0f} QPU seconds")
    for job in status.jobs:
        if job.state in ("failed", "cancelled"):
            print(f"  job {job.job_id}: {job.state}, {job.reason or 'no reason given'}")
    if status.state == "finished":
        print(f"  finished: {status.result}")
    else:
        print(f"  not finished; `qmu resume {status.folder}` goes on")
