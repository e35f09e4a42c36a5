"""Values of a column, of one kind each, and how they are compared with what a condition names."""

import operator
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError

BoolArray = NDArray[np.bool_]

Kind = Literal["numbers", "truth values", "dates", "text"]

ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
}
"""Comparisons, by the names of their nodes in Python's grammar."""

_EXAMPLES: dict[Kind, str] = {
    "numbers": "a number such as 40",
    "truth values": "True or False",
    "dates": "an ISO date in quotes, such as '2024-01-31'",
    "text": "text in quotes, such as 'EU'",
}


@final
@dataclass(frozen=True)
class ColumnValues:
    """The values of one column.

    Attributes:
        name: Its name, for messages.
        kind: What it holds.
        values: Its values (n,); where one is missing, any value of the kind.
        missing: Which values are missing, (n,).

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.data.column_values import ColumnValues
        >>> column = ColumnValues.of("age", np.array([30.0, np.nan, 41.0]))
        >>> column.kind, column.missing
        ('numbers', array([False,  True, False]))
        >>> column.compared("Gt", column.fitting(40))
        array([False, False,  True])
    """

    name: str
    kind: Kind
    values: NDArray[Any]
    missing: BoolArray

    @staticmethod
    def of(name: str, values: NDArray[Any]) -> "ColumnValues":
        """Return a column of raw values: numbers, booleans, dates, or text with None or NaN.

        Raises:
            InputError: If they are of several kinds, or of none of these.
        """
        letter = values.dtype.kind
        if letter in "biu":
            kind: Kind = "truth values" if letter == "b" else "numbers"
            return ColumnValues(name, kind, values, np.zeros(len(values), dtype=bool))
        if letter == "f":
            return ColumnValues(name, "numbers", values, np.isnan(values))
        if letter == "M":
            return ColumnValues(name, "dates", values, np.isnat(values))
        return _of_objects(name, values)

    def fitting(self, constant: Any) -> Any:
        """Return a constant as a value of the column's own type.

        A number in single precision is compared in single precision: 0.1 is the 0.1 of the column.

        Raises:
            InputError: If the constant is of another kind.
        """
        if self.kind == "dates" and isinstance(constant, str):
            return self._date(constant)
        kinds = (int, float) if self.kind in ("numbers", "truth values") else ()
        if not isinstance(constant, str if self.kind == "text" else kinds):
            raise self._mismatch(repr(constant))
        if self.values.dtype.kind == "f":
            with np.errstate(over="ignore"):
                return self.values.dtype.type(constant)
        return constant

    def read(self, text: str) -> Any:
        """Return a text without quotes as a value of the column's own type.

        Raises:
            InputError: If it is none.
        """
        constant: Any = text
        if self.kind == "numbers":
            try:
                constant = float(text)
            except ValueError as error:
                raise self._mismatch(repr(text)) from error
        elif self.kind == "truth values":
            constant = {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
        return self.fitting(constant)

    def compared(self, order: str, other: "ColumnValues | Any") -> BoolArray:
        """Compare the values with those of a column, or with a constant that `fitting` returned.

        Returns:
            Booleans (n,); of no meaning where a value is missing.

        Raises:
            InputError: If the other column is of another kind.
        """
        if isinstance(other, ColumnValues):
            if self.kind != other.kind:
                raise self._mismatch(f"column {other.name}, which holds {other.kind}")
            other = other.values
        return np.asarray(ORDER[order](self.values, other), dtype=bool)

    def among(self, constants: list[Any]) -> BoolArray:
        """Tell which values are among some constants; of no meaning where a value is missing."""
        fitting = [self.fitting(constant) for constant in constants]
        if self.kind == "text":
            chosen = set(fitting)
            return np.array([value in chosen for value in self.values.tolist()], dtype=bool)
        return np.isin(self.values, np.array(fitting))

    def _date(self, text: str) -> np.datetime64:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # NumPy warns where it drops a time zone
                date = np.datetime64(text)
        except (ValueError, Warning) as error:
            raise self._mismatch(repr(text)) from error
        if np.isnat(date):
            raise self._mismatch(repr(text))
        return date

    def _mismatch(self, got: str) -> InputError:
        return InputError(
            f"column {self.name} holds {self.kind}: compare it with {_EXAMPLES[self.kind]}; "
            f"got {got}"
        )


def _of_objects(name: str, values: NDArray[Any]) -> ColumnValues:
    raw = values.tolist()
    missing = np.array([value is None or value != value for value in raw], dtype=bool)
    present = [value for value in raw if not (value is None or value != value)]
    if all(isinstance(value, str) for value in present):
        texts = np.array(raw, dtype=object)
        texts[missing] = ""
        return ColumnValues(name, "text", texts, missing)
    if all(isinstance(value, bool) for value in present):
        filled = [value is True for value in raw]
        return ColumnValues(name, "truth values", np.array(filled, dtype=bool), missing)
    if all(isinstance(value, int | float) for value in present):
        return ColumnValues(name, "numbers", np.array(raw, dtype=np.float64), missing)
    kinds = sorted({type(value).__name__ for value in present})
    raise InputError(f"column {name} holds values of several kinds: {', '.join(kinds)}")
