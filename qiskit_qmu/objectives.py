"""Objectives: what a model learns, as a loss for each row.

An objective is an immutable object. Training, unlearning strategies, Fisher diagonals and stopping
rules use only the objective, and attacks read its losses.

- `CrossEntropy`: classification. The default if labels are class numbers.
- `SquaredError`: regression. The default if targets are floats.
- A custom function ``(model, x, y) -> losses (n,)``, or an immutable object with a method
  ``row_losses`` of that signature. An attribute ``predicts`` declares what the model predicts:
  "classes", "values", or "nothing" for a model that does not predict ``y``, such as an autoencoder,
  and only has losses. Without it, class numbers mean classes and floats mean values.

    >>> import torch
    >>> from qiskit_qmu import Trainer
    >>> def absolute_error(model, x, y):
    ...     return (model(x).squeeze(-1) - y).abs()
    >>> x, y = [[0.0], [1.0], [2.0]], [0.5, 1.5, 2.5]
    >>> trainer = Trainer(epochs=3, objective=absolute_error)  # None would be SquaredError()
    >>> len(trainer.fit(torch.nn.Linear(1, 1), x, y, generator=0).losses)
    3
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, final, get_args

import torch
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.data import are_classes

Predicts = Literal["classes", "values", "nothing"]
"""What a model predicts: class logits, values, or nothing (it only has losses)."""

RowLoss = Callable[[torch.nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]
"""Maps a module, rows (n, …) and targets (n, …) to losses (n,), differentiably."""


class HasRowLosses(Protocol):
    """An object with a row loss, such as an `Objective` or a custom frozen dataclass."""

    def row_losses(self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the losses (n,) of rows, differentiable by the model's parameters."""
        ...


class Objective(ABC):
    """A loss for each row; base class of this package's objectives, optional for custom ones."""

    predicts: Predicts

    @abstractmethod
    def row_losses(self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the loss of each row.

        Args:
            model: The module.
            x: Rows (n, …), in the module's precision.
            y: Class numbers (n,), or values (n,) or (n, outputs) in the module's precision.

        Returns:
            Losses (n,), differentiable by the module's parameters.
        """

    def mean_loss(self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the mean of the rows' losses, a scalar."""
        return self.row_losses(model, x, y).mean()


@final
@dataclass(frozen=True)
class CrossEntropy(Objective):
    """−ln softmax(logits)_y, in nats, for classification.

    Example:
        >>> import torch
        >>> from qiskit_qmu.objectives import CrossEntropy
        >>> labels, uniform = torch.tensor([0, 3]), torch.zeros(2, 4)
        >>> CrossEntropy().row_losses(torch.nn.Identity(), uniform, labels)  # ln 4
        tensor([1.3863, 1.3863])
    """

    predicts: Predicts = field(default="classes", init=False, repr=False)

    def row_losses(self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return −ln p_y of each row; see `Objective`."""
        return torch.nn.functional.cross_entropy(model(x), y, reduction="none")

    def mean_loss(self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the mean, summed in torch's order."""
        return torch.nn.functional.cross_entropy(model(x), y)


@final
@dataclass(frozen=True)
class SquaredError(Objective):
    """(model(x) − y)², averaged over several outputs, for regression.

    A model may return (n, 1) for targets (n,), like a TorchConnector with one observable.

    Example:
        >>> import torch
        >>> from qiskit_qmu.objectives import SquaredError
        >>> outputs, targets = torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0])
        >>> SquaredError().row_losses(torch.nn.Identity(), outputs, targets)
        tensor([0., 4.])
    """

    predicts: Predicts = field(default="values", init=False, repr=False)

    def row_losses(self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the squared error of each row, in the squared unit of the targets.

        Raises:
            InputError: If the numbers of outputs and targets differ.
        """
        squares = (as_values_of(model(x), y) - y).square()
        return squares if squares.dim() == 1 else squares.flatten(1).mean(1)


@final
@dataclass(frozen=True)
class OwnObjective(Objective):
    """A custom row loss with what the model predicts, checked at every evaluation.

    Example:
        >>> import torch
        >>> from qiskit_qmu.objectives import OwnObjective
        >>> def reconstruction(model, x, y):
        ...     return (model(x) - x).square().mean(dim=1)
        >>> objective = OwnObjective(reconstruction, predicts="nothing")
        >>> objective.mean_loss(torch.nn.ReLU(), -torch.ones(3, 2), torch.zeros(3))
        tensor(1.)
    """

    given: RowLoss | HasRowLosses
    predicts: Predicts

    def row_losses(self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the loss of each row.

        Raises:
            InputError: If the function does not return one loss for each row.
        """
        compute: Any = getattr(self.given, "row_losses", self.given)
        losses = compute(model, x, y)
        if not isinstance(losses, torch.Tensor) or losses.shape != (len(x),):
            got = tuple(losses.shape) if hasattr(losses, "shape") else type(losses).__name__
            raise InputError(
                f"an objective must return one loss per row, a tensor ({len(x)},); got {got}"
            )
        return losses


def objective_for(
    given: RowLoss | HasRowLosses | None, module: torch.nn.Module, y: ArrayLike
) -> Objective:
    """Return the objective to use.

    Args:
        given: The caller's objective; None for that of what the module declares by ``predicts``:
            cross-entropy for "classes", squared error for "values". A module that declares nothing
            predicts classes if ``y`` holds class labels.
        module: The module.
        y: Labels or values.

    Raises:
        InputError: If the objective has no row loss, or its ``predicts`` is unknown.

    Example:
        >>> import torch
        >>> from qiskit_qmu.objectives import objective_for
        >>> model = torch.nn.Linear(4, 3)
        >>> objective_for(None, model, [0, 2, 1]), objective_for(None, model, [0.5, 1.5, 2.5])
        (CrossEntropy(), SquaredError())
    """
    if isinstance(given, Objective):
        return given
    known = getattr(module, "predicts", None)
    classes = known == "classes" or (known != "values" and are_classes(y))
    if given is None:
        return CrossEntropy() if classes else SquaredError()
    if isinstance(given, type) or not (callable(given) or hasattr(given, "row_losses")):
        raise InputTypeError(
            "an objective must be a function (model, x, y) -> losses (n,) or an object with a "
            f"method row_losses; got {given!r}"
        )
    predicts: Predicts = getattr(given, "predicts", "classes" if classes else "values")
    _check.one_of(get_args(Predicts), predicts=predicts)
    return OwnObjective(given, predicts)


def as_values_of(outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return outputs in the shape of targets, (n, 1) as (n,).

    Raises:
        InputError: If the numbers differ: nothing is broadcast.

    Example:
        >>> import torch
        >>> from qiskit_qmu.objectives import as_values_of
        >>> as_values_of(torch.ones(3, 1), torch.zeros(3)).shape
        torch.Size([3])
    """
    if outputs.shape == (*y.shape, 1):
        return outputs.squeeze(-1)
    if outputs.shape != y.shape:
        advice = ""
        if y.dim() == 1 and outputs.dim() == 2:
            advice = "; if they are classes, give labels as integers"
        raise InputError(
            f"the model's outputs have the shape {tuple(outputs.shape)}, but the targets "
            f"{tuple(y.shape)}{advice}"
        )
    return outputs
