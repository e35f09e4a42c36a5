"""Trainer: gradient descent on cross-entropy, with batches from a given generator."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.models import (
    QuantumClassifier,
    as_tensors,
    check_module,
    check_returns_logits,
    in_mode,
)

Optimizer = Literal["adam", "sgd"]
Progress = Callable[[int, int, float], None]
"""Called after each epoch with its number (from 1), the number of epochs and the mean loss."""

SGD_MOMENTUM = 0.9


@final
@dataclass(frozen=True, kw_only=True)
class TrainingHistory:
    """What happened during training.

    Attributes:
        losses: Mean training loss of each epoch, in nats.
        validation_losses: Mean loss on validation rows after each epoch; empty without them.
        best_epoch: Epoch, from 1, whose weights were kept; the last one without early stopping.
        steps: Optimiser steps taken.
    """

    losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    best_epoch: int
    steps: int


@final
@dataclass(frozen=True, kw_only=True)
class Trainer:
    """Minimises the cross-entropy of a module's logits.

    Attributes:
        epochs: Passes over the rows.
        batch_size: Rows of one step.
        learning_rate: Step size.
        optimizer: "adam", or "sgd" with momentum 0.9.
        weight_decay: L2 penalty on the parameters that are trained.
        patience: Epochs without a better validation loss after which to stop and go back to the
            best weights; None for no early stopping.
        validation_fraction: Share of the given rows that is held out for early stopping where no
            validation rows are given to ``fit``; test rows never are.
    """

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 5e-3
    optimizer: Optimizer = "adam"
    weight_decay: float = 0.0
    patience: int | None = None
    validation_fraction: float = 0.1

    def __post_init__(self) -> None:
        _check.at_least(1, epochs=self.epochs, batch_size=self.batch_size)
        _check.positive(learning_rate=self.learning_rate)
        _check.non_negative(weight_decay=self.weight_decay)
        _check.one_of(get_args(Optimizer), optimizer=self.optimizer)
        if self.patience is not None:
            _check.at_least(1, patience=self.patience)
            _check.between(0.01, 0.5, validation_fraction=self.validation_fraction)

    def fit(
        self,
        model: torch.nn.Module,
        x: ArrayLike,
        y: ArrayLike,
        *,
        generator: np.random.Generator | int | None = None,
        validation: tuple[ArrayLike, ArrayLike] | None = None,
        progress: Progress | None = None,
    ) -> TrainingHistory:
        """Train a module in place.

        Args:
            model: Any module that returns logits; parameters that need no gradient stay fixed.
            x: Rows (n, …), finite; they are taken in the model's precision, to its device.
            y: Labels (n,), or one-hot rows (n, classes).
            generator: Order of the batches; a seed will do.
            validation: Rows and labels for early stopping; a share of x and y where None.
            progress: Called after each epoch.

        Returns:
            Losses and the epoch that was kept.

        Raises:
            InputError: If there are no rows, lengths differ, values are not finite, the model
                returns no logits, or a label has none.
        """
        generator = as_generator(generator)
        check_module(model)
        rows, labels = as_tensors(model, x, y)
        if isinstance(model, QuantumClassifier):
            model.check_labels(labels.cpu().numpy())
        held_out = None
        if self.patience is not None:
            if validation is None:
                rows, labels, held_out = self._hold_out(rows, labels, generator)
            else:
                held_out = as_tensors(model, *validation)
        fit_inputs = getattr(model, "fit_inputs", None)
        if fit_inputs is not None:
            fit_inputs(rows.cpu().numpy())
        with in_mode(model, training=True), _torch_stream(generator):
            check_returns_logits(model, rows)
            return self._run(model, rows, labels, held_out, generator, progress)

    def _hold_out(
        self, rows: torch.Tensor, labels: torch.Tensor, generator: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        order = torch.as_tensor(generator.permutation(len(rows)))
        count = max(1, round(self.validation_fraction * len(rows)))
        if count >= len(rows):
            raise InputError(f"early stopping must have at least 2 rows, got {len(rows)}")
        held, kept = order[:count], order[count:]
        return rows[kept], labels[kept], (rows[held], labels[held])

    def _run(
        self,
        model: torch.nn.Module,
        rows: torch.Tensor,
        labels: torch.Tensor,
        held_out: tuple[torch.Tensor, torch.Tensor] | None,
        generator: np.random.Generator,
        progress: Progress | None,
    ) -> TrainingHistory:
        optimizer = make_optimizer(
            self.optimizer,
            [p for p in model.parameters() if p.requires_grad],
            self.learning_rate,
            weight_decay=self.weight_decay,
        )
        losses: list[float] = []
        validation_losses: list[float] = []
        best: tuple[float, int, dict[str, torch.Tensor]] | None = None
        steps = 0
        for epoch in range(1, self.epochs + 1):
            total = 0.0
            for batch in batches(len(rows), self.batch_size, generator):
                optimizer.zero_grad(set_to_none=True)
                loss = cross_entropy(model(rows[batch]), labels[batch])
                loss.backward()
                optimizer.step()
                total += float(loss.detach()) * len(batch)
                steps += 1
            losses.append(total / len(rows))
            if progress is not None:
                progress(epoch, self.epochs, losses[-1])
            if held_out is None:
                continue
            validation_losses.append(mean_loss(model, *held_out))
            if best is None or validation_losses[-1] < best[0]:
                best = validation_losses[-1], epoch, _snapshot(model)
            elif self.patience is not None and epoch - best[1] >= self.patience:
                break
        if best is not None:
            model.load_state_dict(best[2])
        return TrainingHistory(
            losses=tuple(losses),
            validation_losses=tuple(validation_losses),
            best_epoch=best[1] if best is not None else len(losses),
            steps=steps,
        )


def batches(rows: int, size: int, generator: np.random.Generator) -> Iterator[torch.Tensor]:
    """Yield the indices of one epoch's batches in random order."""
    yield from torch.as_tensor(generator.permutation(rows)).split(size)


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy in nats.

    Raises:
        InputError: If a label has no logit.
    """
    if labels.max() >= logits.shape[-1]:
        raise InputError(
            f"labels must lie between 0 and {logits.shape[-1] - 1}, got {int(labels.max())}"
        )
    return torch.nn.functional.cross_entropy(logits, labels)


def mean_loss(model: torch.nn.Module, rows: torch.Tensor, labels: torch.Tensor) -> float:
    """Return a module's mean cross-entropy on rows, in evaluation mode and without gradient."""
    with in_mode(model, training=False), torch.no_grad():
        return float(cross_entropy(model(rows), labels))


def make_optimizer(
    name: Optimizer,
    parameters: list[torch.nn.Parameter],
    learning_rate: float,
    *,
    weight_decay: float = 0.0,
) -> torch.optim.Optimizer:
    """Return a new optimiser, with fresh state."""
    if name == "adam":
        return torch.optim.Adam(parameters, lr=learning_rate, weight_decay=weight_decay)
    return torch.optim.SGD(
        parameters, lr=learning_rate, momentum=SGD_MOMENTUM, weight_decay=weight_decay
    )


def _snapshot(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


@contextmanager
def _torch_stream(generator: np.random.Generator) -> Iterator[None]:
    """Let layers that draw from torch's global state, such as dropout, depend on the generator."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(copy.deepcopy(generator).integers(2**63)))
        yield
