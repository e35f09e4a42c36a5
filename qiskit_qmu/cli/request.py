"""Answer a request to delete rows: check, unlearn, audit, and write the new model with a report.

The rows' ids are in a file, one on each line. Nothing is changed unless the model was trained on
all of them. The model is retrained without the rows, or made to forget them by --strategy. NEW gets
the model, deletion_report.html and .json, the audit, and a log of requests that `qmu verify`
checks. The model itself keeps its weights. The same command again, after a kill or on a full disk,
does what is missing. Several models are answered in one go; then --out is the folder of the new
ones.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from qiskit_qmu._check import InputError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.audit_options import add_gate, hold_against
from qiskit_qmu.cli.forget_options import forget_request, id_column_of, print_notes
from qiskit_qmu.cli.options import add_seed, add_setting_options, add_strategy, settings_of
from qiskit_qmu.cli.result import add_result_options, print_result
from qiskit_qmu.cli.row_source import add_row_source, row_source_of
from qiskit_qmu.cli.worker_options import add_workers
from qiskit_qmu.deletions.model_folder import are_exact
from qiskit_qmu.runs.display import progress_display

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
        help="continue without ids that the model was not trained on; by default they are refused",
    )
    rows.add_argument("--forget-class", type=_no_class, help=argparse.SUPPRESS)
    add_strategy(parser, default="oracle; none for models that delete rows by themselves")
    parser.add_argument(
        "--out",
        required=True,
        metavar="NEW",
        help="folder of the new model; of several, the folder that will hold theirs",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="allow another request for the same model, such as with another strategy",
    )
    add_seed(parser)
    audit = parser.add_argument_group("audit")
    audit.add_argument(
        "--oracle",
        type=option_types.saved_model,
        metavar="ORACLE",
        help="folder of a model that was retrained without the rows, as `qmu unlearn … --strategy "
        "oracle` writes it; then none is retrained here unless --oracles says so",
    )
    audit.add_argument(
        "--oracles",
        type=option_types.seed,
        metavar="N",
        help="models to retrain without the rows, to compare the new one with (4); 0 for none, "
        "and then no verdict without an --oracle",
    )
    audit.add_argument(
        "--shadows",
        type=option_types.count,
        default=0,
        metavar="K",
        help="models to train for a test of the strategy (an even number, at least 6; 32 or more "
        "for single rows)",
    )
    add_workers(audit, "processes that train them")
    add_gate(audit)
    add_row_source(parser)
    add_setting_options(parser, shortcuts=False, config=False)
    add_result_options(parser, dry_run=True)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    rows = _request_of(options)
    if are_exact(options.models):
        _delete_exactly(options, rows)
        return
    from qiskit_qmu.auditing import DEFAULT_ORACLES  # (slow to load)
    from qiskit_qmu.experiments import DeletionRequest, plan_deletion, request_deletion

    default = DEFAULT_ORACLES if options.oracle is None else 0
    request = DeletionRequest(
        rows,
        strategy=options.strategy or "oracle",
        settings=settings_of(options),
        source=row_source_of(options),
        seed=options.seed,
        oracles=default if options.oracles is None else options.oracles,
        oracle=options.oracle,
        shadows=options.shadows,
        again=options.again,
    )
    if options.dry_run:
        plans = plan_deletion(options.models, request, out=options.out)
        print_result(options, list(plans), lambda: "\n".join(map(_plan_in_words, plans)))
        for plan in plans:
            print_notes(options, plan["notes"], of=plan["model"])
        return
    with progress_display(quiet=options.quiet) as progress:
        results = request_deletion(
            options.models,
            request,
            out=options.out,
            workers=options.workers,
            progress=progress,
        )
    _show(options, results)
    for result in results:
        hold_against(options.gate, result.numbers, str(result.model))


_OF_NETWORKS = (
    "strategy", "oracle", "oracles", "shadows", "workers", "gate", "set", "dry_run", "dataset",
)  # fmt: skip


def _delete_exactly(options: argparse.Namespace, request: "ForgetRequest") -> None:
    """Answer a request of models that delete rows by themselves.

    Raises:
        InputError: If an option does not fit them.
    """
    for name in _OF_NETWORKS:
        if getattr(options, name):
            raise InputError(
                f"--{name.replace('_', '-')} cannot be given: {options.models[0]} deletes rows by "
                "itself, without data, strategy or audit"
            )
    from qiskit_qmu.experiments import delete_exactly

    results = delete_exactly(options.models, request, out=options.out, again=options.again)
    _show(options, results)


def _show(options: argparse.Namespace, results: "Sequence[DeletionResult]") -> None:
    options.written = options.out
    content = [each.to_dict() for each in results]
    print_result(options, content, lambda: "\n\n".join(map(_in_words, results)))
    for result in results:
        notes = (*result.remarks, *result.report["request"]["notes"])
        print_notes(options, notes, of=str(result.model))


def _plan_in_words(plan: dict[str, Any]) -> str:
    if plan["done"]:
        return f"{plan['out']}: holds the answer to this request already; nothing was written"
    out = f", {plan['left_out']:,} ids left out" if plan["left_out"] else ""
    trainings = plan["trainings"] * plan["circuits_of_a_training"]
    return (
        f"{plan['model']}: {plan['rows']:,} of {plan['of_rows']:,} rows would be withdrawn by "
        f"{plan['strategy']}{out}, and {plan['out']} written\n"
        f"unlearning: {plan['circuits']:,} circuits of a device (at most "
        f"{plan['most_circuits']:,}); audit: {plan['trainings']} trainings, {trainings:,} "
        "circuits\nnothing was run or written"
    )


def _no_class(_text: str) -> NoReturn:
    raise argparse.ArgumentTypeError(
        "a class is forgotten by `qmu unlearn MODEL --forget-class CLASS --strategy NAME --out "
        "NEW`; a request is for single rows, by --ids or --indices"
    )


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
    from qiskit_qmu.report.retrained import RETRAINING, verdict_in_words  # (slow to load)

    entry = result.entry
    reason = result.report["audit"].get("reason") or result.report["certificate"]["text"]
    verdict = verdict_in_words(entry.verdict, reason, retrained=entry.strategy in RETRAINING)
    rows = "1 row" if entry.rows == 1 else f"{entry.rows:,} rows"
    done = "" if result.new else ", done before"
    return (
        f"{result.model}: {rows} withdrawn by {entry.strategy} (request {entry.number}{done})\n"
        f"verdict: {verdict}\n"
        f"{_of_strength(result)}{_of_retraining(entry.strategy)}{_of_both_models(result)}"
        f"report: {Path(result.model) / 'deletion_report.html'}\n"
        f"head of the log, to be kept elsewhere: {entry.hash}"
    )


def _of_strength(result: "DeletionResult") -> str:
    strength = result.report["method"].get("strength")
    return "" if strength is None else f"strength: {strength['text']}\n"


def _of_retraining(strategy: str) -> str:
    """Say what no test needs to show of a model that was trained again."""
    from qiskit_qmu.report.retrained import RETRAINING

    if strategy not in RETRAINING:
        return ""
    return (
        "retrained: what was trained on the rows was trained again without them, so they are "
        "forgotten by construction\n"
    )


def _of_both_models(result: "DeletionResult") -> str:
    """Say what an exact deletion does not hide."""
    if "certificate" not in result.report:
        return ""
    audit = result.report["audit"]
    if reason := audit["left_out"].get("deletion difference"):
        return f"before and after: what both models tell of the rows was not tested: {reason}\n"
    return f"before and after: {audit['findings'][0]['reading']}\n"


def when_stopped(options: argparse.Namespace) -> str:
    """Return what happened to the models."""
    return (
        f"{options.models[0] if len(options.models) == 1 else 'the models'} as before; the same "
        "command resumes"
    )
