"""Repeat: applies a strategy in rounds until the rows stay forgotten."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, final, get_args

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.backends import Usage, metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.unlearning.chain import Chain
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult, joined
from qiskit_qmu.unlearning.stopping import (
    FORGOTTEN_ACCURACY,
    Performance,
    performance,
    target_loss,
)
from qiskit_qmu.unlearning.strategy import UnlearningStrategy

Again = Literal["all", "last"]


@final
@dataclass(frozen=True, kw_only=True)
class Repeat(UnlearningStrategy):
    """Apply a strategy until the rows are forgotten at its end, for a limited number of rounds.

    A repair on the retained rows may bring a forgotten class back, because the two share features.
    Forgetting and repairing alternate until the repair no longer does, as in the alternation of
    Kurmanji et al., Towards Unbounded Machine Unlearning, https://arxiv.org/abs/2302.09880.

    A class counts as forgotten if at most one in a hundred of its training rows is classified
    correctly, single rows at the loss that the validation rows have at the same weights.

    Attributes:
        strategy: The strategy to repeat, such as a `Chain` of an ascent and a repair.
        rounds: Largest number of rounds.
        again: What later rounds apply: "all" of the strategy, or the "last" strategy of a `Chain`
            alone, such as a repair that forgets by itself. A strategy that is derived for a trained
            model, such as `NewtonStep`, is to be applied once.
        objective: What the model learned; see `GradientAscent`.
        stop_early: Whether to stop after the first round that ends with the rows forgotten.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=2)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> ascent, repair = qmu.unlearning.GradientAscent(), qmu.unlearning.FineTune(epochs=1)
        >>> once = qmu.unlearning.Chain((ascent, repair))
        >>> result = qmu.unlearning.Repeat(strategy=once, rounds=4)(model, split, generator=0)
        >>> result.reason
        'after 1 of 4 rounds the forgotten rows had accuracy 0 and loss ...'
    """

    strategy: UnlearningStrategy
    rounds: int = 4
    again: Again = "all"
    objective: RowLoss | HasRowLosses | None = None
    stop_early: bool = True

    def __post_init__(self) -> None:
        _check.at_least(1, rounds=self.rounds)
        _check.one_of(get_args(Again), again=self.again)
        if self.again == "last" and not isinstance(self.strategy, Chain):
            raise InputError(
                'again="last" needs a Chain to take the last strategy of, not a '
                f"{type(self.strategy).__name__}"
            )

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the model after the last round; see `UnlearningStrategy`."""
        generator = as_generator(generator)
        usage = Usage()
        target: float | None = None
        results: list[UnlearningResult[Module]] = []
        end, reached = Performance(0.0, 1.0, 1.0), model
        for strategy in self._each_round():
            results.append(strategy(reached, split, generator=generator))
            reached = results[-1].model
            with metered(reached) as meter:
                target = target_loss(reached, split, self.objective)
                end = performance(reached, split.forget, self.objective)
            usage += meter.usage
            if self.stop_early and _is_forgotten(end, target):
                break
        return joined(
            model,
            results,
            usage=usage,
            stopped="goal reached" if _is_forgotten(end, target) else "limit",
            reason=(
                f"after {len(results)} of {self.rounds} rounds the forgotten rows had "
                f"{_in_words(end)}; {results[-1].reason}"
            ),
        )

    def _each_round(self) -> list[UnlearningStrategy]:
        later = self.strategy
        if self.again == "last" and isinstance(later, Chain):
            later = later.strategies[-1]
        return [self.strategy, *[later] * (self.rounds - 1)]

    def worst_case(self) -> "Repeat":
        """Return all rounds of the strategy's worst case."""
        return replace(self, strategy=self.strategy.worst_case(), stop_early=False)

    def stopping_passes(self, split: ForgetSplit) -> list[int]:
        """Return the passes of all rounds."""
        return [rows for strategy in self._each_round() for rows in strategy.stopping_passes(split)]

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return those of the repeated strategy."""
        return self.strategy.ranges(kind)

    def with_settings(self, settings: Mapping[str, Any]) -> "Repeat":
        """Return the repetition of the strategy with other hyperparameters."""
        return replace(self, strategy=self.strategy.with_settings(settings))


def _is_forgotten(found: Performance, target: float | None) -> bool:
    if target is None:
        return found.accuracy is not None and found.accuracy <= FORGOTTEN_ACCURACY
    return found.loss >= target


def _in_words(found: Performance) -> str:
    accuracy = "" if found.accuracy is None else f"accuracy {found.accuracy:.4g} and "
    return f"{accuracy}loss {found.loss:.4g}"
