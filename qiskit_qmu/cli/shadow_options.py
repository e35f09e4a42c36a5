"""Options of an audit over many models: shadow models, the strategy, oracles."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from qiskit_qmu._check import InputError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.worker_options import add_workers

if TYPE_CHECKING:
    from qiskit_qmu.experiments import ShadowRequest


def add_shadow_options(parser: argparse.ArgumentParser) -> None:
    """Add the number of models to train for an audit, and how they are unlearned."""
    group = parser.add_argument_group("tests over many models")
    group.add_argument(
        "--shadows",
        type=option_types.count,
        metavar="K",
        help="train K models of the recipe (an even number, at least 6; 32 or more for single "
        "rows), make them forget as the model was, and test what the strategy leaves behind; kept "
        "in DIR/shadows for the next call",
    )
    group.add_argument(
        "--strategy",
        type=option_types.method,
        metavar="NAME",
        help="strategy to test (the one that made the model)",
    )
    group.add_argument(
        "--oracles",
        type=option_types.count,
        metavar="N",
        help="retrain N oracles to compare the model with, in place of --oracle",
    )
    add_workers(group, "processes that train the models")


def shadow_request_of(options: argparse.Namespace, folder: Path | None) -> "ShadowRequest | None":
    """Return what is to be trained for an audit; None without --shadows.

    Args:
        options: The parsed options.
        folder: Where the report goes; None if it is only printed.

    Raises:
        InputError: If options contradict each other, or the number is odd.
    """
    if options.oracles is not None and options.oracle is not None:
        raise InputError("--oracle and --oracles cannot be given together")
    if options.shadows is None:
        if options.strategy is not None:
            raise InputError("--strategy needs --shadows")
        return None
    from qiskit_qmu.experiments import ShadowRequest  # (help must not load it)

    return ShadowRequest(
        count=options.shadows,
        strategy=options.strategy,
        folder=None if folder is None else folder / "shadows",
        workers=options.workers or os.cpu_count(),
    )
