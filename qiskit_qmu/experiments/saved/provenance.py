"""Provenance of a saved model: its recipe, digests of its rows, and its deletions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import checked, entry
from qiskit_qmu.data import Dataset, RecordedRows, RowRecord, Rows
from qiskit_qmu.data.layout import Layout

Digests = Counter[str]
"""Rows by digest, with multiplicity."""

_LAST_STEP = ("strategy", "seed", "forgotten_indices", "forgotten_label")
"""Record of a deletion that is followed by another one."""

_OF_TRAINING = ("request", "scores", "privacy")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PastDeletion:
    """One deletion of rows from a model.

    Attributes:
        strategy: The strategy.
        forgotten: Positions of the rows in the model's record, in ascending order.
        label: Their class, if the whole class was forgotten.
    """

    strategy: str
    forgotten: NDArray[np.int64]
    label: int | None


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Provenance:
    """The record stored with a saved model.

    Attributes:
        content: The whole record, as JSON values.
        rows: Digests and ids of the rows of its dataset.
        layout: Meaning of features and class numbers.
        trained: Positions of its training rows, before any deletion.
        validation: Positions of the rows held out for tuning.
        deletions: Its deletions, in order.
    """

    content: dict[str, Any]
    rows: RowRecord
    layout: Layout
    trained: NDArray[np.int64]
    validation: NDArray[np.int64]
    deletions: tuple[PastDeletion, ...]

    @staticmethod
    def from_dict(content: dict[str, Any]) -> "Provenance":
        """Parse a record.

        Raises:
            InputError: If an entry is missing or of the wrong type.
        """
        rows = RowRecord.from_dict(entry(content, "rows", dict))
        size = len(rows.train)
        steps = [*checked(content.get("earlier_deletions", []), list, "earlier_deletions")]
        if "forgotten_indices" in content:
            steps.append(content)
        deletions = tuple(_deletion(step, size) for step in steps)
        known = _positions(content, "train_indices", size)
        return Provenance(
            content=content,
            rows=rows,
            layout=Layout.from_dict(content.get("layout") or {"columns": []}),
            trained=_union(known, *(step.forgotten for step in deletions)),
            validation=_positions(content, "validation_indices", size),
            deletions=deletions,
        )

    @property
    def forgotten(self) -> NDArray[np.int64]:
        """Positions of all rows that it has forgotten."""
        return _union(*(step.forgotten for step in self.deletions))

    @property
    def known(self) -> NDArray[np.int64]:
        """Positions of the training rows that it has not forgotten."""
        return np.setdiff1d(self.trained, self.forgotten)

    @property
    def seen(self) -> NDArray[np.int64]:
        """Positions of all rows that influenced its weights; retraining starts from scratch."""
        seen, known = self.trained, self.trained
        for step in self.deletions:
            known = np.setdiff1d(known, step.forgotten)
            seen = known if step.strategy in ("oracle", "oracle-2") else seen
        return seen

    def known_before(self, step: int) -> NDArray[np.int64]:
        """Return the positions of the rows retained before a deletion, counted from 0."""
        return _union(self.known, *(each.forgotten for each in self.deletions[step:]))

    def digests(self, positions: NDArray[np.int64]) -> Digests:
        """Return training rows by digest."""
        return Counter(self.rows.train[position] for position in positions)

    def after(
        self, withdrawn: RecordedRows, *, label: int | None = None, **own: Any
    ) -> dict[str, Any]:
        """Return the record of a model that was made from this one by withdrawing rows.

        Args:
            withdrawn: The rows.
            label: Their class, if the whole class is withdrawn.
            **own: Further entries of the new record.
        """
        earlier = list(self.content.get("earlier_deletions", []))
        if "forgotten_indices" in self.content:
            earlier.append({name: self.content.get(name) for name in _LAST_STEP})
        return {
            # What is said of the training alone does not hold of the new model.
            **{name: each for name, each in self.content.items() if name not in _OF_TRAINING},
            "train_indices": self.known.tolist(),
            "earlier_deletions": earlier,
            **forgotten_entries(withdrawn, label),
            **own,
        }


def trained_entries(ds: Dataset, trained: Rows, validation: Rows) -> dict[str, Any]:
    """Return the entries of a record that say which rows a model was trained on.

    Args:
        ds: The dataset.
        trained: Rows of it, in its order.
        validation: Rows that were held out.
    """
    return {
        "rows": RowRecord.of(ds).to_dict(),
        "layout": Layout.of(ds).to_dict(),
        "train_indices": trained.indices.tolist(),
        "validation_indices": validation.indices.tolist(),
    }


def forgotten_entries(rows: Rows | RecordedRows, label: int | None) -> dict[str, Any]:
    """Return the entries of a record that say which rows were forgotten last."""
    return {"forgotten_indices": rows.indices.tolist(), "forgotten_label": label}


def _deletion(step: Any, size: int) -> PastDeletion:
    table = checked(step, dict, "a deletion")
    label = table.get("forgotten_label")
    return PastDeletion(
        strategy=str(table.get("strategy")),
        forgotten=_positions(table, "forgotten_indices", size),
        label=None if label is None else checked(label, int, "forgotten_label"),
    )


def _positions(content: Mapping[str, Any], name: str, size: int) -> NDArray[np.int64]:
    values = entry(content, name, list)
    for position in values:
        if not 0 <= checked(position, int, f"a position of {name}") < size:
            raise InputError(f"positions of {name} must be below {size}, got {position}")
    return _union(values)


def _union(*parts: ArrayLike) -> NDArray[np.int64]:
    """Return the positions of all parts, each once, in ascending order."""
    arrays = [np.asarray(part, dtype=np.int64) for part in parts]
    return np.unique(np.concatenate(arrays)) if arrays else np.empty(0, dtype=np.int64)
