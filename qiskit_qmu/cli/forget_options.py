"""Options that say which rows to forget, alike for all commands, and how they become a request."""

import argparse
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files import FileError, entry, one_line, read_sealed_json, read_text, reading
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.id_file import read_ids
from qiskit_qmu.cli.result import remark
from qiskit_qmu.deletions.model_folder import MODEL

if TYPE_CHECKING:
    from qiskit_qmu.data import ForgetRequest

_WAYS = {
    "forget_class": "label",
    "forget_fraction": "fraction",
    "forget_indices": "indices",
    "forget_ids": "ids",
    "forget_where": "where",
    "forget_owner": "owner",
}
_FLAGS = {"forget_duplicates": "duplicates", "skip_untrained_ids": "skip_untrained_ids"}

FORGET_WAYS = tuple(_WAYS)
"""Options of which at most one is given, as a config file names them."""

FORGET_KEYS = (*FORGET_WAYS, *_FLAGS)
"""All of them."""

_OPTIONS = (
    "--forget-class, --forget-fraction, --forget-indices, --forget-ids, --forget-where and "
    "--forget-owner"
)
_LARGEST_LIST = 2**28


def add_forget_options(parser: argparse.ArgumentParser, *, how_many: str = "at most one") -> None:
    """Add which rows to forget."""
    group = parser.add_argument_group(f"what to forget ({how_many})")
    group.add_argument(
        "--forget-class", metavar="CLASS", help="all rows of a class, by its name or number"
    )
    group.add_argument(
        "--forget-fraction", type=option_types.share, metavar="SHARE", help="a random share of rows"
    )
    group.add_argument(
        "--forget-indices",
        metavar="I,J,…|FILE",
        help="positions of training rows, or a file with them",
    )
    group.add_argument(
        "--forget-ids",
        metavar="FILE",
        help="rows with the ids in a file: one a line, or a CSV file with the ids' column",
    )
    group.add_argument(
        "--forget-where",
        metavar="CONDITION",
        help="rows that meet a condition on columns, such as \"region == 'EU' and age >= 40\"",
    )
    group.add_argument(
        "--forget-owner",
        metavar="COLUMN=VALUE",
        help="all rows of one of several data owners, such as hospital=Charité",
    )
    group.add_argument(
        "--forget-duplicates",
        action="store_true",
        default=None,
        help="also the training rows with the same features as one of these",
    )
    group.add_argument(
        "--skip-untrained-ids",
        action="store_true",
        default=None,
        help="continue without ids that the model was not trained on; by default they are refused",
    )


def forget_request_of(
    options: argparse.Namespace, model: Path | None = None
) -> "ForgetRequest | None":
    """Return what is to be forgotten from a saved model; None if no option says it.

    Args:
        options: Those of the command.
        model: Folder of the model; that which the options name if None.

    Raises:
        InputError: If several do, or the rows cannot be read.
    """
    given = {name: getattr(options, name) for name in FORGET_KEYS}
    id_column = getattr(options, "id_column", None)
    if given["forget_ids"] is not None and id_column is None:
        id_column = id_column_of(options.model if model is None else model)
    return forget_request(given, id_column)


def required_forget_request(options: argparse.Namespace) -> "ForgetRequest":
    """Return what is to be forgotten from a saved model.

    Raises:
        InputError: If not exactly one option says it.
    """
    request = forget_request_of(options)
    if request is None:
        raise InputError(f"one of {_OPTIONS} is needed")
    return request


def forget_request(given: dict[str, Any], id_column: str | None) -> "ForgetRequest | None":
    """Return what options, or a config file, say is to be forgotten.

    Args:
        given: Values by the names of `FORGET_KEYS`; None if nothing is given.
        id_column: Heading of the ids in the rows' own table.

    Raises:
        InputError: If several rows' options are given, or the rows cannot be read.
    """
    from qiskit_qmu.data import ForgetRequest  # (help must not load it)

    values = {name: given.get(name) for name in FORGET_KEYS}
    known = {name: each for name, each in values.items() if each is not None and each is not False}
    ways = [name for name in FORGET_WAYS if name in known]
    if len(ways) > 1:
        raise InputError(f"only one of {_OPTIONS} can be given")
    if not ways:
        if known:
            raise InputError(f"--{next(iter(known)).replace('_', '-')} needs one of {_OPTIONS}")
        return None
    for name, read in _READERS.items():
        if isinstance(known.get(name), str):
            known[name] = read(known[name])
    if isinstance(known.get("forget_ids"), str):
        known["forget_ids"] = read_ids(known["forget_ids"], id_column)
    fields: dict[str, Any] = {{**_WAYS, **_FLAGS}[name]: each for name, each in known.items()}
    return ForgetRequest(**fields)


def print_notes(options: argparse.Namespace, notes: Iterable[str], *, of: str = "") -> None:
    """Print what must be known of the rows to standard error, each note once.

    Args:
        options: Those of the command.
        notes: The notes.
        of: The model or the seed that they are about, where there are several.
    """
    told = tuple(dict.fromkeys(notes))
    for note in told:
        remark(options, f"{of}: note: {note}" if of else f"note: {note}")
    if any("undo" in note for note in told) and not options.forget_duplicates:
        remark(options, "--forget-duplicates forgets them too")


def parse_indices(text: str) -> tuple[int, ...]:
    """Return row positions from "1,2,3" or from a file that holds such text or one a line.

    Raises:
        InputError: If a word is not an integer or the file cannot be read.
    """
    words = text
    if text.strip() and not re.fullmatch(r"[-+0-9,\s]*", text, re.ASCII):
        try:
            words = read_text(text, "positions of rows", largest=_LARGEST_LIST, any_kind=True)
        except FileError as error:
            raise InputError(
                f"indices must be integers or a file with them, got {text!r}: "
                f"{one_line(error.__cause__ or error)}"
            ) from error
    try:
        return tuple(option_types.integer(word) for word in words.replace(",", " ").split())
    except ValueError as error:
        raise InputError(f"indices must be integers, got {error}") from error


def _class(text: str) -> int | str:
    """Return a class number where the text is one as Python prints it; else the class's name."""
    try:
        number = option_types.integer(text)
    except ValueError:
        return text
    return number if str(number) == text else text


def id_column_of(model: Path) -> str | None:
    """Return the heading of the ids in the table that a saved model was trained on."""
    content = read_sealed_json(model / MODEL, "a saved model")
    with reading(model / MODEL, "a saved model"):
        experiment = entry(content, "provenance", dict).get("experiment")
    column = experiment.get("id_column") if isinstance(experiment, dict) else None
    return column if isinstance(column, str) else None


_READERS: dict[str, Callable[[str], Any]] = {
    "forget_class": _class,
    "forget_indices": parse_indices,
}
"""How the texts of options are read that are more than texts."""
