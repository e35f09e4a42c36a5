"""Go on with a run on a device: read what arrived, send what is new, write the result at the end.

What was computed or sent before is never sent again. A run that unlearns may need many jobs one
after the other; the command stays until the last one is done, unless --no-wait is given.
"""

import argparse

from qiskit_qmu.cli.run_messages import jobs_shown, print_status
from qiskit_qmu.cli.submit import add_policy_options

SUMMARY = "go on with a run on a device"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", metavar="RUN", help="folder that `qmu submit` wrote")
    parser.add_argument(
        "--retry-failed", action="store_true", help="send again what failed or was cancelled"
    )
    parser.add_argument(
        "--rebuild-ledger",
        action="store_true",
        help="write a ledger that was lost or damaged anew, from the results that are kept",
    )
    add_policy_options(parser, wait=True)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.backends.jobs import JobPolicy  # (help must not load it)
    from qiskit_qmu.experiments import resume

    policy = JobPolicy(
        wait=options.wait,
        retry_failed=options.retry_failed,
        max_qpu_seconds=options.max_qpu_seconds,
    )
    with jobs_shown():
        status = resume(options.run, policy=policy, rebuild=options.rebuild_ledger)
    options.written = options.run
    print_status(status)


def when_stopped(options: argparse.Namespace) -> str:
    """Say what to do after the command was stopped."""
    return f"`qmu resume {options.run}` goes on"
