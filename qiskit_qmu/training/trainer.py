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
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import Rows
from qiskit_qmu.models import (
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
from qiskit_qmu.models.parts import parts_with
from qiskit_qmu.models.small_work import small_work_on_one_thread
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.objectives import HasRowLosses, Objective, RowLoss, objective_for
from qiskit_qmu.training.descent import Optimizer, make_optimizer, mean_loss
from qiskit_qmu.training.divergence import DivergenceChecks
from qiskit_qmu.training.early_stopping import EarlyStopping
from qiskit_qmu.training.epochs import EpochInputs
from qiskit_qmu.training.history import TrainingHistory
from qiskit_qmu.training.privacy import Privacy, PrivacySpent
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
        with (
            in_mode(model, training=True),
            _torch_stream(generator),
            small_work_on_one_thread(model, min(len(rows), self.batch_size)),
        ):
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
        checks = DivergenceChecks(self.learning_rate)
        trained = [p for p in model.parameters() if p.requires_grad]
        descent = EpochInputs(
            objective=objective,
            model=model,
            optimizer=make_optimizer(
                self.optimizer, trained, self.learning_rate, weight_decay=self.weight_decay
            ),
            rows=rows,
            answers=answers,
            batch_size=self.batch_size,
            generator=generator,
            checks=checks,
        )
        spent = self._privacy_spent(model, len(rows))
        run_epoch = descent.epoch if spent is None else descent.private_epochs(spent)
        stopping = None if self.patience is None else EarlyStopping(model, self.patience)
        losses: list[float] = []
        for epoch in range(1, self.epochs + 1):
            losses.append(run_epoch(epoch))
            if progress is not None:
                progress(epoch, self.epochs, losses[-1])
            if stopping is None or held_out is None:
                continue
            where = f"after epoch {epoch} on the validation rows"
            with checks.in_range(where):
                validation_loss = mean_loss(objective, model, *held_out)
            checks.check_loss(validation_loss, where)
            if stopping.stops_after(validation_loss):
                break
        if stopping is not None:
            stopping.restore()
        checks.check_weights(model)
        return TrainingHistory(
            losses=tuple(losses),
            validation_losses=tuple(stopping.losses) if stopping else (),
            best_epoch=stopping.best_epoch if stopping else len(losses),
            steps=len(losses) * math.ceil(len(rows) / self.batch_size),
            privacy=spent,
        )

    def _privacy_spent(self, model: torch.nn.Module, rows: int) -> PrivacySpent | None:
        if self.privacy is None:
            return None
        return replace(
            self.privacy.spent(rows, self.batch_size, self.epochs),
            fitted_to_rows=bool(parts_with(model, "fit_inputs")),
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


@contextmanager
def _torch_stream(generator: np.random.Generator) -> Iterator[None]:
    """Make layers that use torch's global random state, such as dropout, follow the generator."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(copy.deepcopy(generator).integers(2**63)))
        yield
