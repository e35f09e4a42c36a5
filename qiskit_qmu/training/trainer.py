"""Trainer: gradient descent on an objective, with batches drawn from a given generator."""

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import final, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import Rows
from qiskit_qmu.models import (
    PerExampleGradients,
    QuantumClassifier,
    ShardedClassifier,
    as_tensors,
    check_answers,
    check_module,
    fit_inputs,
    in_mode,
    note_initial_weights,
    note_training_rows,
)
from qiskit_qmu.models.parameters import named_tensors
from qiskit_qmu.models.parts import parts_with
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.objectives import HasRowLosses, Objective, RowLoss, objective_for
from qiskit_qmu.simulator.network_checks import NonFiniteInputError
from qiskit_qmu.training.descent import Optimizer, batches, make_optimizer, mean_loss
from qiskit_qmu.training.history import TrainingHistory
from qiskit_qmu.training.privacy import Privacy, PrivacySpent
from qiskit_qmu.training.private_descent import poisson_batch, set_private_gradient
from qiskit_qmu.training.sisa import fit_shards

Progress = Callable[[int, int, float], None]
"""Called after each epoch with its number (from 1), the number of epochs and the mean loss."""

LARGEST_LEARNING_RATE = 1e30
"""Steps of a larger learning rate overflow in single precision."""


@final
@dataclass(frozen=True, kw_only=True)
class Trainer:
    """Minimises the mean of an objective over rows.

    Attributes:
        epochs: Passes over the rows.
        batch_size: Rows per step.
        learning_rate: Step size.
        optimizer: "adam", or "sgd" with momentum 0.9.
        weight_decay: L2 penalty on the trained parameters.
        patience: Epochs without improvement of the loss on the validation rows passed to ``fit``
            after which to stop and restore the best weights; None for no early stopping.
        objective: What to learn: `CrossEntropy`, `SquaredError`, or a custom row loss; see
            `qiskit_qmu.objectives`. None for cross-entropy if labels are class numbers, and
            squared error if they are floats.
        privacy: Noise and clipping of differentially private training (DP-SGD), of which an epoch
            is rows / batch_size steps with random batches in evaluation mode; None without it.

    Example:
        >>> import qiskit_qmu as qmu
        >>> iris = qmu.load_dataset("iris")
        >>> split = qmu.ForgetSplit.by_class(iris, label=1, validation_fraction=0.1)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=10, learning_rate=0.1, patience=3)
        >>> history = trainer.fit(
        ...     model, split.train.x, split.train.y, validation=split.validation, generator=0
        ... )
        >>> history.losses[-1] < history.losses[0]
        True
    """

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 5e-3
    optimizer: Optimizer = "adam"
    weight_decay: float = 0.0
    patience: int | None = None
    objective: RowLoss | HasRowLosses | None = None
    privacy: Privacy | None = None

    def __post_init__(self) -> None:
        _check.at_least(1, epochs=self.epochs, batch_size=self.batch_size)
        _check.positive(learning_rate=self.learning_rate)
        _check.between(0.0, LARGEST_LEARNING_RATE, learning_rate=self.learning_rate)
        _check.non_negative(weight_decay=self.weight_decay)
        _check.one_of(get_args(Optimizer), optimizer=self.optimizer)
        if self.patience is not None:
            _check.at_least(1, patience=self.patience)
            if self.privacy is not None:
                raise InputError(
                    "private training takes all its epochs, because its guarantee counts steps; "
                    f"got patience={self.patience}"
                )

    def worst_case(self) -> "Trainer":
        """Return the trainer without early stopping, as an upper bound of cost."""
        return self if self.patience is None else replace(self, patience=self.epochs)

    def with_epochs(self, epochs: int) -> "Trainer":
        """Return the same trainer with another number of epochs."""
        return replace(self, epochs=epochs)

    def fit(
        self,
        model: torch.nn.Module,
        x: ArrayLike,
        y: ArrayLike,
        *,
        generator: np.random.Generator | int | None = None,
        validation: Rows | tuple[ArrayLike, ArrayLike] | None = None,
        progress: Progress | None = None,
    ) -> TrainingHistory:
        """Train a module in place.

        Submodules with a method ``fit_inputs`` are fitted to the rows first. A submodule that is in
        evaluation mode inside a module in training mode stays in it. The shards of a
        new `ShardedClassifier` are trained one after another, each on its own rows; one that is
        trained already goes on as any module, after which deletion is no longer exact.

        Args:
            model: Any module to which the objective applies, for example one that returns logits;
                parameters that need no gradient stay fixed.
            x: Rows (n, …), finite; converted to the model's precision and device.
            y: Labels (n,), or one-hot rows (n, classes); or values (n,) or (n, outputs), floats.
            generator: Random generator or seed of the order of the batches.
            validation: Rows and labels for early stopping, which are not trained on, such as
                ``split.validation``; required with ``patience``.
            progress: Called after each epoch.

        Returns:
            Losses and the epoch whose weights were kept.

        Raises:
            InputError: If there are no rows, lengths differ, values are not finite, the model's
                outputs do not fit the objective (no logits for cross-entropy, or a label without
                one), there are no validation rows for early stopping, or dp-accounting is missing
                for private training.
            NonFiniteError: If a loss or a weight becomes NaN or infinite; the module is then
                unusable.
        """
        generator = as_generator(generator)
        check_module(model)
        objective = objective_for(self.objective, model, y)
        rows, answers = as_tensors(model, x, y, objective.predicts)
        if isinstance(model, QuantumClassifier) and objective.predicts == "classes":
            model.check_labels(answers.cpu().numpy())
        if isinstance(model, ShardedClassifier) and model.seed is None:
            return self._fit_shards(model, rows, answers, generator, progress)
        held_out = None
        if self.patience is not None:
            held_out = as_tensors(model, *_given(validation), objective.predicts)
        fit_inputs(model, rows)
        named = answers.cpu().numpy() if objective.predicts == "classes" else y
        note_initial_weights(model)
        note_training_rows(model, rows.cpu().numpy(), named)
        with in_mode(model, training=True), _torch_stream(generator):
            for part in filter(None, ((rows, answers), held_out)):
                check_answers(model, *part, objective)
            return self._run(objective, model, rows, answers, held_out, generator, progress)

    def _fit_shards(
        self,
        model: ShardedClassifier,
        rows: torch.Tensor,
        answers: torch.Tensor,
        generator: np.random.Generator,
        progress: Progress | None,
    ) -> TrainingHistory:
        if self.patience is not None:
            raise InputError(
                "shards are trained without early stopping, whose validation rows would tie them "
                f"together; got patience={self.patience}"
            )
        if self.privacy is not None:
            raise InputError(
                "the guarantee of private training is not computed for shards; train one model, or "
                "leave privacy out"
            )
        history = fit_shards(self, model, rows, answers, generator, progress)
        forget_training_rows(model)
        note_training_rows(model, rows.cpu().numpy(), answers.cpu().numpy())
        return history

    def _run(
        self,
        objective: Objective,
        model: torch.nn.Module,
        rows: torch.Tensor,
        answers: torch.Tensor,
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
        private = self._private(objective, model, rows, answers)
        losses: list[float] = []
        validation_losses: list[float] = []
        best: tuple[float, int, dict[str, torch.Tensor]] | None = None
        for epoch in range(1, self.epochs + 1):
            if private is None:
                loss = self._epoch(objective, model, optimizer, rows, answers, generator, epoch)
            else:
                loss = self._private_epoch(
                    *private, model, optimizer, rows, answers, generator, epoch
                )
            losses.append(loss)
            if progress is not None:
                progress(epoch, self.epochs, losses[-1])
            if held_out is None:
                continue
            where = f"after epoch {epoch} on the validation rows"
            with self._in_range(where):
                validation_losses.append(mean_loss(objective, model, *held_out))
            self._check_loss(validation_losses[-1], where)
            if best is None or validation_losses[-1] < best[0]:
                best = validation_losses[-1], epoch, _snapshot(model)
            elif self.patience is not None and epoch - best[1] >= self.patience:
                break
        if best is not None:
            _restore(model, best[2])
        self._check_weights(model)
        return TrainingHistory(
            losses=tuple(losses),
            validation_losses=tuple(validation_losses),
            best_epoch=best[1] if best is not None else len(losses),
            steps=len(losses) * math.ceil(len(rows) / self.batch_size),
            privacy=None if private is None else private[0],
        )

    def _private(
        self,
        objective: Objective,
        model: torch.nn.Module,
        rows: torch.Tensor,
        answers: torch.Tensor,
    ) -> tuple[PrivacySpent, PerExampleGradients] | None:
        if self.privacy is None:
            return None
        spent = replace(
            self.privacy.spent(len(rows), self.batch_size, self.epochs),
            fitted_to_rows=bool(parts_with(model, "fit_inputs")),
        )
        return spent, PerExampleGradients(model, rows, answers, objective=objective)

    def _private_epoch(
        self,
        spent: PrivacySpent,
        gradients: PerExampleGradients,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        rows: torch.Tensor,
        answers: torch.Tensor,
        generator: np.random.Generator,
        epoch: int,
    ) -> float:
        """Take the steps of an epoch on random batches; return the mean loss of their rows."""
        total, seen, expected = 0.0, 0, spent.sampling_rate * len(rows)
        for step in range(1, math.ceil(len(rows) / self.batch_size) + 1):
            batch = poisson_batch(len(rows), spent.sampling_rate, generator)
            part = rows[batch], answers[batch]
            where = f"at step {step} of epoch {epoch}"
            with self._in_range(where):
                loss = set_private_gradient(model, gradients, *part, spent, expected, generator)
            self._check_loss(loss, where)
            optimizer.step()
            total, seen = total + loss, seen + len(batch)
        return total / max(seen, 1)

    def _epoch(
        self,
        objective: Objective,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        rows: torch.Tensor,
        answers: torch.Tensor,
        generator: np.random.Generator,
        epoch: int,
    ) -> float:
        """Take one pass over the rows; return their mean loss."""
        total = 0.0
        for step, batch in enumerate(batches(len(rows), self.batch_size, generator), start=1):
            optimizer.zero_grad(set_to_none=True)
            where = f"at step {step} of epoch {epoch}"
            with self._in_range(where):
                loss = objective.mean_loss(model, rows[batch], answers[batch])
            value = float(loss.detach())
            self._check_loss(value, where)
            loss.backward()
            optimizer.step()
            total += value * len(batch)
        return total / len(rows)

    @contextmanager
    def _in_range(self, where: str) -> Iterator[None]:
        """Report the learning rate if a circuit gets weights or inputs that are NaN or infinite."""
        try:
            yield
        except NonFiniteInputError as error:
            raise self._diverged(f"{error} {where}") from error

    def _check_loss(self, loss: float, where: str) -> None:
        if not math.isfinite(loss):
            raise self._diverged(f"the loss is {loss} {where}")

    def _check_weights(self, model: torch.nn.Module) -> None:
        for name, parameter in model.named_parameters():
            if not bool(torch.isfinite(parameter).all()):
                raise self._diverged(f"{name} is NaN or infinite after the last step")

    def _diverged(self, what: str) -> NonFiniteError:
        return NonFiniteError(
            f"training diverged, {what}: lower learning_rate={self.learning_rate}"
        )


def _given(
    validation: Rows | tuple[ArrayLike, ArrayLike] | None,
) -> tuple[ArrayLike, ArrayLike]:
    if isinstance(validation, Rows):
        validation = (validation.x, validation.y) if len(validation) else None
    if validation is None:
        raise InputError(
            "patience needs validation rows that are not trained on; pass "
            "validation=split.validation of a split with a validation_fraction"
        )
    return validation


def _snapshot(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in named_tensors(model).items()}


def _restore(model: torch.nn.Module, snapshot: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, tensor in named_tensors(model).items():
            tensor.copy_(snapshot[name])


@contextmanager
def _torch_stream(generator: np.random.Generator) -> Iterator[None]:
    """Make layers that use torch's global random state, such as dropout, follow the generator."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(copy.deepcopy(generator).integers(2**63)))
        yield
