"""Say what an audit can show before anything is trained.

The audited model's own test compares the withdrawn rows with never-seen ones. The test of a
strategy takes the withdrawn rows and as many never-seen ones like them: each shadow model was
trained on half of these rows and made to forget it, and never saw the other half.
"""

import argparse

from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.result import print_result

SUMMARY = "say what an audit can show before anything is trained"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    for name, required, text in (
        ("withdrawn", True, "withdrawn rows"),
        ("never-seen", True, "never-seen rows of the same classes"),
        ("shadows", False, "shadow models (none)"),
    ):
        parser.add_argument(
            f"--{name}", type=option_types.count, required=required, metavar="N", help=text
        )
    parser.add_argument(
        "--margin",
        type=option_types.share,
        default=0.05,
        metavar="X",
        help="how far from 1/2 an AUC may lie where nothing is left (0.05)",
    )
    parser.add_argument(
        "--power",
        type=option_types.share,
        default=0.8,
        metavar="SHARE",
        help="probability with which each number is reached (0.8)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.evaluation import audit_power  # (help must not load it)

    plan = audit_power(
        options.withdrawn,
        options.never_seen,
        num_shadows=options.shadows or 0,
        margin=options.margin,
        power=options.power,
    )
    print_result(options, plan.to_dict(), lambda: str(plan))
