"""Retrain: the oracle, a model that never saw the forgotten rows."""

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import as_tensors, check_resettable, reinitialize
from qiskit_qmu.objectives import objective_for
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning.method import Method
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.stopping import kept_validation
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy


@final
@dataclass(frozen=True, kw_only=True)
class Retrain(UnlearningStrategy):
    """Train from scratch on the retained rows, with the trainer of the original.

    Weights are redrawn from the model's initial distribution. Preprocessing (principal components,
    scaling) is fitted to the retained rows, and running statistics are reset, in every part of the
    model. Early stopping uses the split's validation rows without those of a forgotten class, as
    training of the original must have (``Trainer.fit(…, validation=split.validation)``).

    Parameters that need no gradient, and layers in evaluation mode inside a module in training
    mode, count as pretrained and are kept. A model with other state that depends on its training
    rows is rejected, unless the module with that state has a method ``reinitialize(generator)``.

    Attributes:
        trainer: The trainer of the original, including its objective.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=5, learning_rate=0.05)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> oracle = qmu.unlearning.Retrain(trainer=trainer)(model, split, generator=1).model
        >>> oracle.observe(split.forget.x, split.forget.y).accuracy  # never saw class 1
        0.0
    """

    trainer: Trainer = field(default_factory=Trainer)

    def __post_init__(self) -> None:
        _check.instance(Trainer, trainer=self.trainer)

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the retrained model; see `UnlearningStrategy`."""
        generator = as_generator(generator)
        with working_copy(model, self, split, trains=True) as work:
            x, y = split.retain.x, split.retain.y
            objective = objective_for(self.trainer.objective, work.model, y)
            rows, _ = as_tensors(work.model, x, y, objective.predicts)
            check_resettable(work.model, rows)
            reinitialize(work.model, generator)
            history = self.trainer.fit(
                work.model,
                x,
                y,
                generator=generator,
                validation=kept_validation(split),
            )
            if len(history.losses) < self.trainer.epochs:
                work.stop(
                    "early stopping",
                    f"the validation loss was smallest after epoch {history.best_epoch}",
                )
            work.history += [{"retain_loss": loss} for loss in history.losses]
        return work.result()

    def worst_case(self) -> "Retrain":
        """Return the strategy without early stopping."""
        return replace(self, trainer=self.trainer.worst_case())


METHOD = Method(
    strategy=Retrain,
    summary="retrained from scratch without the forgotten rows",
    group="reference",
    needs=frozenset({"retained rows", "validation rows", "gradients", "trainer"}),
)

SECOND = replace(
    METHOD, summary="retrained once more with another seed, which shows what gaps are chance"
)
"""The null of every gap to the oracle: its random numbers differ, since its name does."""
