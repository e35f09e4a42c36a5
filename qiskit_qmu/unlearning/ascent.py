"""Gradient ascent on the forgotten rows until they are forgotten, shared by GA and RGA."""

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, final, get_args

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.models import as_tensors, check_answers, in_mode, kept_outputs
from qiskit_qmu.objectives import HasRowLosses, RowLoss, objective_for
from qiskit_qmu.simulator.network_checks import NonFiniteInputError
from qiskit_qmu.training import (
    LARGEST_LEARNING_RATE,
    Optimizer,
    batches,
    make_optimizer,
)
from qiskit_qmu.unlearning.descent import scaled_step
from qiskit_qmu.unlearning.method import PresetContext, Settings
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.stopping import (
    FORGOTTEN_ACCURACY,
    Performance,
    forgotten_confidence,
    performance,
    target_loss,
)
from qiskit_qmu.unlearning.strategy import Work

TINY_STEP = 1e-12
"""A learning rate at which an ascent without stopping rule cannot overflow."""

NEVER = sys.float_info.max
"""A loss that is never reached."""

ALL_STEPS: Mapping[str, Any] = MappingProxyType(
    {"learning_rate": TINY_STEP, "loss_threshold": NEVER, "confidence_threshold": 0.0}
)
"""Settings of an ascent that takes all its steps, too small to overflow."""

# An ascent must stop as soon as the rows are forgotten: a fifth of the training's learning rate.
_SHARE_OF_TRAINING_RATE = 0.2


def class_preset(context: PresetContext) -> Settings:
    """Return the settings of an ascent on a class."""
    return {"learning_rate": _SHARE_OF_TRAINING_RATE * context.learning_rate}


StopAt = Literal["original", "current"]
"""Weights at which unseen rows have the loss that single rows are to reach."""


@final
@dataclass(frozen=True, kw_only=True)
class Ascent:
    """Step size and stopping rule of an ascent.

    Attributes:
        learning_rate: Step size η.
        batch_size: Forgotten rows per step.
        max_epochs: Largest number of passes over the forgotten rows.
        optimizer: "adam", or "sgd" with momentum 0.9.
        loss_threshold: Mean loss on the forgotten rows, by the objective, at which to stop.
        confidence_threshold: Mean confidence in their true class below which to stop. With neither
            threshold given, a class counts as forgotten at half of chance confidence with at most
            one row in a hundred classified correctly, and single rows at the loss of unseen rows.
        stop_at: "current" to stop where single rows have at least the loss that the validation rows
            have at the same weights; "original" for the one that they had under the given model,
            which is reached too early, as the ascent raises both.
        depth: How far beyond the stop to ascend: confidences are divided by it, losses multiplied.
        objective: What the model learned.
    """

    learning_rate: float
    batch_size: int
    max_epochs: int
    optimizer: Optimizer
    loss_threshold: float | None
    confidence_threshold: float | None
    stop_at: StopAt
    depth: float
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        _check.positive(learning_rate=self.learning_rate)
        _check.between(0.0, LARGEST_LEARNING_RATE, learning_rate=self.learning_rate)
        _check.at_least(1, batch_size=self.batch_size, max_epochs=self.max_epochs)
        _check.one_of(("adam", "sgd"), optimizer=self.optimizer)
        _check.one_of(get_args(StopAt), stop_at=self.stop_at)
        _check.positive(depth=self.depth)
        if self.loss_threshold is not None:
            _check.positive(loss_threshold=self.loss_threshold)
        if self.confidence_threshold is not None:
            _check.between(0.0, 1.0, confidence_threshold=self.confidence_threshold)

    def run(
        self,
        work: Work[Module],
        split: ForgetSplit,
        generator: np.random.Generator,
        scales: dict[str, torch.Tensor] | None = None,
        penalty: Callable[[], torch.Tensor] | None = None,
        precondition: Callable[[], None] | None = None,
    ) -> None:
        """Ascend in place: θ ← θ + η · scale · ∇(L(forgotten rows) − penalty).

        The model is in evaluation mode, so that forgotten rows leave no trace in running means.
        Circuits that no trained parameter changes run once for each row; see
        `qiskit_qmu.models.kept_outputs`.

        Args:
            work: The working copy.
            split: The task.
            generator: Order of the batches.
            scales: Factor of each parameter's update, by name; 1 if None.
            penalty: Subtracted from the loss at each step; 0 if None.
            precondition: Replaces the gradients before each step.

        Raises:
            NonFiniteError: If the loss becomes NaN or infinite.
        """
        objective = objective_for(self.objective, work.model, split.forget.y)
        x, y = as_tensors(work.model, split.forget.x, split.forget.y, objective.predicts)
        check_answers(work.model, x, y, objective)
        thresholds = self._thresholds(work.model, split)
        trained = {n: p for n, p in work.model.named_parameters() if p.requires_grad}
        optimizer = make_optimizer(self.optimizer, list(trained.values()), self.learning_rate)
        with in_mode(work.model, training=False), kept_outputs(work.model, x[:1]):
            for step, batch in enumerate(self._batches(len(x), generator)):
                found = self._performance(work.model, split.forget, step)
                work.history.append({"forget_loss": found.loss})
                if found.confidence is not None:
                    work.history[-1]["forget_confidence"] = found.confidence
                if thresholds.reached(found) and self._follows(split):
                    # (Measured again only here: an ascent on members raises the loss of all rows.)
                    thresholds = self._thresholds(work.model, split)
                if thresholds.reached(found):
                    work.stop(
                        "goal reached" if step else "goal already reached",
                        f"the rows had {found} after {step} steps, and the goal is reached "
                        f"at {thresholds}",
                    )
                    return
                optimizer.zero_grad(set_to_none=True)
                loss = -objective.mean_loss(work.model, x[batch], y[batch])
                (loss if penalty is None else loss + penalty()).backward()
                if precondition is not None:
                    precondition()
                scaled_step(optimizer, trained, scales)
        passes = f"max_epochs={self.max_epochs} passes over the forgotten rows"
        work.stop("limit", f"{passes} were taken, which did not bring them to {thresholds}")

    def stopping_passes(self, split: ForgetSplit) -> list[int]:
        """Return the rows of the forward passes that determine the stopping loss, if any."""
        if self._has_threshold or split.kind == "class":
            return []
        steps = self.max_epochs * math.ceil(len(split.forget) / self.batch_size)
        return [len(split.validation)] * (1 + steps * self._follows(split))

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of depth and step size."""
        low, high = (1 / 16, 64.0) if kind == "class" else (0.5, 4.0)
        depth = Range(name="depth", value=self.depth, low=low, high=high, log=True, stronger="high")
        return (depth, replace(_RATES, value=self.learning_rate))

    @property
    def _has_threshold(self) -> bool:
        return self.loss_threshold is not None or self.confidence_threshold is not None

    def _follows(self, split: ForgetSplit) -> bool:
        """Return whether the stopping loss moves with the weights."""
        measured = not self._has_threshold and split.kind == "instances"
        return self.stop_at == "current" and measured and len(split.validation) > 0

    def _performance(self, model: torch.nn.Module, rows: Rows, step: int) -> Performance:
        try:
            found = performance(model, rows, self.objective)
        except NonFiniteInputError as error:
            raise self._diverged(str(error), step) from error
        if not math.isfinite(found.loss):
            raise self._diverged(f"the loss on the forgotten rows is {found.loss}", step)
        return found

    def _diverged(self, what: str, step: int) -> NonFiniteError:
        return NonFiniteError(
            f"the ascent diverged, {what} after {step} steps: "
            f"lower learning_rate={self.learning_rate}"
        )

    def _batches(self, rows: int, generator: np.random.Generator) -> Iterator[torch.Tensor]:
        for _ in range(self.max_epochs):
            yield from batches(rows, self.batch_size, generator)

    def _thresholds(self, model: torch.nn.Module, split: ForgetSplit) -> "_Thresholds":
        learned = objective_for(self.objective, model, split.forget.y)
        if self.confidence_threshold and learned.predicts != "classes":
            raise _check.InputError(
                "confidence_threshold requires a model that predicts classes; use loss_threshold"
            )
        if self._has_threshold:
            return _Thresholds(
                math.inf if self.loss_threshold is None else self.loss_threshold * self.depth,
                (self.confidence_threshold or 0.0) / self.depth,
            )
        loss = target_loss(model, split, self.objective)
        if loss is None and split.num_classes is not None:
            confidence = forgotten_confidence(split.num_classes) / self.depth
            return _Thresholds(math.inf, confidence, FORGOTTEN_ACCURACY)
        return _Thresholds(math.inf if loss is None else loss * self.depth, 0.0)


_RATES = Range(name="learning_rate", value=None, low=1e-4, high=0.1, log=True, stronger="high")


@dataclass(frozen=True)
class _Thresholds:
    """Loss, or confidence and accuracy, at which rows count as forgotten."""

    loss: float
    confidence: float
    accuracy: float = 1.0

    def reached(self, found: Performance) -> bool:
        """Return whether rows with this performance count as forgotten."""
        if found.loss >= self.loss:
            return True
        if found.confidence is None or found.accuracy is None:
            return False
        return found.confidence < self.confidence and found.accuracy <= self.accuracy

    def __str__(self) -> str:
        by_loss = [f"a loss of {self.loss:.4g}"] if math.isfinite(self.loss) else []
        few_right = f" with accuracy {self.accuracy:g}" if self.accuracy < 1 else ""
        unsure = f"a confidence below {self.confidence:.4g}{few_right}"
        by_confidence = [unsure] if self.confidence else []
        return " or ".join(by_loss + by_confidence) or "any threshold"
