"""Check that a model's weights, its log of deletion requests and its reports belong together.

Each entry of the log holds the hash of the entry before it and the digests of weights, report and
audit. The exit status is 1, and a line names the file, where one was tampered with. There is no
signature: keep the hash of the last entry elsewhere, and give it with --head. With --ids it is also
1 if the model still rests on one of the rows, or does not know an id.
"""

import argparse
from typing import TYPE_CHECKING

from qiskit_qmu._errors import RunError
from qiskit_qmu.cli.id_file import read_ids
from qiskit_qmu.cli.options import add_saved_model
from qiskit_qmu.cli.result import add_result_options, print_result, remark

if TYPE_CHECKING:
    from qiskit_qmu.deletions import IdAnswer, LogEntry, Verification

SUMMARY = "check that a model, its deletion requests and their reports belong together"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_saved_model(parser, "folder of a saved model")
    parser.add_argument(
        "--head",
        metavar="HASH",
        help="hash of an entry that must be in the log, as it was printed when that was the last",
    )
    parser.add_argument(
        "--ids",
        metavar="FILE",
        help="also say of the ids in a file, one on each line, which request withdrew their rows",
    )
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        RunError: If something was tampered with, or a row is not known to be withdrawn.
    """
    from qiskit_qmu.deletions import look_up_ids, verify  # (help must not load it)

    ids = () if options.ids is None else read_ids(options.ids)
    found = verify(options.model, head=options.head)
    answers = look_up_ids(found, ids) if found.ok else ()
    content = found.to_dict()
    if options.ids is not None:
        content["ids"] = {
            own.id: {
                "state": own.state,
                "request": None if own.request is None else own.request.number,
            }
            for own in answers
        }
    if found.ok or options.json:
        print_result(options, content, lambda: "\n".join(_lines(found, answers)))
    for text in found.remarks:
        remark(options, text)
    if not found.ok:
        first, *others = found.problems
        more = f" (and {len(others)} more: see --json)" if others else ""
        raise RunError(f"{first}{more}")
    open_ids = [own for own in answers if not own.ok]
    if open_ids:
        first_few = "; ".join(f"{own.id}: {own}" for own in open_ids[:_SHOWN])
        more = "" if len(open_ids) <= _SHOWN else f"; and {len(open_ids) - _SHOWN} more"
        counted = f"{len(open_ids)} of {len(answers)} ids"
        raise RunError(f"{counted} are not known to be withdrawn ({first_few}{more})")


_SHOWN = 3


def _lines(found: "Verification", answers: "tuple[IdAnswer, ...]") -> list[str]:
    from qiskit_qmu.deletions.verification import LIMITS

    if not found.requests:
        lines = [f"{found.model}: its files are whole; no deletion request made it"]
    else:
        lines = [f"{found.model}: weights, log and reports belong together"]
        lines += [f"  request {_in_words(own)}" for own in found.requests]
    lines += [f"  since then, request {_in_words(own)}" for own in found.made_of_it]
    lines += [f"  {own.id}: {own}" for own in answers]
    if found.head is not None:
        lines += [f"{_HEAD}: {found.head}", LIMITS]
    return lines


_HEAD = "head of the log, the SHA-256 of its last line without the line break"


def _in_words(own: "LogEntry") -> str:
    from qiskit_qmu.report.retrained import RETRAINING, verdict_in_words  # (slow to load)

    verdict = verdict_in_words(own.verdict, retrained=own.strategy in RETRAINING)
    rows = "1 row" if own.rows == 1 else f"{own.rows:,} rows"
    return f"{own.number} ({own.time}): {rows} by {own.strategy}, {verdict}; {own.model}"
