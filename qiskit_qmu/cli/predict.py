"""Predict the classes, or the values, of rows by a saved model, and write them as CSV.

With --dataset FILE all rows of a CSV or Parquet file with the columns that the model was trained
on; labels are not needed. Without it, the test rows of the model's own dataset. The table has a
class and the probabilities of all classes for each row; scores of a support vector machine; values
of a model that predicts values.
"""

import argparse
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from qiskit_qmu._check import InputError
from qiskit_qmu._files import write_file
from qiskit_qmu.cli.device_options import add_budget, add_device_options, add_shots, backend_of
from qiskit_qmu.cli.options import add_saved_model, add_seed
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_file
from qiskit_qmu.cli.row_source import add_row_source, row_source_of
from qiskit_qmu.deletions.model_folder import are_exact

if TYPE_CHECKING:
    from qiskit_qmu.experiments import PredictedScores, PredictedValues, Predictions

SUMMARY = "predict the classes or values of rows by a saved model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_saved_model(parser, "folder of a saved model")
    parser.add_argument("--out", metavar="FILE", help="write the CSV table there (printed)")
    add_seed(parser)
    device = add_device_options(parser, "where circuits run")
    add_shots(device)
    add_budget(device)
    add_row_source(parser)
    add_result_options(parser, overwrites="the file")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_file(options)
    predicted = _predicted(options)
    if options.out is None and not options.json:
        sys.stdout.write(predicted.to_csv())
        return
    if options.out is not None:
        write_file(options.out, predicted.to_csv())
        options.written = options.out
    content = {"model": str(options.model), "out": options.out, "rows": predicted.to_dicts()}
    print_result(options, content, f"{options.out}: {len(predicted.rows):,} rows")


def _predicted(options: argparse.Namespace) -> "Predictions | PredictedScores | PredictedValues":
    """Return the predictions.

    Raises:
        InputError: If an option does not fit the model, or model or rows cannot be read.
    """
    source = row_source_of(options)
    if are_exact([options.model]):
        if options.backend is not None:
            raise InputError(
                f"--backend cannot be given: the circuits of {options.model} are simulated exactly"
            )
        backend_of(options)  # (refuses what needs a backend)
        from qiskit_qmu.experiments import predict_exact  # (help must not load it)

        return predict_exact(options.model, source=source)
    from qiskit_qmu.experiments import predict_saved  # (help must not load it)

    device = backend_of(options)
    with device or nullcontext():
        return predict_saved(options.model, source=source, backend=device)
