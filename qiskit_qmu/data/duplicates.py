"""Finds rows that equal a forgotten row: what is retained of them undoes the deletion."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, final

import numpy as np

from qiskit_qmu.data.row_record import listed
from qiskit_qmu.data.rows import Rows

Part = Literal["retain", "validation", "test"]

_ROWS_AT_ONCE = 4096
_LARGEST_RECORD = 100


@final
@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """A row with the same features as a forgotten one.

    Attributes:
        part: Where it is: "retain", "validation" or "test".
        position: Its position among the training rows, or the test rows.
        name: Its id, or its position as text where rows have no ids.
        of: Id or position of the forgotten row.
        same_answer: Whether its label, or its value to predict, is the same too.
    """

    part: Part
    position: int
    name: str
    of: str
    same_answer: bool


def find_duplicates(
    forget: Rows, *, retain: Rows, validation: Rows, test: Rows
) -> tuple[Duplicate, ...]:
    """Find the rows that have exactly the features of a forgotten one; missing numbers are equal.

    Time and memory grow with the number of rows, not with its square.

    Args:
        forget: Rows to forget.
        retain: Rows that a model goes on learning from.
        validation: Rows held out for tuning.
        test: Never-seen rows.

    Returns:
        One entry for each such row, in this order of the parts.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.data import Rows
        >>> from qiskit_qmu.data.duplicates import find_duplicates
        >>> x = np.array([[1.0, np.nan], [2.0, 0.0], [1.0, np.nan]], dtype=np.float32)
        >>> rows = Rows(x=x, y=np.array([0, 1, 1]), indices=np.arange(3))
        >>> none = rows.take([])
        >>> found = find_duplicates(
        ...     rows.take([0]), retain=rows.take([1, 2]), validation=none, test=none
        ... )
        >>> [(each.part, each.name, each.of, each.same_answer) for each in found]
        [('retain', '2', '0', False)]
    """
    forgotten = _Lookup(forget)
    parts: dict[Part, Rows] = {"retain": retain, "validation": validation, "test": test}
    return tuple(
        Duplicate(
            part=part,
            position=int(rows.indices[row]),
            name=rows.name(row),
            of=forget.name(twin),
            same_answer=same_answer,
        )
        for part, rows in parts.items()
        for row, twin, same_answer in forgotten.twins(rows)
    )


def with_duplicates(chosen: Rows, rows: Rows) -> Rows:
    """Return those of some rows, the chosen ones among them, that have features of a chosen one."""
    return rows.take([row for row, _, _ in _Lookup(chosen).twins(rows)])


def duplicates_in_words(duplicates: Iterable[Duplicate], *, names: bool = True) -> tuple[str, ...]:
    """Say how many duplicates there are, which, and what that means; a line for each kind.

    Args:
        duplicates: The duplicates.
        names: Whether to say which.

    Example:
        >>> from qiskit_qmu.data.duplicates import Duplicate, duplicates_in_words
        >>> twin = Duplicate(part="retain", position=7, name="C7", of="C3", same_answer=True)
        >>> print(*duplicates_in_words([twin]))
        1 retained row equals a forgotten one and undoes its deletion: C7 (as C3)
    """
    lines = []
    found = tuple(duplicates)
    for part, same_answer in _WORDS:
        own = [
            f"{each.name} (as {each.of})"
            for each in found
            if each.part == part and same_answer in (None, each.same_answer)
        ]
        if own:
            which = f": {listed(own)}" if names else ""
            lines.append(f"{counted_in_words(len(own), part, same_answer)}{which}")
    return tuple(lines)


def counted_in_words(count: int, part: Part, same_answer: bool | None) -> str:
    """Say how many rows of a part equal forgotten ones, and what that means.

    Args:
        count: How many there are.
        part: Where they are.
        same_answer: Whether their answers are the same too; None outside the retained rows.

    Example:
        >>> from qiskit_qmu.data.duplicates import counted_in_words
        >>> counted_in_words(2, "retain", True)
        '2 retained rows equal forgotten ones and undo their deletion'
    """
    one, several = _WORDS[part, same_answer]
    return f"{count} {one if count == 1 else several}"


def duplicates_as_json(duplicates: tuple[Duplicate, ...]) -> dict[str, Any]:
    """Return how many duplicates each part has, and the first hundred, as JSON values."""
    parts = [each.part for each in duplicates]
    return {
        "count": {part: parts.count(part) for part in ("retain", "validation", "test")},
        "rows": [asdict(each) for each in duplicates[:_LARGEST_RECORD]],
    }


_WORDS: dict[tuple[Part, bool | None], tuple[str, str]] = {
    ("retain", True): (
        "retained row equals a forgotten one and undoes its deletion",
        "retained rows equal forgotten ones and undo their deletion",
    ),
    ("retain", False): (
        "retained row has the features of a forgotten one, with another label",
        "retained rows have the features of forgotten ones, with other labels",
    ),
    ("validation", None): (
        "row held out for validation has the features of a forgotten one",
        "rows held out for validation have the features of forgotten ones",
    ),
    ("test", None): (
        "test row has the features of a forgotten one, though the audit takes it for never seen",
        "test rows have the features of forgotten ones, though the audit takes them for never seen",
    ),
}


class _Lookup:
    """Finds the twins of some rows."""

    def __init__(self, rows: Rows) -> None:
        self._by_features: dict[bytes, int] = {}
        self._by_both: dict[tuple[bytes, bytes], int] = {}
        for row, (features, answer) in enumerate(_keys(rows)):
            self._by_features.setdefault(features, row)
            self._by_both.setdefault((features, answer), row)

    def twins(self, rows: Rows) -> Iterator[tuple[int, int, bool]]:
        """Yield positions in ``rows`` and of the twin, and whether answers are the same."""
        for row, (features, answer) in enumerate(_keys(rows)):
            if features in self._by_features:
                twin = self._by_both.get((features, answer))
                same_answer = twin is not None
                yield row, self._by_features[features] if twin is None else twin, same_answer


def _keys(rows: Rows) -> Iterator[tuple[bytes, bytes]]:
    """Yield features and answer of each row as bytes that are equal where the numbers are."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        x = rows.x[start : start + _ROWS_AT_ONCE] + np.float32(0)  # (no -0.0)
        x[np.isnan(x)] = np.nan  # (one NaN of the many)
        for features, answer in zip(x, rows.y[start : start + _ROWS_AT_ONCE] + 0, strict=True):
            yield features.tobytes(), answer.tobytes()
