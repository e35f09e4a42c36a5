"""RecordedRows: training rows as a model's record knows them, without their values."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu.data.rows import Rows, row_digests


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class RecordedRows:
    """Some rows of a model's record; possibly none.

    Attributes:
        indices: Position of each row in the record, shape (n,).
        digests: Digest of each row, see `row_digests`.
        ids: Id of each row; None where rows have no ids.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import RecordedRows
        >>> rows = RecordedRows.of(qmu.load_dataset("iris").train.take([4, 7]))
        >>> rows.indices, rows.having_digests(rows.digests[:1]).indices
        (array([4, 7]), array([4]))
    """

    indices: NDArray[np.int64]
    digests: tuple[str, ...]
    ids: tuple[str, ...] | None = None

    @staticmethod
    def of(rows: Rows) -> "RecordedRows":
        """Return rows of a dataset without their values."""
        return RecordedRows(
            indices=rows.indices,
            digests=tuple(row_digests(rows.x, rows.y)),
            ids=None if rows.ids is None else tuple(rows.ids.tolist()),
        )

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def named(self) -> list[tuple[int, str]]:
        """Position and digest of each row, which tell even equal rows apart."""
        return list(zip(self.indices.tolist(), self.digests, strict=True))

    def at(self, indices: ArrayLike) -> "RecordedRows":
        """Return the rows that have one of some positions; those of others are left out."""
        return self._where(np.isin(self.indices, indices))

    def having_ids(self, ids: Collection[str]) -> "RecordedRows":
        """Return the rows that have one of some ids."""
        wanted = set(ids)
        return self._where([each in wanted for each in self.ids or ()])

    def having_digests(self, digests: Collection[str]) -> "RecordedRows":
        """Return the rows that equal one of some rows, given by their digests."""
        wanted = set(digests)
        return self._where([each in wanted for each in self.digests])

    def without(self, other: "RecordedRows") -> "RecordedRows":
        """Return the rows that are not among others."""
        return self._where(~np.isin(self.indices, other.indices))

    def _where(self, chosen: ArrayLike) -> "RecordedRows":
        places = np.flatnonzero(np.asarray(chosen, dtype=bool))
        return RecordedRows(
            indices=self.indices[places],
            digests=tuple(self.digests[place] for place in places),
            ids=None if self.ids is None else tuple(self.ids[place] for place in places),
        )
