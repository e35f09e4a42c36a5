"""What a model learns: a loss for each row, and what kind of answer the loss is of.

An objective is a frozen value. Training, unlearning strategies, Fisher diagonals and stopping rules
know nothing else of what a model learns, and attacks read the losses that it gives.

- `CrossEntropy`: classes. The default where labels are class numbers.
- `SquaredError`: values (regression). The default where targets are floats.
- Your own: a function ``(model, x, y) -> losses (n,)``, or a frozen value with a method
  ``row_losses`` of that signature. An attribute ``predicts`` says what the model answers:
  "classes", "values", or "nothing" for a model that is not asked for ``y``, such as an autoencoder,
  and has losses only. Without it, class numbers mean classes and floats mean values.

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
from qiskit_qmu._check import InputError
from qiskit_qmu.data import are_classes

Predicts = Literal["classes", "values", "nothing"]
"""What a model answers: logits of classes, values, or nothing but what has a loss."""

RowLoss = Callable[[torch.nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]
"""A module, rows (n, …) and what belongs to them (n, …) to losses (n,), differentiable."""


class HasRowLosses(Protocol):
    """A value with a row loss, such as an `Objective`, or a frozen dataclass of your own."""

    def row_losses(self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the losses (n,) of rows, differentiable by the model's parameters."""
        ...


class Objective(ABC):
    """A loss for each row; the base of this package's own, which yours need not have."""

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
    """−ln softmax(logits)_y, in nats: what classifiers learn.

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
        """Return the mean, in torch's own order of summation."""
        return torch.nn.functional.cross_entropy(model(x), y)


@final
@dataclass(frozen=True)
class SquaredError(Objective):
    """(model(x) − y)², its mean over the outputs where there are several: what regressions learn.

    A model may return (n, 1) for targets (n,), as a TorchConnector with one observable does.

    Example:
        >>> import torch
        >>> from qiskit_qmu.objectives import SquaredError
        >>> outputs, targets = torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0])
        >>> SquaredError().row_losses(torch.nn.Identity(), outputs, targets)
        tensor([0., 4.])
    """

    predicts: Predicts = field(default="values", init=False, repr=False)

    def row_losses(self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the squared error of each row, in the square of the targets' unit.

        Raises:
            InputError: If the model's outputs are not as many as the targets.
        """
        squares = (as_values_of(model(x), y) - y).square()
        return squares if squares.dim() == 1 else squares.flatten(1).mean(1)


@final
@dataclass(frozen=True)
class OwnObjective(Objective):
    """A caller's own row loss, with what it predicts, checked whenever it is computed.

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
            InputError: If the caller's function returns something else than one loss for each row.
        """
        compute: Any = getattr(self.given, "row_losses", self.given)
        losses = compute(model, x, y)
        if not isinstance(losses, torch.Tensor) or losses.shape != (len(x),):
            got = tuple(losses.shape) if hasattr(losses, "shape") else type(losses).__name__
            raise InputError(
                f"an objective must return one loss for each row, a tensor ({len(x)},), got {got}"
            )
        return losses


def objective_for(
    given: RowLoss | HasRowLosses | None, module: torch.nn.Module, y: ArrayLike
) -> Objective:
    """Return the objective to use.

    Args:
        given: The caller's; None for cross-entropy where the module is a classifier of this package
            or ``y`` holds class labels, and squared error otherwise.
        module: The module.
        y: Labels or values.

    Raises:
        InputError: If what is given has no row loss, or predicts something unknown.

    Example:
        >>> import torch
        >>> from qiskit_qmu.objectives import objective_for
        >>> model = torch.nn.Linear(4, 3)
        >>> objective_for(None, model, [0, 2, 1]), objective_for(None, model, [0.5, 1.5, 2.5])
        (CrossEntropy(), SquaredError())
    """
    if isinstance(given, Objective):
        return given
    classes = getattr(module, "predicts", None) == "classes" or are_classes(y)
    if given is None:
        return CrossEntropy() if classes else SquaredError()
    if isinstance(given, type) or not (callable(given) or hasattr(given, "row_losses")):
        raise InputError(
            "an objective is a function (model, x, y) -> losses (n,) or a value with a method "
            f"row_losses, got {given!r}"
        )
    predicts: Predicts = getattr(given, "predicts", "classes" if classes else "values")
    _check.one_of(get_args(Predicts), predicts=predicts)
    return OwnObjective(given, predicts)


def as_values_of(outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return outputs in the shape of targets, (n, 1) as (n,).

    Raises:
        InputError: If they are not as many: nothing is broadcast.

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
            f"a model must predict as many values as there are targets, {tuple(y.shape)}, "
            f"got outputs {tuple(outputs.shape)}{advice}"
        )
    return outputs
