"""Unlearn rows from a saved model and save the result; strategy "oracle" retrains without them."""

import argparse
import sys
from contextlib import nullcontext

from qiskit_qmu.cli.device_options import add_budget, add_device_options, add_shots, backend_of
from qiskit_qmu.cli.forget_options import add_forget_options, print_notes, required_forget_request
from qiskit_qmu.cli.options import (
    add_force,
    add_saved_model,
    add_seed,
    add_setting_options,
    add_strategy,
    refuse_replacing,
    settings_of,
)
from qiskit_qmu.cli.row_source import add_row_source, row_source_of

SUMMARY = "unlearn rows from a saved model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_saved_model(parser, "folder that `qmu train` wrote")
    add_strategy(parser)
    parser.add_argument("--out", required=True, metavar="NEW", help="folder of the new model")
    add_force(parser, "a model")
    add_seed(parser)
    device = add_device_options(parser, "where gradients are measured")
    add_shots(device)
    add_budget(device)
    add_row_source(parser)
    add_forget_options(parser, how_many="exactly one")
    add_setting_options(parser, shortcuts=False, config=False)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_replacing(options, "model.json", "a model")
    request = required_forget_request(options)
    from qiskit_qmu.experiments import unlearn_saved, writable_folder  # (slow to load)

    device = backend_of(options)
    with writable_folder(options.out) as folder, device or nullcontext():
        result = unlearn_saved(
            options.model,
            request,
            options.strategy,
            folder,
            settings=settings_of(options),
            source=row_source_of(options),
            seed=options.seed,
            backend=device,
        )
    options.written = options.out
    print(
        f"{options.out}: {options.strategy} took {result.usage.gradient_evaluations:,} gradient "
        f"evaluations, {result.usage.circuits:,} circuits, {result.seconds:.1f} s"
    )
    print_notes("unlearn", result.notes, options)
    if not result.changed and options.strategy != "noop":
        print(f"qmu unlearn: {options.strategy} changed nothing: {result.reason}", file=sys.stderr)


def when_stopped(_options: argparse.Namespace) -> str:
    """Say what became of the model."""
    return "nothing was saved"
