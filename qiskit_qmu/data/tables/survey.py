"""Goes once through a table to find out what each of its columns holds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu.data.table_columns import ColumnKind
from qiskit_qmu.data.tables.chunks import Table
from qiskit_qmu.data.tables.values import DATE_FORMATS, dates_of, to_texts

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 100
"""Different texts of a column up to which each becomes a feature."""

_LIKE_A_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b.*")
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
_DATES = ("date", "datetime", "datetime64")
_NO_VALUES = (list, tuple, dict, set, bytes, np.ndarray)
_FEW_ODD = 0.1


@final
@dataclass
class ColumnSurvey:
    """What is known of a column after some chunks.

    Args:
        name: Its heading.
        kinds: What chunks of it hold.
        formats: How its dates may be written, where they are texts.
        low: Its least number; infinity where there is none.
        high: Its greatest number.
        texts: Different texts of it, up to one more than what is kept.
        some_missing: Whether a value is missing.
    """

    name: str
    kinds: set[str] = field(default_factory=set)
    formats: tuple[str, ...] = DATE_FORMATS
    low: float = np.inf
    high: float = -np.inf
    texts: set[str] = field(default_factory=set)
    some_missing: bool = False

    @property
    def kind(self) -> ColumnKind:
        """What all of it holds."""
        if self.kinds <= {"number"}:
            return "number"
        if self.kinds == {"boolean"}:
            return "boolean"
        written = self.kinds == {"text"} and bool(self.formats)
        if self.kinds == {"date"} or (written and not self._may_be_either):
            return "date"
        return "category"

    @property
    def _may_be_either(self) -> bool:
        """Whether the day or the month may come first in all of its dates."""
        return self.kinds == {"text"} and {"%d/%m/%Y", "%m/%d/%Y"} <= set(self.formats)

    @property
    def is_constant(self) -> bool:
        """Whether all values that are there are equal."""
        if self.kind == "category":
            return len(self.texts) < 2
        return not self.low < self.high and (self.kind == "number" or len(self.texts) < 2)

    @property
    def has_too_many_texts(self) -> bool:
        """Whether it is a category with more texts than are worth a feature each."""
        return self.kind == "category" and len(self.texts) > MOST_CATEGORIES

    def add(self, values: "pd.Series[Any]") -> None:
        """Take a further chunk into account.

        Raises:
            InputError: If it holds what is no value of a table, such as lists.
        """
        import pandas as pd

        present = values.dropna()
        self.some_missing |= len(present) < len(values)
        if present.empty:
            return
        inferred = pd.api.types.infer_dtype(present, skipna=True)
        if isinstance(present.dtype, pd.CategoricalDtype):
            inferred = "string"
        if inferred in _NUMBERS:
            self.kinds.add("number")
            self.low = min(self.low, float(present.min()))
            self.high = max(self.high, float(present.max()))
            if "text" in self.kinds:
                self._add_texts(set(to_texts(present.drop_duplicates())))
        elif inferred == "boolean":
            self.kinds.add("boolean")
            self._add_texts(set(to_texts(present.drop_duplicates())))
        elif inferred in _DATES:
            self.kinds.add("date")
            self._add_texts(set(to_texts(present.drop_duplicates())))
        else:
            if inferred != "string":
                self._check_values(present, inferred)
            self._add_text_chunk(present)

    def _check_values(self, present: "pd.Series[Any]", inferred: str) -> None:
        odd = [value for value in present if isinstance(value, _NO_VALUES)]
        if odd or inferred.startswith("timedelta"):
            what = type(odd[0] if odd else present.iloc[0]).__name__
            raise InputError(
                f"column {self.name!r} must hold numbers, dates or texts, got a {what}"
            )

    def _add_text_chunk(self, present: "pd.Series[Any]") -> None:
        self.kinds.add("text")
        texts = set(to_texts(present.drop_duplicates())) - {None}
        if self.formats:
            self._rule_out_formats(texts)
        self._add_texts(texts)

    def _rule_out_formats(self, texts: set[str]) -> None:
        import pandas as pd

        if not all(_LIKE_A_DATE.fullmatch(text) for text in texts):
            self.formats = ()
        values = pd.Series(sorted(texts), dtype="str")
        self.formats = tuple(
            written for written in self.formats if dates_of(values, written).notna().all()
        )

    def _add_texts(self, texts: set[Any]) -> None:
        if len(self.texts) <= 10 * MOST_CATEGORIES:
            self.texts |= texts - {None}

    def check(self, what: str, decimal: str) -> None:
        """Raise InputError if it mixes numbers and texts, or its dates can be read in two ways.

        Args:
            what: What messages call the table.
            decimal: The decimal mark of numbers that are texts.
        """
        if self._may_be_either:
            raise InputError(
                f"{what}: dates such as {min(self.texts)!r} of column {self.name!r} may have the "
                "day or the month first; write them as YYYY-MM-DD"
            )
        if self.kind != "category":
            return
        odd = {text for text in self.texts if not _is_number(text.replace(decimal, "."))}
        numbers = len(self.texts) - len(odd)
        few = 0 < len(odd) <= _FEW_ODD * len(self.texts)
        if (few and numbers > 10) or ("number" in self.kinds and self.low < self.high and few):
            shown = ", ".join(map(repr, sorted(odd)[:3]))
            raise InputError(
                f"{what}: column {self.name!r} must hold numbers or texts, got numbers and "
                f"{shown}; leave the field empty where a number is missing"
            )


def survey(table: Table, columns: Sequence[str]) -> tuple[dict[str, ColumnSurvey], int]:
    """Return what each of some columns holds, and the number of rows.

    Raises:
        InputError: If the table cannot be read, or a column holds what no table can.
    """
    found = {name: ColumnSurvey(name) for name in columns}
    rows = 0
    for chunk in table.chunks(columns):
        rows += len(chunk)
        for name, column in found.items():
            column.add(chunk[name])
    return found, rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
