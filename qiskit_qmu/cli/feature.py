"""Forget a feature: its influence on a model removed, beside models trained without it.

Trains a model, lets each method forget the column --feature, and prints how far the results are
from a model that was trained with the column held at its mean.
"""

import argparse

from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.options import add_data_options, add_setting_options, make_experiment
from qiskit_qmu.cli.result import add_result_options, print_result

SUMMARY = "forget a column of a table"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--feature", required=True, metavar="NAME", help="the column to forget")
    parser.add_argument(
        "--methods",
        type=option_types.methods,
        default=("gd", "neggrad"),
        metavar="A,B,…",
        help="separated by commas, see `qmu list strategies` (gd,neggrad)",
    )
    add_data_options(parser)
    add_setting_options(parser)
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from dataclasses import asdict

    experiment = make_experiment(options)
    from qiskit_qmu.experiments import forget_feature_of  # (slow to load)

    rows = forget_feature_of(experiment, options.feature, data_dir=options.data_dir)
    content = {"feature": options.feature, "rows": [asdict(row) for row in rows]}
    lines = [f"{'method':22} {'Δ accuracy':>10} {'divergence':>10} {'influence':>9} {'cost':>5}"]
    lines += [
        f"{row.method:22} {100 * row.accuracy:+10.1f} {row.divergence:10.4f} "
        f"{row.influence:9.4f} {row.cost:5.2f}"
        for row in rows
    ]
    note = (
        "\nΔ accuracy: percentage points from the oracle, on test rows without the feature; "
        "divergence from its\noutputs on them, and influence of the feature where it is fed, in "
        "nats; cost: gradients, relative to retraining."
    )
    print_result(options, content, "\n".join(lines) + note)
