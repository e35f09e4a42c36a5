"""Train a model and save it with the indices and digests of its training rows."""

import argparse
import sys

from qiskit_qmu.cli.device_options import add_shots
from qiskit_qmu.cli.options import (
    add_data_options,
    add_force,
    add_setting_options,
    make_experiment,
    refuse_replacing,
)

SUMMARY = "train and save a model"

_LINES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--out", required=True, metavar="MODEL", help="folder of the model")
    add_force(parser, "a model")
    add_data_options(parser)
    add_shots(parser)
    add_setting_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_replacing(options, "model.json", "a model")
    experiment = make_experiment(options)
    from qiskit_qmu.experiments import train_and_save, writable_folder
    from qiskit_qmu.experiments.progress import progress_display  # (help must not load it)

    with progress_display() as show, writable_folder(options.out) as folder:

        def progress(epoch: int, epochs: int, loss: float) -> None:
            tenth = (_LINES * epoch) // epochs > (_LINES * (epoch - 1)) // epochs
            if tenth or sys.stderr.isatty():  # (a log needs no line for each epoch)
                show(f"epoch {epoch} of {epochs}, loss {loss:.4f}", epoch / epochs)

        provenance = train_and_save(
            experiment, folder, data_dir=options.data_dir, progress=progress
        )
    options.written = options.out
    print(f"{options.out}: trained on {len(provenance['train_indices'])} rows")


def when_stopped(_options: argparse.Namespace) -> str:
    """Say what became of the model."""
    return "nothing was saved"
