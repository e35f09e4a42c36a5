"""Which rows a model's weights were trained on, as long as the model lives."""

from collections.abc import Iterable

import torch
from numpy.typing import ArrayLike

from qiskit_qmu.data import row_digests

_NAME = "_trained_on_rows"


def note_training_rows(model: torch.nn.Module, x: ArrayLike, y: ArrayLike) -> None:
    """Note on a model that it is trained on rows; copies of it carry the note on.

    Args:
        model: The model.
        x: Rows (n, …).
        y: Their labels or values.
    """
    known = model.__dict__.get(_NAME, frozenset())
    if known is not None:
        model.__dict__[_NAME] = known | frozenset(row_digests(x, y))


def note_unknown_training_rows(model: torch.nn.Module) -> None:
    """Note that a model without a note may know any rows, so that training on adds none."""
    model.__dict__.setdefault(_NAME, None)


def forget_training_rows(model: torch.nn.Module) -> None:
    """Remove the note, because the weights are drawn anew."""
    model.__dict__.pop(_NAME, None)


def training_rows(model: torch.nn.Module) -> frozenset[str] | None:
    """Return digests of the rows that `Trainer` trained a model on since its weights were drawn.

    Args:
        model: The model.

    Returns:
        Digests as `qiskit_qmu.data.row_digests` gives them; None where there is no note, as for a
        model that was loaded from a file. Whatever else the weights have seen is not in it.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import training_rows
        >>> model = torch.nn.Linear(4, 3)
        >>> iris = qmu.load_dataset("iris")
        >>> history = qmu.Trainer(epochs=1).fit(model, iris.x_train[:9], iris.y_train[:9])
        >>> len(training_rows(model))
        9
    """
    found: frozenset[str] | None = model.__dict__.get(_NAME)
    return found


def note_digests(model: torch.nn.Module, digests: Iterable[str]) -> None:
    """Note on a model which rows it was trained on, by digests that `training_rows` gave.

    Args:
        model: The model; its note is replaced.
        digests: Digests of rows; without any there is no note.
    """
    forget_training_rows(model)
    known = frozenset(digests)
    if known:
        model.__dict__[_NAME] = known
