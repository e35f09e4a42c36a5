"""What arrays of recorded outputs are called, in a file of arrays and as columns of a table."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, final, get_args

from qiskit_qmu._check import InputError

OutputKind = Literal["logits", "probabilities", "expectations", "counts", "losses"]
"""What a model's outputs are, the kind that decides first where there are several."""

OUTPUT_KINDS: tuple[OutputKind, ...] = get_args(OutputKind)

Whose = Literal["audited", "original", "oracle"]
"""The model that answered."""

PREFIXES: dict[Whose, str] = {"audited": "", "original": "original_", "oracle": "oracle_"}

ROW_NAMES = ("labels", "member", "part", "ids", "shots")
"""What is known of a row besides outputs."""

_SPELLINGS = {"label": "labels", "id": "ids", "membership": "member", "members": "member"}
_SINGULAR: dict[str, OutputKind] = {
    "logit": "logits",
    "probability": "probabilities",
    "expectation": "expectations",
    "count": "counts",
    "loss": "losses",
}
_COLUMN = re.compile(rf"(.*?)({'|'.join((*OUTPUT_KINDS, *_SINGULAR))})(?:_(.+))?")


@final
@dataclass(frozen=True)
class Column:
    """A column of a table of recorded outputs.

    Attributes:
        array: The array that it belongs to, such as ``"oracle_logits"``.
        ending: What tells it from the others of that array: a class or an outcome; empty if the
            column is the whole array.
    """

    array: str
    ending: str = ""


def array_names() -> tuple[str, ...]:
    """Return all names that an array may have."""
    outputs = (f"{prefix}{kind}" for prefix in PREFIXES.values() for kind in OUTPUT_KINDS)
    return (*ROW_NAMES, *outputs)


def known_name(name: str, source: str) -> str:
    """Return the name of an array as it is used here; messages call its source ``source``.

    Raises:
        InputError: If there is no array of that name.
    """
    name = _SPELLINGS.get(name, name)
    if name not in array_names():
        raise InputError(f"{source}: {_unknown('array', name, array_names())}")
    return name


def parsed_column(heading: str, source: str) -> Column:
    """Return what a column of a table holds; messages call the table ``source``.

    Raises:
        InputError: If there is no such column.

    Example:
        >>> from qiskit_qmu.auditing.arrays.names import parsed_column
        >>> parsed_column("oracle_logit_2", "a.csv"), parsed_column("label", "a.csv")
        (Column(array='oracle_logits', ending='2'), Column(array='labels', ending=''))
    """
    name = _SPELLINGS.get(heading, heading)
    if name in ROW_NAMES:
        return Column(name)
    found = _COLUMN.fullmatch(heading)
    if found and found[1] in PREFIXES.values():
        return Column(f"{found[1]}{_SINGULAR.get(found[2], found[2])}", found[3] or "")
    columns = ("label", "member", "part", "id", "shots", "loss", "counts")
    numbered = tuple(f"{kind}_0" for kind in _SINGULAR if kind != "loss")
    raise InputError(f"{source}: {_unknown('column', heading, (*columns, *numbered))}")


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"unknown {what} {name!r}; an audit reads {', '.join(known)}{meant}"
