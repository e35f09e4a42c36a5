"""Show the state of a run on a device; results that have arrived are kept, and nothing is sent.

The device is queried only while it has jobs of the run. If that is impossible, for example because
another process uses the run's folder, the state in the folder is shown.
"""

import argparse
import sys

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.cli.result import add_result_options, print_result
from qiskit_qmu.cli.run_messages import status_text

SUMMARY = "show the state of a run on a device"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", metavar="RUN", help="folder that `qmu submit` wrote")
    parser.add_argument("--list-jobs", action="store_true", help="list every job")
    parser.add_argument(
        "--offline", action="store_true", help="read the folder only; do not query the device"
    )
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.runs.status import run_status  # (help must not load it)

    status, trouble = run_status(options.run), ""
    if not options.offline and any(job.is_away for job in status.jobs):
        from qiskit_qmu.experiments import refresh  # (slow to load)

        if not options.quiet:
            print(f"querying {status.request.backend} …", file=sys.stderr, flush=True)
        try:
            status = refresh(options.run)
        except (InputError, RunError) as error:
            trouble = " ".join(str(error).split())
            status = run_status(options.run)  # (some may have arrived before)
    text = status_text(status, list_jobs=options.list_jobs)
    if trouble:
        text += f"\n  the state of some jobs is unknown: {trouble}"
    print_result(options, {**status.to_dict(), "trouble": trouble or None}, text)
