"""DescentStrategy: a strategy that is a loss of forgotten and retained rows."""

from dataclasses import dataclass
from typing import get_args

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.training import Optimizer
from qiskit_qmu.unlearning.descent import Descent, Plan
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, Work, working_copy


@dataclass(frozen=True, kw_only=True)
class DescentStrategy(UnlearningStrategy):
    """Gradient descent on the loss that a subclass plans.

    The model is in evaluation mode throughout: running statistics stay as they are.

    Attributes:
        learning_rate: Step size.
        batch_size: Rows of each set per step.
        epochs: Passes over the largest of the sets that the strategy uses; smaller ones are cycled.
        optimizer: "adam", or "sgd" with momentum 0.9.
        parameters: Which parameters may change.
        objective: What the model learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy if labels are class numbers, and squared error if they are floats.
    """

    learning_rate: float = 5e-3
    batch_size: int = 32
    epochs: int = 5
    optimizer: Optimizer = "adam"
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        self.descent()
        _check.one_of(get_args(Part), parameters=self.parameters)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the loss and the rows.

        Args:
            work: The working copy; parameters that must not change need no gradient.
            split: The task; only training and validation rows may be used.
            generator: The only source of randomness.
        """
        raise NotImplementedError

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`."""
        generator = as_generator(generator)
        with working_copy(model, self, split) as work:
            self.descent().run(work, self.plan(work, split, generator), generator)
        return work.result()

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of step size and epochs, after those of its own; see `own_ranges`."""
        rate = Range(
            name="learning_rate",
            value=self.learning_rate,
            low=1e-4,
            high=0.1,
            log=True,
            stronger="high",
        )
        epochs = Range(name="epochs", value=self.epochs, low=1, high=40, log=True, whole=True)
        return (*self.own_ranges(), rate, epochs)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of hyperparameters that a subclass adds; none by default."""
        return ()

    def descent(self) -> Descent:
        """Return step size and length of the descent."""
        return Descent(
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=self.epochs,
            optimizer=self.optimizer,
        )
