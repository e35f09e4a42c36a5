"""GradientAscent (GA): gradient ascent on the loss of the forgotten rows."""

from dataclasses import dataclass
from typing import final

import numpy as np

from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.training import Optimizer
from qiskit_qmu.unlearning.ascent import StopAt, class_preset
from qiskit_qmu.unlearning.ascent_strategy import AscentStrategy
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import working_copy


@final
@dataclass(frozen=True, kw_only=True)
class GradientAscent(AscentStrategy):
    """θ ← θ + η ∇L(D_u) on the forgotten rows D_u until they are forgotten.

    Equation 6 of Su et al., From Membership-Privacy Leakage to Quantum Machine Unlearning,
    https://arxiv.org/abs/2509.06086. It does not use the retained rows; as cross-entropy has no
    upper bound, it must stop in time.

    Attributes:
        learning_rate: Step size η.
        batch_size: Forgotten rows per step.
        max_epochs: Largest number of passes over the forgotten rows.
        optimizer: "adam", or "sgd" with momentum 0.9.
        loss_threshold: Mean loss on the forgotten rows, by the objective, at which to stop.
        confidence_threshold: Mean confidence in their true class below which to stop. With neither
            threshold, the ascent on a class stops at half of chance confidence with at most one row
            in a hundred classified correctly, and on single rows at the loss of the validation
            rows, which were never seen.
        stop_at: Whether single rows must reach the loss that the validation rows have at the
            "current" weights or had at those of the "original" model.
        depth: How far beyond the stop to ascend: confidences to reach are divided by it, losses
            multiplied.
        parameters: Which parameters may change.
        objective: What the model learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy if labels are class numbers, and squared error if they are floats.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=5, learning_rate=0.05)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> result = qmu.unlearning.GradientAscent(learning_rate=0.05)(model, split, generator=0)
        >>> result.stopped, result.history[-1]["forget_loss"] > result.history[0]["forget_loss"]
        ('goal reached', True)
    """

    learning_rate: float = 3e-3
    batch_size: int = 16
    max_epochs: int = 100
    optimizer: Optimizer = "adam"
    loss_threshold: float | None = None
    confidence_threshold: float | None = None
    stop_at: StopAt = "original"
    depth: float = 1.0
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`."""
        with working_copy(model, self, split) as work:
            self.ascent().run(work, split, as_generator(generator))
        return work.result()


def _preset(context: PresetContext) -> Settings:
    if context.kind == "class":
        return {"optimizer": "sgd", **class_preset(context)}
    # Single rows leave a weaker trace than a class.
    rate = context.learning_rate
    if context.model == "hybrid":
        return {"optimizer": "sgd", "learning_rate": 0.6 * rate, "max_epochs": 40}
    return {"learning_rate": 0.1 * rate, "max_epochs": 10}


METHOD = Method(
    strategy=GradientAscent,
    summary="gradient ascent on the forgotten rows",
    group="ascent",
    needs=frozenset({"forgotten rows", "validation rows", "gradients"}),
    preset=_preset,
)
