"""Retrain: the oracle, a model that never saw the forgotten rows."""

from dataclasses import dataclass, field
from typing import final

import numpy as np

from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import reinitialize
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning.stopping import kept_validation
from qiskit_qmu.unlearning.strategy import (
    Module,
    UnlearningResult,
    UnlearningStrategy,
    working_copy,
)


@final
@dataclass(frozen=True, kw_only=True)
class Retrain(UnlearningStrategy):
    """Train from scratch on the retained rows, by the recipe of the original.

    Weights are drawn anew from the family that the model was made with, and what is fitted to rows
    (principal components, scaling) is fitted to the retained ones.

    Attributes:
        trainer: The recipe with which the original was trained.
    """

    trainer: Trainer = field(default_factory=Trainer)

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the retrained model; see `UnlearningStrategy`."""
        generator = as_generator(generator)
        held_out = kept_validation(split)
        with working_copy(model) as work:
            reinitialize(work.model, generator)
            history = self.trainer.fit(
                work.model,
                split.retain.x,
                split.retain.y,
                generator=generator,
                validation=(held_out.x, held_out.y) if len(held_out) else None,
            )
            work.history += [{"retain_loss": loss} for loss in history.losses]
        return work.result()
