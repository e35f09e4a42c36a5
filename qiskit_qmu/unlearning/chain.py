"""Chain: strategies in sequence; with FineTune last, the "-R" variants."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit, RowsWarning
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult, joined
from qiskit_qmu.unlearning.strategy import UnlearningStrategy


@final
@dataclass(frozen=True)
class Chain(UnlearningStrategy):
    """Apply strategies in order; each starts with fresh optimiser state.

    Its result reports the stop of the first strategy that did not simply take all its steps.

    Attributes:
        strategies: At least one.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=2)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> ascent = qmu.unlearning.GradientAscent(max_epochs=1)
        >>> repair = qmu.unlearning.FineTune(epochs=2)
        >>> result = qmu.unlearning.Chain((ascent, repair))(model, split, generator=0)  # GA-R
        >>> result.stopped, result.largest_change > 0
        ('limit', True)
    """

    strategies: tuple[UnlearningStrategy, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "strategies", tuple(self.strategies))
        if not self.strategies:
            raise _check.InputError("a Chain needs at least one strategy")
        for strategy in self.strategies:
            if not callable(strategy):
                raise _check.InputTypeError(
                    f"strategy must be an UnlearningStrategy, got {strategy!r}"
                )

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the model after all strategies; see `UnlearningStrategy`."""
        generator = as_generator(generator)
        results: list[UnlearningResult[Module]] = []
        reached = model
        for strategy in self.strategies:
            with warnings.catch_warnings():
                if results:  # (after retraining a model does not know the forgotten rows)
                    warnings.simplefilter("ignore", RowsWarning)
                results.append(strategy(reached, split, generator=generator))
            reached = results[-1].model
        remarks = [
            f"{type(strategy).__name__}: {result.reason}"
            for strategy, result in zip(self.strategies, results, strict=True)
        ]
        told = [result.stopped for result in results if result.stopped != "done"]
        return joined(
            model, results, stopped=told[0] if told else "done", reason="; ".join(remarks)
        )

    def worst_case(self) -> "Chain":
        """Return the chain of the strategies' worst cases."""
        return Chain(tuple(strategy.worst_case() for strategy in self.strategies))

    def stopping_passes(self, split: ForgetSplit) -> list[int]:
        """Return the passes of all strategies."""
        return [rows for strategy in self.strategies for rows in strategy.stopping_passes(split)]

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of all strategies, named "FineTune.epochs".

        Only those of the first strategy with a strength make the chain stronger. Of two strategies
        of one class they are those of the first.
        """
        found: dict[str, Range] = {}
        leads = True
        for strategy in self.strategies:
            own = strategy.ranges(kind)
            for each in own:
                named = each.within(type(strategy).__name__)
                found.setdefault(named.name, named if leads else replace(named, stronger=None))
            leads = leads and all(each.stronger is None for each in own)
        return tuple(found.values())

    def with_settings(self, settings: Mapping[str, Any]) -> "Chain":
        """Return a chain with other hyperparameters, named as in `ranges`."""
        left = dict(settings)
        changed = []
        for strategy in self.strategies:
            prefix = f"{type(strategy).__name__}."
            own = {n: left.pop(n) for n in list(left) if n.startswith(prefix)}
            given = {name.removeprefix(prefix): value for name, value in own.items()}
            changed.append(strategy.with_settings(given) if given else strategy)
        if left:
            raise _check.InputError(f"no strategy of the chain has {', '.join(left)}")
        return Chain(tuple(changed))
