"""GradientAscent (GA): climb the loss of the forgotten rows."""

from dataclasses import dataclass
from typing import final, get_args

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part
from qiskit_qmu.training import Optimizer
from qiskit_qmu.unlearning.ascent import Ascent
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy


@final
@dataclass(frozen=True, kw_only=True)
class GradientAscent(UnlearningStrategy):
    """θ ← θ + η ∇L(D_u) on the forgotten rows D_u until they are forgotten.

    Equation 6 of Su et al., From Membership-Privacy Leakage to Quantum Machine Unlearning,
    https://arxiv.org/abs/2509.06086. It needs none of the retained rows; a cross-entropy has no
    upper bound, so it must stop in time.

    Attributes:
        learning_rate: Step size η.
        batch_size: Forgotten rows of one step.
        max_epochs: Passes over the forgotten rows at most.
        optimizer: "adam", or "sgd" with momentum 0.9.
        loss_threshold: Mean loss on the forgotten rows, in nats, at which to stop.
        confidence_threshold: Mean confidence in their true class below which to stop. With neither
            threshold, a class stops at half of chance confidence, and single rows at the loss of
            the validation rows, which were never seen.
        parameters: Which parameters may change.
    """

    learning_rate: float = 1e-3
    batch_size: int = 16
    max_epochs: int = 10
    optimizer: Optimizer = "adam"
    loss_threshold: float | None = None
    confidence_threshold: float | None = None
    parameters: Part = "all"

    def __post_init__(self) -> None:
        self._ascent()
        _check.one_of(get_args(Part), parameters=self.parameters)

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`."""
        with working_copy(model, self) as work:
            self._ascent().run(work, split, as_generator(generator))
        return work.result()

    def _ascent(self) -> Ascent:
        return Ascent(
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            optimizer=self.optimizer,
            loss_threshold=self.loss_threshold,
            confidence_threshold=self.confidence_threshold,
        )
