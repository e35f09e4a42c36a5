"""FineTune: continue training on the retained rows only."""

from dataclasses import dataclass
from typing import final, get_args

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.training import Optimizer, Trainer
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy


@final
@dataclass(frozen=True, kw_only=True)
class FineTune(UnlearningStrategy):
    """Continue training on the retained rows: the "GD" baseline, and the "-R" phase.

    Running statistics follow the retained rows, unless only quantum parameters may change or their
    layer is in evaluation mode inside a module in training mode.

    Su et al., From Membership-Privacy Leakage to Quantum Machine Unlearning,
    https://arxiv.org/abs/2509.06086, Table 2. The optimiser's state is always fresh.

    Attributes:
        epochs: Passes over the retained rows.
        batch_size: Rows per step.
        learning_rate: Step size.
        optimizer: "adam", or "sgd" with momentum 0.9.
        parameters: Which parameters may change.
        objective: What the model learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy if labels are class numbers, and squared error if they are floats.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_fraction(qmu.load_dataset("iris"), fraction=0.1, seed=0)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.FineTune(epochs=1, parameters="quantum")
        >>> tuned = strategy(model, split, generator=0).model
        >>> torch.equal(tuned.head.weight, model.head.weight)
        True
        >>> torch.equal(tuned.quantum.weight, model.quantum.weight)
        False
    """

    epochs: int = 2
    batch_size: int = 32
    learning_rate: float = 5e-3
    optimizer: Optimizer = "adam"
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        _ = self.trainer  # (refuses what it cannot take)
        _check.one_of(get_args(Part), parameters=self.parameters)

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the fine-tuned model; see `UnlearningStrategy`."""
        with working_copy(model, self, split, trains=True) as work:
            history = self.trainer.fit(
                work.model, split.retain.x, split.retain.y, generator=as_generator(generator)
            )
            work.history += [{"retain_loss": loss} for loss in history.losses]
        return work.result()

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of step size and epochs; neither is a strength."""
        return (
            Range(name="learning_rate", value=self.learning_rate, low=1e-4, high=0.1, log=True),
            Range(name="epochs", value=self.epochs, low=1, high=40, log=True, whole=True),
        )

    @property
    def trainer(self) -> Trainer:
        """The recipe that training continues by."""
        return Trainer(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            optimizer=self.optimizer,
            objective=self.objective,
        )


def _preset(context: PresetContext) -> Settings:
    return {"epochs": 5, "learning_rate": context.learning_rate}


METHOD = Method(
    strategy=FineTune,
    summary="training continues on the retained rows",
    group="fine-tuning",
    needs=frozenset({"retained rows", "gradients"}),
    preset=_preset,
)
