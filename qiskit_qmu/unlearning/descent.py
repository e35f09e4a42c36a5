"""Gradient descent on a loss of forgotten and retained rows, shared by many strategies."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import final, get_args

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.data import Rows
from qiskit_qmu.models import as_tensors, check_answers, in_mode, kept_outputs
from qiskit_qmu.objectives import HasRowLosses, Objective, RowLoss, objective_for
from qiskit_qmu.simulator.network_checks import NonFiniteInputError
from qiskit_qmu.training import LARGEST_LEARNING_RATE, Optimizer, batches, make_optimizer
from qiskit_qmu.unlearning.result import Module, Step
from qiskit_qmu.unlearning.strategy import Work

Tensors = tuple[torch.Tensor, ...]
"""Rows with what belongs to them, such as labels, all of the same length."""

Parameters = dict[str, torch.nn.Parameter]

Terms = dict[str, torch.Tensor]
"""Named parts of a loss, reported in the history."""

Loss = Callable[..., tuple[torch.Tensor, Terms]]
"""Maps one batch of each set of rows to the loss to minimise and the terms to report."""


def take_step(optimizer: torch.optim.Optimizer, _parameters: Parameters) -> None:
    """Take a step of the optimiser."""
    optimizer.step()


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a descent minimises.

    Attributes:
        loss: Called with one batch of each set.
        sets: Rows, such as the forgotten and the retained ones.
        step: Updates the parameters from their gradients.
        stop: Called before each step; returns why to stop, or None to continue.
    """

    loss: Loss
    sets: tuple[Tensors, ...]
    step: Callable[[torch.optim.Optimizer, Parameters], None] = take_step
    stop: Callable[[], str | None] | None = None


@final
@dataclass(frozen=True, kw_only=True)
class Descent:
    """Step size and length of a descent.

    Attributes:
        learning_rate: Step size.
        batch_size: Rows of each set per step.
        epochs: Passes over the largest set; smaller ones are cycled.
        optimizer: "adam", or "sgd" with momentum 0.9.
    """

    learning_rate: float
    batch_size: int
    epochs: int
    optimizer: Optimizer

    def __post_init__(self) -> None:
        _check.positive(learning_rate=self.learning_rate)
        _check.between(0.0, LARGEST_LEARNING_RATE, learning_rate=self.learning_rate)
        _check.at_least(1, batch_size=self.batch_size, epochs=self.epochs)
        _check.one_of(get_args(Optimizer), optimizer=self.optimizer)

    def steps(self, *sizes: int) -> int:
        """Return the number of steps on sets of the given sizes."""
        return self.epochs * math.ceil(max(sizes) / self.batch_size)

    def new_optimizer(self, work: Work[Module]) -> torch.optim.Optimizer:
        """Return an optimiser with fresh state for the parameters that may change."""
        trained = [p for p in work.model.parameters() if p.requires_grad]
        return make_optimizer(self.optimizer, trained, self.learning_rate)

    def run(
        self,
        work: Work[Module],
        plan: Plan,
        generator: np.random.Generator,
        optimizer: torch.optim.Optimizer | None = None,
    ) -> None:
        """Minimise a loss in place.

        The model is in evaluation mode, so that forgotten rows leave no trace in running means.
        Circuits that no trained parameter changes run once for each row; see
        `qiskit_qmu.models.kept_outputs`.

        Args:
            work: The working copy.
            plan: The loss and the rows; the first set begins with rows for the model.
            generator: Order of the batches.
            optimizer: Continued; with fresh state if None.

        Raises:
            NonFiniteError: If a loss becomes NaN or infinite.
        """
        trained = {n: p for n, p in work.model.named_parameters() if p.requires_grad}
        optimizer = optimizer or self.new_optimizer(work)
        taken = 0
        row = plan.sets[0][0][:1]
        with in_mode(work.model, training=False), kept_outputs(work.model, row):
            for _ in range(self.epochs):
                seen: list[Step] = []
                for batch in joint_batches(plan.sets, self.batch_size, generator):
                    reason = plan.stop() if plan.stop is not None else None
                    if reason is not None:
                        work.history += _mean(seen)
                        work.stop(
                            "goal reached" if taken else "goal already reached",
                            f"after {taken} steps {reason}",
                        )
                        return
                    optimizer.zero_grad(set_to_none=True)
                    seen.append(self._differentiate(plan.loss, batch, taken))
                    plan.step(optimizer, trained)
                    taken += 1
                work.history += _mean(seen)
        if plan.stop is not None:
            work.stop("limit", f"epochs={self.epochs} were taken without reaching the goal")

    def _differentiate(self, loss: Loss, batch: tuple[Tensors, ...], taken: int) -> Step:
        try:
            value, terms = loss(*batch)
        except NonFiniteInputError as error:
            raise self._diverged(str(error), taken) from error
        if not bool(torch.isfinite(value)):
            raise self._diverged(f"the loss is {float(value.detach())}", taken)
        value.backward()
        return {name: float(term.detach()) for name, term in terms.items()}

    def _diverged(self, what: str, taken: int) -> NonFiniteError:
        return NonFiniteError(
            f"it diverged, {what} after {taken} steps: lower learning_rate={self.learning_rate}"
        )


def joint_batches(
    sets: Sequence[Tensors], size: int, generator: np.random.Generator
) -> Iterator[tuple[Tensors, ...]]:
    """Yield one epoch of batches from several sets of rows.

    An epoch passes over the largest set once, so that equal epochs are equal work; smaller sets are
    cycled, in a new order each time.

    Args:
        sets: Sets of tensors of equal length.
        size: Rows of each set in a batch; of a smaller set all rows.
        generator: Order of the rows.
    """
    steps = math.ceil(max(len(tensors[0]) for tensors in sets) / size)
    streams = [_endless(len(tensors[0]), size, generator) for tensors in sets]
    for _ in range(steps):
        chosen = [next(stream) for stream in streams]
        yield tuple(
            tuple(tensor[rows] for tensor in tensors)
            for tensors, rows in zip(sets, chosen, strict=True)
        )


def _endless(rows: int, size: int, generator: np.random.Generator) -> Iterator[torch.Tensor]:
    while True:
        yield from batches(rows, size, generator)


def _mean(steps: list[Step]) -> list[Step]:
    """Return the mean of steps as one step; none of none."""
    total: Counter[str] = Counter()
    for step in steps:
        total.update(step)
    return [{name: value / len(steps) for name, value in total.items()}] if steps else []


def scaled_step(
    optimizer: torch.optim.Optimizer,
    parameters: Parameters,
    scales: dict[str, torch.Tensor] | None,
) -> None:
    """Take a step and scale each parameter's update.

    The update is scaled rather than the gradient, because Adam would undo a scaled gradient.
    """
    before = {name: p.detach().clone() for name, p in parameters.items()} if scales else {}
    optimizer.step()
    with torch.no_grad():
        for name, scale in (scales or {}).items():
            parameter = parameters[name]
            parameter.copy_(before[name] + scale * (parameter - before[name]))


def checked_rows(
    model: torch.nn.Module, rows: Rows, given: RowLoss | HasRowLosses | None
) -> tuple[torch.Tensor, torch.Tensor, Objective]:
    """Return rows and answers as tensors, and the objective, which applies to them.

    Args:
        model: Any module.
        rows: Rows with labels or values.
        given: The caller's objective; None to infer it from the type of ``rows.y``.

    Raises:
        InputError: If the objective does not apply to the model.
    """
    objective = objective_for(given, model, rows.y)
    x, y = as_tensors(model, rows.x, rows.y, objective.predicts)
    check_answers(model, x, y, objective)
    return x, y, objective


def require_classes(objective: Objective, strategy: object) -> None:
    """Raise InputError unless the model predicts classes."""
    if objective.predicts != "classes":
        name = type(strategy).__name__
        raise _check.InputError(
            f"{name} requires a model that predicts classes, got one that predicts "
            f"{objective.predicts}"
        )
