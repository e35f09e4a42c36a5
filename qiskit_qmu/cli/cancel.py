"""Cancel the pending jobs of a run; results that have arrived are kept, and it can be resumed."""

import argparse

SUMMARY = "cancel the pending jobs of a run on a device"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", metavar="RUN", help="folder that `qmu submit` wrote")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.experiments import cancel  # (help must not load it)

    cancelled = cancel(options.run)
    print(
        f"{options.run}: {len(cancelled)} jobs cancelled" + "".join(f"\n  {j}" for j in cancelled)
    )
