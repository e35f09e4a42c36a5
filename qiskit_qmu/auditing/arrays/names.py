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
_PREFIX = r"(original_|oracle(?:[2-9]|[1-9]\d+)?_|)"
_COLUMN = re.compile(rf"{_PREFIX}({'|'.join((*OUTPUT_KINDS, *_SINGULAR))})(?:_(.+))?")
_ARRAY = re.compile(rf"{_PREFIX}({'|'.join(OUTPUT_KINDS)})")


@final
@dataclass(frozen=True)
class ArrayColumn:
    """A column of a table of recorded outputs.

    Attributes:
        array: The array that it belongs to, such as ``"oracle_logits"``.
        ending: What tells it from the others of that array: a class or an outcome; empty if the
            column is the whole array.
    """

    array: str
    ending: str = ""


def prefix_of(whose: str) -> str:
    """Return what stands in front of the names of a model's arrays."""
    return "" if whose == "audited" else f"{whose}_"


def models_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return whose outputs some arrays are: "original", "oracle", "oracle2", …, "audited".

    Example:
        >>> from qiskit_qmu.auditing.arrays.names import models_of
        >>> models_of(["labels", "logits", "oracle2_logits", "oracle_counts"])
        ('oracle', 'oracle2', 'audited')
    """
    found = {m[1].removesuffix("_") or "audited" for m in map(_ARRAY.fullmatch, names) if m}
    oracles = sorted(found - {"original", "audited"}, key=lambda name: (len(name), name))
    return tuple(name for name in ("original", *oracles, "audited") if name in found)


def known_name(name: str, source: str) -> str:
    """Return the name of an array as it is used here; messages call its source ``source``.

    Raises:
        InputError: If there is no array of that name.
    """
    name = _SPELLINGS.get(name, name)
    if name not in ROW_NAMES and not _ARRAY.fullmatch(name):
        known = (*ROW_NAMES, *OUTPUT_KINDS, "oracle_logits", "original_logits")
        raise InputError(f"{source}: {_unknown('array', name, known)}")
    return name


def parsed_column(heading: str, source: str) -> ArrayColumn:
    """Return what a column of a table holds; messages call the table ``source``.

    Raises:
        InputError: If there is no such column.

    Example:
        >>> from qiskit_qmu.auditing.arrays.names import parsed_column
        >>> parsed_column("oracle_logit_2", "a.csv"), parsed_column("label", "a.csv")
        (ArrayColumn(array='oracle_logits', ending='2'), ArrayColumn(array='labels', ending=''))
    """
    name = _SPELLINGS.get(heading, heading)
    if name in ROW_NAMES:
        return ArrayColumn(name)
    found = _COLUMN.fullmatch(heading)
    if found:
        return ArrayColumn(f"{found[1]}{_SINGULAR.get(found[2], found[2])}", found[3] or "")
    columns = ("label", "member", "part", "id", "shots", "loss", "counts")
    numbered = tuple(f"{kind}_0" for kind in _SINGULAR if kind != "loss")
    raise InputError(f"{source}: {_unknown('column', heading, (*columns, *numbered))}")


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"unknown {what} {name!r}; an audit reads {', '.join(known)}{meant}"
