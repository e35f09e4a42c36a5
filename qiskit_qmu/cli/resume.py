"""Resume a run on a device: fetch results, send new jobs, write the result at the end.

No job is sent twice. Unlearning may need many jobs in sequence; the command stays in the foreground
until the last one is done, unless --no-wait is given.
"""

import argparse

from qiskit_qmu.cli.result import add_result_options, print_result
from qiskit_qmu.cli.run_messages import jobs_shown, status_text
from qiskit_qmu.cli.submit import add_policy_options

SUMMARY = "resume a run on a device"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", metavar="RUN", help="folder that `qmu submit` wrote")
    parser.add_argument(
        "--retry-failed", action="store_true", help="resend jobs that failed or were cancelled"
    )
    parser.add_argument(
        "--rebuild-ledger",
        action="store_true",
        help="rebuild a lost or damaged ledger from the stored results",
    )
    add_policy_options(parser, wait=True)
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.runs.status import run_status  # (help must not load it)

    if not options.rebuild_ledger:
        status = run_status(options.run)
        if status.state == "finished":
            print_result(options, status.to_dict(), lambda: status_text(status))
            return
    from qiskit_qmu.backends.jobs import JobPolicy  # (slow to load)
    from qiskit_qmu.experiments import resume

    policy = JobPolicy(
        wait=options.wait,
        retry_failed=options.retry_failed,
        max_qpu_seconds=options.max_qpu_seconds,
    )
    with jobs_shown(quiet=options.quiet):
        status = resume(options.run, policy=policy, rebuild=options.rebuild_ledger)
    options.written = options.run
    print_result(options, status.to_dict(), lambda: status_text(status))


def when_stopped(options: argparse.Namespace) -> str:
    """Return advice for a stopped command."""
    return f"resume with `qmu resume {options.run}`"
