"""What the answers of a model before and after a deletion reveal of the deleted rows."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._seeds import stream
from qiskit_qmu.auditing import deletion_difference
from qiskit_qmu.auditing.traces import null_of_oracles
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.evaluation import Finding, SplitObservations
from qiskit_qmu.experiments.exact.model_folder import ExactFolder, ExactModel
from qiskit_qmu.experiments.exact.recorded_dataset import recorded_dataset
from qiskit_qmu.kernels import KernelModel
from qiskit_qmu.observation import Observations

_OTHER_DELETIONS = 4
"""Deletions of other rows, which make the null."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """Rows as a model takes them.

    Attributes:
        x: Shape (n, features).
        y: Their classes (n,).
    """

    x: NDArray[np.float64]
    y: NDArray[Any]


def never_seen(own: ExactFolder) -> Labelled:
    """Return the test rows of a model's data, as it takes them.

    Args:
        own: The model with its record.

    Raises:
        InputError: If the data is not there any more, or holds other test rows.
    """
    test = recorded_dataset(own, RowSource()).test
    known = np.isin(test.y, own.model.classes_)
    return Labelled(x=own.scaled(test.x[known]), y=test.y[known])


def revealed(
    before: ExactModel, after: ExactModel, places: NDArray[np.int64], unseen: Labelled, seed: int
) -> Finding:
    """Tell the deleted rows from never-seen ones by what the deletion changed in the answers.

    The test is `qiskit_qmu.auditing.deletion_difference`. Its null is the same test of the same
    rows where as many others, drawn at random, are deleted in their place.

    Args:
        before: The model with the rows.
        after: The model without them.
        places: The rows, as the model before counts its own.
        unseen: Rows that no model was trained on.
        seed: Seed of the draws.

    Raises:
        InputError: If no never-seen row is of a deleted row's class.
    """
    x, y = before.fitted_rows(places)
    withdrawn = Labelled(x=x, y=y)
    first = _observed(before, withdrawn, unseen)
    found = deletion_difference(first, _observed(after, withdrawn, unseen))
    null = null_of_oracles(
        [
            deletion_difference(first, _observed(other, withdrawn, unseen)).value
            for other in _without_others(before, places, seed)
        ],
        minimum=0.0,
        maximum=1.0,
    )
    others = (
        f", and with {null.value:.3f} where other rows are deleted instead" if null.known else ""
    )
    return replace(
        found,
        null=null,
        reading=f"Who holds the model before and after tells the deleted rows from never-seen ones "
        f"with AUC {found.value.value:.3f}{others}. This is a risk "
        "of deleting, however exact, not a measure of forgetting.",
    )


def _without_others(
    before: ExactModel, places: NDArray[np.int64], seed: int
) -> Sequence[ExactModel]:
    """Return copies of a model without other rows, as many as were deleted."""
    others = np.setdiff1d(_rows_left(before), places)
    if len(others) <= len(places):
        return ()
    models = []
    generator = stream(seed, "deletion of other rows")
    for _ in range(_OTHER_DELETIONS):
        model = copy.deepcopy(before)
        model.delete(generator.choice(others, len(places), replace=False))
        models.append(model)
    return models


def _rows_left(model: ExactModel) -> NDArray[np.int64]:
    """Return the positions by which a model's rows are deleted."""
    return model.rows_ if isinstance(model, KernelModel) else np.arange(model.num_rows)


def _observed(model: ExactModel, withdrawn: Labelled, unseen: Labelled) -> SplitObservations:
    return SplitObservations(forget=_answers(model, withdrawn), test_forget=_answers(model, unseen))


def _answers(model: ExactModel, rows: Labelled) -> Observations:
    if isinstance(model, KernelModel):
        return model.observe(rows.x, rows.y)
    logits = np.log(np.maximum(model.predict_proba(rows.x), np.finfo(np.float64).tiny))
    return Observations(logits=logits, labels=np.searchsorted(model.classes_, rows.y))
