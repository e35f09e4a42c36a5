"""WithinBudget: a strategy that stops before it exceeds a number of gradient evaluations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.budget import gradient_budget
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy


@final
@dataclass(frozen=True, kw_only=True)
class WithinBudget(UnlearningStrategy):
    """Apply a strategy, any of them, and stop it before the step that would exceed its budget.

    The result is the model after the last step that was within it, and says "limit". What cannot
    be begun, such as a Fisher diagonal of more rows than are left, is not: the model is then
    unchanged. A budget holds for all strategies of a `Chain`, all rounds of a `Repeat` and all
    trials of a `ChosenStrength` together.

    Attributes:
        strategy: The strategy.
        max_gradient_evaluations: Rows whose gradient may be computed, 1 or more, counted as in
            `Usage.gradient_evaluations`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=2)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> tuning = qmu.unlearning.FineTune(epochs=5, batch_size=16)  # 70 rows an epoch
        >>> limited = qmu.unlearning.WithinBudget(strategy=tuning, max_gradient_evaluations=100)
        >>> result = limited(model, split, generator=0)
        >>> result.usage.gradient_evaluations, result.stopped
        (86, 'limit')
    """

    strategy: UnlearningStrategy
    max_gradient_evaluations: int

    def __post_init__(self) -> None:
        _check.at_least(1, max_gradient_evaluations=self.max_gradient_evaluations)

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the model when the strategy or its budget ends; see `UnlearningStrategy`."""
        with gradient_budget(self.max_gradient_evaluations):
            return self.strategy(model, split, generator=generator)

    def worst_case(self) -> "WithinBudget":
        """Return the strategy's worst case within the budget."""
        return replace(self, strategy=self.strategy.worst_case())

    def stopping_passes(self, split: ForgetSplit) -> list[int]:
        """Return those of the strategy."""
        return self.strategy.stopping_passes(split)

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return those of the strategy."""
        return self.strategy.ranges(kind)

    def with_settings(self, settings: Mapping[str, Any]) -> "WithinBudget":
        """Return the strategy with other hyperparameters, within the same budget."""
        return replace(self, strategy=self.strategy.with_settings(settings))
