"""Chain: strategies one after the other; with FineTune last, the "-R" forms."""

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.strategy import Module, UnlearningResult, UnlearningStrategy


@final
@dataclass(frozen=True)
class Chain(UnlearningStrategy):
    """Apply strategies in order; each starts with fresh optimiser state.

    Attributes:
        strategies: At least one.

    Example:
        Chain((GradientAscent(), FineTune(epochs=2)))  # GA-R
    """

    strategies: tuple[UnlearningStrategy, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "strategies", tuple(self.strategies))
        if not self.strategies:
            raise _check.InputError("a chain must hold at least one strategy, got none")

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the model after all strategies; see `UnlearningStrategy`."""
        generator = as_generator(generator)
        results = []
        for strategy in self.strategies:
            results.append(strategy(model, split, generator=generator))
            model = results[-1].model
        return UnlearningResult(
            model=model,
            history=tuple(step for result in results for step in result.history),
            usage=reduce(add, (result.usage for result in results)),
            seconds=sum(result.seconds for result in results),
        )
