"""The same strategies, going on where they would stop by what they measure."""

import sys
from dataclasses import replace

from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    Chain,
    GradientAscent,
    RelativeGradientAscent,
    Repeat,
    Retrain,
    UnlearningStrategy,
)

# An ascent that never stops must not leave the range of numbers.
_TINY_STEP = 1e-12


def longest_strategy(strategy: UnlearningStrategy) -> UnlearningStrategy:
    """Return a strategy that takes as many steps as this one can; others are returned as they are.

    Args:
        strategy: Any strategy; those of this package are known.
    """
    if isinstance(strategy, GradientAscent | RelativeGradientAscent):
        return replace(
            strategy,
            learning_rate=_TINY_STEP,
            loss_threshold=sys.float_info.max,
            confidence_threshold=0.0,
        )
    if isinstance(strategy, Retrain):
        return replace(strategy, trainer=longest_trainer(strategy.trainer))
    if isinstance(strategy, Chain):
        return Chain(tuple(map(longest_strategy, strategy.strategies)))
    if isinstance(strategy, Repeat):
        return Chain((longest_strategy(strategy.strategy),) * strategy.rounds)
    return strategy


def longest_trainer(trainer: Trainer) -> Trainer:
    """Return a trainer that runs through all epochs."""
    if trainer.patience is None:
        return trainer
    return replace(trainer, patience=trainer.epochs)


def stopping_passes(strategy: UnlearningStrategy, split: ForgetSplit) -> list[int]:
    """Return the rows of each forward pass that only tells a strategy when to stop.

    The longest strategy leaves them out.
    """
    target = [len(split.validation)] if split.kind == "instances" else []
    if isinstance(strategy, GradientAscent | RelativeGradientAscent):
        given = strategy.loss_threshold is not None or strategy.confidence_threshold is not None
        return [] if given else target
    if isinstance(strategy, Chain):
        return [rows for link in strategy.strategies for rows in stopping_passes(link, split)]
    if isinstance(strategy, Repeat):
        round_ = [*stopping_passes(strategy.strategy, split), len(split.forget)]
        return target + strategy.rounds * round_
    return []
