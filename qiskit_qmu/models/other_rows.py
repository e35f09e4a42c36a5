"""Warns where a split is not of the rows that a model was trained on, as far as it knows them."""

import warnings

import torch

from qiskit_qmu.data import ForgetSplit, Rows, RowsWarning, are_classes, row_digests
from qiskit_qmu.models.tensors import class_numbers
from qiskit_qmu.models.training_rows import training_rows

_REMEDY = (
    "pass the split of the rows that it was trained on: ForgetSplit.of_trained_rows(dataset, "
    "request, trained, validation)"
)


def warn_of_other_rows(
    model: torch.nn.Module, split: ForgetSplit, *, knows_forgotten: bool = True, stacklevel: int = 2
) -> None:
    """Warn of rows to forget that a model never saw, and of validation rows that it did.

    Nothing is said of a model that knows none of the split's rows, as after training on rows that
    were scaled by hand.

    Args:
        model: The model; it knows rows only if `Trainer` trained it, see `training_rows`.
        split: The task.
        knows_forgotten: Whether it should know the rows to forget, as a retrained one should not.
        stacklevel: As of `warnings.warn`, counted from the caller.

    Warns:
        RowsWarning: In one sentence, with the remedy.
    """
    known = training_rows(model)
    if known is None:
        return
    forgotten, held_out = _digests(model, split.forget), _digests(model, split.validation)
    unseen = sum(digest not in known for digest in forgotten) if knows_forgotten else 0
    suspects = known.intersection(held_out)
    if not unseen and not suspects:
        return
    retained = set(_digests(model, split.retain))
    if known.isdisjoint(retained.union(forgotten)):
        return
    suspects -= retained.union(forgotten)  # (a row that equals a training row was not trained on)
    seen = sum(digest in suspects for digest in held_out)
    found = []
    if unseen:
        found.append(f"{unseen} of {len(forgotten)} forgotten rows were not trained on")
    if seen:
        found.append(f"{seen} of {len(held_out)} validation rows were trained on")
    if found:
        text = f"the split does not fit the model, of which {' and '.join(found)}; {_REMEDY}"
        warnings.warn(text, RowsWarning, stacklevel=stacklevel + 1)


def _digests(model: torch.nn.Module, rows: Rows) -> list[str]:
    """Return digests as `Trainer.fit` notes them, with the model's own numbers of classes."""
    if not len(rows):
        return []
    return row_digests(rows.x, class_numbers(model, rows.y) if are_classes(rows.y) else rows.y)
