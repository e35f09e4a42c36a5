"""RowRecord: which rows a dataset had, by digest and id; it finds them again wherever they lie."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.rearranging import rearranged
from qiskit_qmu.data.recorded_rows import RecordedRows
from qiskit_qmu.data.rows import row_digests

_LONGEST_LIST = 8


@final
@dataclass(frozen=True, kw_only=True)
class FoundRows:
    """Rows of a record in another reading of the data.

    Attributes:
        dataset: The rows that were found, in the order of the record, with its ids and positions.
        remarks: What differs without harm, each in a line.
    """

    dataset: Dataset
    remarks: tuple[str, ...]


@final
@dataclass(frozen=True, kw_only=True)
class RowRecord:
    """Digests of all rows of a dataset, and their ids where they have any; never the rows.

    Attributes:
        train: Digests of the training rows, in the dataset's order; see `row_digests`.
        test: Digests of the test rows.
        train_ids: Ids of the training rows; None where they have none.
        test_ids: Ids of the test rows.

    Example:
        >>> from qiskit_qmu.data import RowRecord, dataset_from_arrays
        >>> x, y = [[0.0], [1.0], [2.0]], [0, 1, 0]
        >>> record = RowRecord.of(dataset_from_arrays(x, y, x, y))
        >>> other = dataset_from_arrays(x[::-1], y[::-1], x, y)  # the same rows, in another order
        >>> record.find(other, needed=[0, 1, 2]).dataset.x_train.ravel()
        array([0., 1., 2.], dtype=float32)
    """

    train: tuple[str, ...]
    test: tuple[str, ...]
    train_ids: tuple[str, ...] | None = None
    test_ids: tuple[str, ...] | None = None

    @staticmethod
    def of(ds: Dataset) -> "RowRecord":
        """Return the record of a dataset's rows."""
        return RowRecord(
            train=tuple(row_digests(ds.x_train, ds.y_train)),
            test=tuple(row_digests(ds.x_test, ds.y_test)),
            train_ids=_texts(ds.ids_train),
            test_ids=_texts(ds.ids_test),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        fields = {"train": self.train, "test": self.test}
        ids = {"train_ids": self.train_ids, "test_ids": self.test_ids}
        return {
            name: None if values is None else list(values)
            for name, values in {**fields, **ids}.items()
        }

    @staticmethod
    def from_dict(values: Any) -> "RowRecord":
        """Return the record that `to_dict` wrote.

        Raises:
            InputError: If it is no such table of lists of text.
        """
        fields: dict[str, Any] = {}
        try:
            for name, each in values.items():
                fields[name] = None if each is None else tuple(each)
            record = RowRecord(**fields)
        except (AttributeError, TypeError) as error:
            raise InputError("rows must be lists of digests and ids") from error
        for name, ids in (("train", record.train_ids), ("test", record.test_ids)):
            digests = getattr(record, name) or ()
            texts = digests if ids is None else (*digests, *ids)
            if not all(isinstance(text, str) for text in texts):
                raise InputError(f"digests and ids of the {name} rows must be text")
            if not digests or (ids is not None and len(ids) != len(digests)):
                raise InputError(f"{len(ids or ())} ids of {len(digests)} {name} rows")
        return record

    def of_positions(self, positions: ArrayLike) -> RecordedRows:
        """Return training rows by their positions."""
        indices = np.asarray(positions, dtype=np.int64)
        ids = self.train_ids
        return RecordedRows(
            indices=indices,
            digests=tuple(self.train[i] for i in indices),
            ids=None if ids is None else tuple(ids[i] for i in indices),
        )

    def names(self, positions: Sequence[int]) -> str:
        """Return what a message calls training rows; a long list is cut, with a count."""
        own = self.of_positions(positions)
        what, names = ("positions", positions) if own.ids is None else ("ids", own.ids)
        return f"{what} {listed(map(str, names))}"

    def find(self, ds: Dataset, *, needed: Collection[int], new_test: bool = False) -> FoundRows:
        """Find the rows of this record in a dataset that has them in another order.

        A row is found by its id where both have ids, and by its digest elsewhere. Rows that are not
        of this record are left out.

        Args:
            ds: The dataset.
            needed: Positions of the training rows that must be there.
            new_test: Take the dataset's own test rows, less those of this record's training rows,
                in place of those of this record.

        Returns:
            The rows that were found.

        Raises:
            InputError: If a row that is needed is missing or was changed, or no test row is there.
        """
        other = RowRecord.of(ds)
        if other == self:
            return FoundRows(dataset=ds, remarks=())
        pool = _Pool(other)
        train = [pool.take(*row) for row in _rows(self.train, self.train_ids)]
        test: Sequence[int | None] = (
            pool.take_tests()
            if new_test
            else [pool.take(*row) for row in _rows(self.test, self.test_ids)]
        )
        self._refuse_lost(train, pool, needed)
        places = [
            np.array([place for place in part if place is not None], dtype=np.int64)
            for part in (train, test)
        ]
        if not len(places[1]):
            raise InputError("none of the never-seen rows is there: name a file of test rows")
        own = self.of_positions([i for i, place in enumerate(train) if place is not None])
        return FoundRows(
            dataset=replace(
                rearranged(ds, *places),
                positions=own.indices,
                ids_train=None if own.ids is None else np.array(own.ids),
            ),
            remarks=tuple(_remarks(len(train) - len(own), test, pool)),
        )

    def _refuse_lost(
        self, found: Sequence[int | None], pool: "_Pool", needed: Collection[int]
    ) -> None:
        lost = [i for i in sorted(needed) if found[i] is None]
        if not lost:
            return
        if len(lost) == len(needed):
            raise InputError(f"other data: the digests of the rows differ, of all {len(lost)} rows")
        changed = [i for i in lost if self.train_ids and pool.has_id(self.train_ids[i])]
        missing = [i for i in lost if i not in set(changed)]
        said = [
            f"{len(rows)} {'row was' if len(rows) == 1 else 'rows were'} {what} "
            f"({self.names(rows)})"
            for rows, what in (
                (changed, "changed"),
                (missing, "removed" if self.train_ids else "removed or changed"),
            )
            if rows
        ]
        added = pool.left(besides={*(self.train_ids or ()), *(self.test_ids or ())})
        if added:
            said.append(f"{len(added)} added ({listed(added)})")
        raise InputError(f"other data: the digests of the rows differ; {' and '.join(said)}")


def listed(names: Iterable[str], longest: int = _LONGEST_LIST) -> str:
    """Return names separated by commas; of a long list its beginning and how many follow.

    Example:
        >>> from qiskit_qmu.data.row_record import listed
        >>> listed(["C17", "C23", "C42"], longest=2)
        'C17, C23 and 1 more'
    """
    given = list(names)
    more = len(given) - longest
    return ", ".join(given[:longest]) + (f" and {more} more" if more > 0 else "")


class _Pool:
    """Rows to choose from, each once: by id and digest, or by digest alone."""

    def __init__(self, record: RowRecord) -> None:
        self._record = record
        self._digests = (*record.train, *record.test)
        ids = None if record.train_ids is None else (*record.train_ids, *(record.test_ids or ()))
        self._by_id = None if ids is None else {own: i for i, own in enumerate(ids)}
        self._by_digest: dict[str, deque[int]] = defaultdict(deque)
        for i, digest in enumerate(self._digests):
            self._by_digest[digest].append(i)
        self._taken: set[int] = set()

    def has_id(self, own: str) -> bool:
        return self._by_id is not None and own in self._by_id

    def take(self, digest: str, own: str | None) -> int | None:
        """Return the place of a row that was not taken yet; None where it is not there."""
        if own is not None and self._by_id is not None:
            place = self._by_id.get(own)
            if place is None or self._digests[place] != digest:
                return None
        else:
            waiting = self._by_digest.get(digest)
            if not waiting:
                return None
            place = waiting.popleft()
        self._taken.add(place)
        return place

    def take_tests(self) -> list[int]:
        """Return the places of all test rows that were not taken yet."""
        start = len(self._record.train)
        places = [i for i in range(start, len(self._digests)) if i not in self._taken]
        self._taken.update(places)
        return places

    def left(self, besides: Collection[str] = ()) -> list[str]:
        """Return names of the rows that were not taken, but for some ids."""
        size = len(self._record.train)
        rows = [i for i in range(len(self._digests)) if i not in self._taken]
        if self._by_id is not None:
            wanted = set(rows)
            return [own for own, i in self._by_id.items() if i in wanted and own not in besides]
        return [f"training row {i}" if i < size else f"test row {i - size}" for i in rows]


def _rows(digests: Sequence[str], ids: Sequence[str] | None) -> Iterable[tuple[str, str | None]]:
    return zip(digests, [None] * len(digests) if ids is None else ids, strict=True)


def _remarks(forgotten: int, test: Sequence[int | None], pool: _Pool) -> Iterable[str]:
    if forgotten:
        yield f"{forgotten} rows that were forgotten or held out are no longer in the data"
    lost = sum(place is None for place in test)
    if lost:
        yield f"{lost} of {len(test)} never-seen rows are missing or changed, and are left out"
    left = pool.left()
    if left:
        yield f"{len(left)} rows were added since, and are left out: {listed(left)}"


def _texts(ids: NDArray[np.str_] | None) -> tuple[str, ...] | None:
    return None if ids is None else tuple(map(str, ids))
