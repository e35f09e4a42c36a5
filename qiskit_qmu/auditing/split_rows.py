"""SplitRows: concatenates the parts of a split for observation, and separates the outputs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.models import observe
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.observation import Observations

PARTS = ("forget", "retain", "test_forget", "test_retain")
"""The parts of a split that an audit observes each model on."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class SplitRows:
    """Parts of a split in one array, so that a device queues them once.

    Attributes:
        x: All rows, shape (n, …).
        y: Their labels or targets, shape (n, …).
        places: The positions of each non-empty part.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import SplitRows
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> rows = SplitRows.of(split, ("forget", "test_forget"))
        >>> rows.x.shape, list(rows.places)
        ((50, 4), ['forget', 'test_forget'])
    """

    x: NDArray[np.float32]
    y: NDArray[Any]
    places: dict[str, slice]

    @staticmethod
    def of(split: ForgetSplit, parts: Sequence[str] = PARTS) -> "SplitRows":
        """Concatenate parts of a split.

        Args:
            split: The task.
            parts: Their names, in the order of evaluation.
        """
        rows: dict[str, Rows] = {name: getattr(split, name) for name in parts}
        present = {name: part for name, part in rows.items() if len(part)}
        ends = np.cumsum([0, *map(len, present.values())])
        return SplitRows(
            x=np.concatenate([part.x for part in present.values()]),
            y=np.concatenate([part.y for part in present.values()]),
            places=dict(zip(present, map(slice, ends[:-1], ends[1:]), strict=True)),
        )

    def taken_apart(self, observed: Observations) -> SplitObservations:
        """Return a model's outputs on each part.

        Args:
            observed: Its outputs on all rows.
        """
        return SplitObservations(
            **{name: observed.take(np.r_[place]) for name, place in self.places.items()}
        )


def observe_split(
    model: torch.nn.Module, split: ForgetSplit, objective: RowLoss | HasRowLosses | None = None
) -> SplitObservations:
    """Evaluate a model on the parts of a split, all at once, so that a device queues them once.

    Args:
        model: Any module to which the objective applies.
        split: The task.
        objective: What the model learned; None to infer it from the type of the labels.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import observe_split
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> observed = observe_split(torch.nn.Linear(4, 3), split)
        >>> len(observed.forget), len(observed.retain), len(observed.test_forget)
        (35, 70, 15)
    """
    rows = SplitRows.of(split)
    observed = observe(model, rows.x, rows.y, objective)
    return rows.taken_apart(replace(observed, inputs=filled_inputs(rows.x)))


def filled_inputs(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return rows (n, …) flat, as attacks take them, with the feature's mean for a missing value.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.auditing.split_rows import filled_inputs
        >>> filled_inputs(np.array([[1, np.nan], [np.nan, np.nan], [3, np.nan]], dtype=np.float32))
        array([[1., 0.],
               [2., 0.],
               [3., 0.]])
    """
    flat = x.reshape(len(x), -1).astype(np.float64)
    missing = np.isnan(flat)
    known = np.maximum((~missing).sum(axis=0), 1)
    return np.where(missing, np.where(missing, 0.0, flat).sum(axis=0) / known, flat)


def observed_parts(split: ForgetSplit) -> tuple[Rows, Rows, Rows, Rows]:
    """Return the rows that an audit observes each model on.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import observed_parts
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> [len(rows) for rows in observed_parts(split)]
        [35, 70, 15, 30]
    """
    return split.forget, split.retain, split.test_forget, split.test_retain
