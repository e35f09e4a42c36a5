"""Check that a model's weights, its log of deletion requests and its reports belong together.

Each entry of the log holds the hash of the entry before it and the digests of weights, report and
audit. The exit status is 1, and a line names the file, where one was tampered with. There is no
signature: keep the hash of the last entry elsewhere, and give it with --head.
"""

import argparse
from typing import TYPE_CHECKING

from qiskit_qmu._errors import RunError
from qiskit_qmu.cli.id_file import read_ids
from qiskit_qmu.cli.options import add_saved_model
from qiskit_qmu.cli.result import add_result_options, print_result

if TYPE_CHECKING:
    from qiskit_qmu.deletions import LogEntry, Verification

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
        help="also say which request withdrew the rows with the ids in a file, one a line",
    )
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        RunError: If something was tampered with.
    """
    from qiskit_qmu.deletions import verify, withdrawn_ids  # (help must not load it)

    ids = () if options.ids is None else read_ids(options.ids)
    found = verify(options.model, head=options.head)
    by_id = withdrawn_ids(found, ids) if found.ok else {}
    content = found.to_dict()
    if options.ids is not None:
        content["ids"] = {each: None if own is None else own.number for each, own in by_id.items()}
    if found.ok or options.json:
        print_result(options, content, lambda: "\n".join(_lines(found, by_id)))
    if not found.ok:
        first, *others = found.problems
        more = f" (and {len(others)} more: see --json)" if others else ""
        raise RunError(f"{first}{more}")


def _lines(found: "Verification", by_id: "dict[str, LogEntry | None]") -> list[str]:
    from qiskit_qmu.deletions.verification import LIMITS

    if not found.requests:
        lines = [f"{found.model}: its files are whole; no deletion request made it"]
    else:
        lines = [f"{found.model}: weights, log and reports belong together"]
        lines += [f"  request {_in_words(own)}" for own in found.requests]
    lines += [f"  since then, request {_in_words(own)}" for own in found.made_of_it]
    lines += [
        f"  {each}: {_NOT_THERE if own is None else f'withdrawn by request {own.number}'}"
        for each, own in by_id.items()
    ]
    if found.head is not None:
        lines += [f"{_HEAD}: {found.head}", LIMITS]
    return lines


_HEAD = "head of the log, the SHA-256 of its last line without the line break"
_NOT_THERE = "not withdrawn by a request that made this model"


def _in_words(own: "LogEntry") -> str:
    return (
        f"{own.number} ({own.time}): {own.rows:,} rows by {own.strategy}, {own.verdict}; "
        f"{own.model}"
    )
