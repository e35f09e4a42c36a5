"""The weights that a model's training began with, as long as the model lives."""

import torch
from torch.nn.parameter import is_lazy

_NAME = "_initial_weights"

Weights = dict[str, torch.Tensor]
"""Values by parameter name."""


def note_initial_weights(model: torch.nn.Module) -> None:
    """Note the present weights as those that training begins with, unless there is a note.

    Those of lazy layers, which are drawn with the first row, stay unknown.
    """
    if _NAME in model.__dict__:
        return
    named = dict(model.named_parameters())
    lazy = any(is_lazy(parameter) for parameter in named.values())
    model.__dict__[_NAME] = None if lazy else {n: p.detach().clone() for n, p in named.items()}


def note_unknown_initial_weights(model: torch.nn.Module) -> None:
    """Note that the weights have been trained already, unless there is a note."""
    model.__dict__.setdefault(_NAME, None)


def forget_initial_weights(model: torch.nn.Module) -> None:
    """Remove the note, because the weights are drawn anew."""
    model.__dict__.pop(_NAME, None)


def initial_weights(model: torch.nn.Module) -> Weights | None:
    """Return the weights that a model had when `Trainer` first trained it since they were drawn.

    Args:
        model: The model; copies of a trained model know them too.

    Returns:
        Values by parameter name; None where they are not known, as for a model that was loaded from
        a file.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import initial_weights
        >>> model = torch.nn.Linear(4, 3)
        >>> given = model.weight.detach().clone()
        >>> iris = qmu.load_dataset("iris")
        >>> history = qmu.Trainer(epochs=1).fit(model, iris.x_train, iris.y_train, generator=0)
        >>> torch.equal(initial_weights(model)["weight"], given), torch.equal(model.weight, given)
        (True, False)
    """
    found: Weights | None = model.__dict__.get(_NAME)
    return found
