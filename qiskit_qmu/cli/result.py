"""How a command tells its result: the options for it, and the one rule on what is overwritten."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError

_RESULTS = {
    "model.json": "a model",
    "sweep.jsonl": "a sweep",
    "records.jsonl": "a run",
    "audit.json": "an audit",
    "shots.json": "a comparison of shots",
    "plan.json": "a plan of shots",
    "study.json": "a study of shots",
    "run.json": "a submitted run",
    "poison.json": "poisoned rows",
}
"""What a folder holds that has a file of this name."""


def add_result_options(
    parser: argparse.ArgumentParser, *, dry_run: bool = False, overwrites: str = ""
) -> None:
    """Add how the result is told.

    Args:
        parser: The command.
        dry_run: Whether the command can say what it would do.
        overwrites: What the command overwrites only with ``--force``; empty for nothing.
    """
    group = parser.add_argument_group("output")
    group.add_argument(
        "--json",
        action="store_true",
        help="print the result as JSON on standard output, and nothing else there",
    )
    group.add_argument("--quiet", action="store_true", help="show no progress")
    if dry_run:
        group.add_argument(
            "--dry-run",
            action="store_true",
            help="check everything, report what would be done and how many circuits it takes, and "
            "stop before any of them runs",
        )
    if overwrites:
        group.add_argument("--force", action="store_true", help=f"overwrite {overwrites} in --out")


def print_result(options: argparse.Namespace, content: Any, text: Callable[[], str] | str) -> None:
    """Print a result as text, or as JSON where that was asked for.

    Args:
        options: Those of the command.
        content: The result as JSON values.
        text: The result for people, or what makes it.
    """
    if options.json:
        print(json.dumps(content, indent=1, allow_nan=False))
    else:
        print(text if isinstance(text, str) else text())


def remark(options: argparse.Namespace, text: str) -> None:
    """Print a line on standard error that says what is to be known of a result."""
    print(f"qmu {options.command}: {text}", file=sys.stderr)


def refuse_occupied(
    options: argparse.Namespace, out: str | Path | None, own: str, *, resumes: bool = False
) -> None:
    """Refuse an output folder that holds a result.

    The result of another command is never written beside; one of the same command is overwritten
    with ``--force``.

    Args:
        options: Those of the command.
        out: The folder; None where nothing is written.
        own: Name of the file that a folder with a result of this command holds.
        resumes: Whether the command resumes what is there.

    Raises:
        InputError: If it holds a result.
    """
    if out is None:
        return
    for name, what in _RESULTS.items():
        if not (Path(out) / name).exists():
            continue
        if name != own:
            raise InputError(f"{out} holds {what}; choose another --out")
        if not (options.force or resumes):
            raise InputError(
                f"{out} already holds {what}; choose another --out, or overwrite it with --force"
            )


def refuse_file(options: argparse.Namespace) -> None:
    """Refuse an output file that is there, unless it is to be overwritten, or has no folder.

    Raises:
        InputError: If it cannot be written without loss.
    """
    if options.out is None:
        return
    path = Path(options.out)
    if not path.parent.is_dir():
        raise InputError(f"--out {path}: no folder {path.parent}")
    if path.is_file() and not options.force:
        raise InputError(f"{path} already exists; choose another --out, or add --force")
