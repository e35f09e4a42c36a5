"""Answer a request to delete rows: check, unlearn, audit, and write the new model with a report.

The rows' ids are in a file, one on each line. Nothing is changed unless the model was trained on
all of them. NEW gets the model, deletion_report.html and .json, the audit, and a log of requests
that `qmu verify` checks. The model itself keeps its weights. The same command again, after a kill
or on a full disk, does what is missing. Several models are answered in one go; then --out is the
folder of the new ones.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from qiskit_qmu._check import InputError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.forget_options import forget_request, id_column_of
from qiskit_qmu.cli.options import add_seed, add_setting_options, add_strategy, settings_of
from qiskit_qmu.cli.result import add_result_options, print_result, remark
from qiskit_qmu.cli.row_source import add_row_source, row_source_of
from qiskit_qmu.runs.progress import progress_display

if TYPE_CHECKING:
    from qiskit_qmu.data import ForgetRequest
    from qiskit_qmu.experiments import DeletionResult

SUMMARY = "answer a request to delete rows: unlearn, audit, report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "models",
        type=option_types.saved_model,
        nargs="+",
        metavar="MODEL",
        help="folder of a saved model with a record of its rows; or of several",
    )
    rows = parser.add_argument_group("rows to withdraw (one of the first two)")
    rows.add_argument(
        "--ids", metavar="FILE", help="ids, one on each line, or a CSV file with the ids' column"
    )
    rows.add_argument(
        "--indices",
        metavar="I,J,…|FILE",
        help="positions of training rows, for one model whose rows have no ids",
    )
    rows.add_argument(
        "--forget-duplicates",
        action="store_true",
        help="also the training rows with the same features as one of these",
    )
    rows.add_argument(
        "--skip-untrained-ids",
        action="store_true",
        help="go on without ids that the model was not trained on; they are refused otherwise",
    )
    add_strategy(parser)
    parser.add_argument(
        "--out",
        required=True,
        metavar="NEW",
        help="folder of the new model; of several, the folder that will hold theirs",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="allow a request of a model of which one was made already, for another strategy",
    )
    add_seed(parser)
    audit = parser.add_argument_group("audit")
    audit.add_argument(
        "--oracles",
        type=option_types.seed,
        metavar="N",
        help="models to retrain without the rows, to compare the new one with (4); 0 for none, "
        "and then no verdict",
    )
    audit.add_argument(
        "--shadows",
        type=option_types.count,
        default=0,
        metavar="K",
        help="models to train for a test of the strategy (an even number, at least 6; 32 or more "
        "for single rows)",
    )
    audit.add_argument(
        "--workers",
        type=option_types.count,
        metavar="N",
        help="processes that train them (one per core)",
    )
    add_row_source(parser)
    add_setting_options(parser, shortcuts=False, config=False)
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    request = _request_of(options)
    from qiskit_qmu.auditing import DEFAULT_ORACLES  # (slow to load)
    from qiskit_qmu.experiments import request_deletion

    with progress_display(quiet=options.quiet) as progress:
        results = request_deletion(
            options.models,
            request,
            strategy=options.strategy,
            out=options.out,
            settings=settings_of(options),
            source=row_source_of(options),
            seed=options.seed,
            oracles=DEFAULT_ORACLES if options.oracles is None else options.oracles,
            shadows=options.shadows,
            workers=options.workers,
            again=options.again,
            progress=progress,
        )
    options.written = options.out
    content = [each.to_dict() for each in results]
    print_result(options, content, lambda: "\n\n".join(map(_in_words, results)))
    for result in results:
        for note in (*result.remarks, *result.report["request"]["notes"]):
            remark(options, f"{result.model}: note: {note}")


def _request_of(options: argparse.Namespace) -> "ForgetRequest":
    """Return the rows that the options name.

    Raises:
        InputError: If not exactly one option names them, or a file cannot be read.
    """
    if (options.ids is None) == (options.indices is None):
        raise InputError("give one of --ids and --indices")
    column = options.id_column
    if options.ids is not None and column is None:
        column = id_column_of(options.models[0])
    given = {
        "forget_ids": options.ids,
        "forget_indices": options.indices,
        "forget_duplicates": options.forget_duplicates,
        "skip_untrained_ids": options.skip_untrained_ids,
    }
    request = forget_request(given, column)
    assert request is not None
    return request


def _in_words(result: "DeletionResult") -> str:
    entry, audit = result.entry, result.report["audit"]
    done = "" if result.new else ", done before"
    return (
        f"{result.model}: {entry.rows:,} rows withdrawn by {entry.strategy} "
        f"(request {entry.number}{done})\n"
        f"verdict: {entry.verdict} ({audit['reason']})\n"
        f"{_of_retraining(entry.strategy)}"
        f"report: {Path(result.model) / 'deletion_report.html'}\n"
        f"head of the log, to be kept elsewhere: {entry.hash}"
    )


def _of_retraining(strategy: str) -> str:
    """Say what no test needs to show of a model that was trained again."""
    from qiskit_qmu.report.deletion_words import RETRAINING

    if strategy not in RETRAINING:
        return ""
    return (
        "retrained: what was trained on the rows was trained again without them, so they are "
        "forgotten by the way the model was made\n"
    )


def when_stopped(options: argparse.Namespace) -> str:
    """Return what happened to the models."""
    return (
        f"{options.models[0] if len(options.models) == 1 else 'the models'} as before; the same "
        "command resumes"
    )
