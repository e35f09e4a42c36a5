"""Messages of the commands for runs on a device."""

import logging
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qiskit_qmu._files import read_json, reading

if TYPE_CHECKING:
    from qiskit_qmu.runs.status import RunStatus


@contextmanager
def jobs_shown(*, quiet: bool = False) -> Iterator[None]:
    """Print a line for each job that is sent or done inside the block, unless quiet."""
    if quiet:
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log = logging.getLogger("qiskit_qmu")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)


def status_text(status: "RunStatus", *, list_jobs: bool = False) -> str:
    """Return the state of a run in words, and what to do next.

    Args:
        status: The state.
        list_jobs: Whether to name every job.
    """
    lines = _status_lines(status)
    if list_jobs:
        lines += [
            f"  {job.number:>5}  {job.job_id}  {job.state}  {job.circuits:,} circuits"
            for job in status.jobs
        ]
    return "\n".join(lines)


def _status_lines(status: "RunStatus") -> list[str]:
    jobs = Counter(job.state for job in status.jobs)
    states = ", ".join(f"{count} {state}" for state, count in jobs.items()) or "none yet"
    executions = sum(job.circuits * (job.shots or 0) for job in status.jobs)
    request = status.request
    spent = f"{status.spent_seconds:,.0f} QPU seconds"
    if not request.backend.startswith("ibm"):
        spent = "no QPU time, the device is simulated"
    expected = status.expected
    lines = [
        f"{status.folder}: {request.task} on {request.backend}, {request.shots:,} shots",
        f"  jobs: {states}; {executions:,} executions, {spent}",
        f"  expected: {expected['jobs']:,} jobs, {expected['executions']:,} executions, "
        f"{expected['qpu_seconds']:,.0f} QPU seconds",
    ]
    for job in status.jobs:
        if job.state in ("failed", "cancelled"):
            reason = " ".join(job.reason.split()) or "no reason given"
            lines.append(f"  job {job.job_id}: {job.state}, {reason}")
    lost = sum(job.state == "lost" for job in status.jobs)
    if lost:
        lines.append(f"  lost: {lost} jobs of this machine, whose process ended before they did")
    if status.state == "finished":
        return [*lines, f"  finished: {status.result}", *_result_lines(status)]
    lines.append(f"  not finished; continue with `qmu resume {status.folder}`")
    last = {job.state for job in status.last_attempts}
    if "lost" in last:
        lines.append("  it reruns lost jobs, with the same noise and at no charge")
    if last & {"failed", "cancelled"}:
        lines.append("  with --retry-failed it resends jobs that failed or were cancelled")
    return lines


def _result_lines(status: "RunStatus") -> list[str]:
    """Return what came out of a run that is finished."""
    if "verdict" not in status.summary:
        return []
    report = read_json(status.result / "audit.json", "an audit")
    from qiskit_qmu.report import text_table  # (an attack alone needs it)

    with reading(status.result / "audit.json", "an audit"):
        table = text_table(report["rows"], kind=report["kind"])
        return ["", table, "", f"verdict: {report['verdict']} ({report['reason']})"]
