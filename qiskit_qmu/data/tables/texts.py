"""Reads the columns of a table that hold texts, each different one once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.data.tables.chunks import Table
from qiskit_qmu.data.tables.values import to_texts

if TYPE_CHECKING:
    import pandas as pd


@final
@dataclass
class CodedTexts:
    """The texts of a column as numbers of different texts.

    Args:
        different: Each text, in the order in which it came first, and its number.
        pieces: Numbers of successive rows; -1 where a text is missing.
    """

    different: dict[str, int] = field(default_factory=dict)
    pieces: list[NDArray[np.int32]] = field(default_factory=list)

    def add(self, values: "pd.Series[Any]") -> None:
        """Add what further rows hold."""
        import pandas as pd

        places, different = pd.factorize(values)
        number = self.different
        codes = [
            -1 if text is None else number.setdefault(text, len(number))
            for text in to_texts(pd.Series(different))
        ]
        self.pieces.append(np.array([*codes, -1], dtype=np.int32)[places])  # (-1 is the last)

    @property
    def codes(self) -> NDArray[np.int32]:
        """The number of each row's text (n,), -1 where it is missing."""
        if len(self.pieces) != 1:
            self.pieces = [np.concatenate([np.empty(0, np.int32), *self.pieces])]
        return self.pieces[0]

    def texts(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return the texts of some rows, an empty one where it is missing."""
        names = np.array([*self.different, ""], dtype=object)
        return names[self.codes[rows]]

    def categories(self, rows: NDArray[np.int64]) -> tuple[str, ...]:
        """Return the different texts of some rows, in sorted order."""
        names = list(self.different)
        return tuple(sorted(names[code] for code in np.unique(self.codes[rows]) if code >= 0))

    def positions(self, categories: Sequence[str], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where among some categories the texts of some rows are, -1 where in none."""
        place = {name: position for position, name in enumerate(categories)}
        of_code = np.array([*(place.get(name, -1) for name in self.different), -1], dtype=np.int64)
        return of_code[self.codes[rows]]


def read_texts(table: Table, columns: Sequence[str]) -> dict[str, CodedTexts]:
    """Return columns of a table as texts, without spaces at their ends.

    Raises:
        InputError: If the table cannot be read.
    """
    found = {name: CodedTexts() for name in columns}
    for chunk in table.chunks(columns, texts=columns):
        for name, column in found.items():
            column.add(chunk[name])
    return found
