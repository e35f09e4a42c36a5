"""The same strategies, going on where they would stop by what they measure."""

import sys
from dataclasses import replace

from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    Chain,
    GradientAscent,
    RelativeGradientAscent,
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
    return strategy


def longest_trainer(trainer: Trainer) -> Trainer:
    """Return a trainer that runs through all epochs."""
    if trainer.patience is None:
        return trainer
    return replace(trainer, patience=trainer.epochs)


def threshold_searches(strategy: UnlearningStrategy) -> int:
    """Return how often a strategy may evaluate the validation rows to know when to stop."""
    if isinstance(strategy, GradientAscent | RelativeGradientAscent):
        return int(strategy.loss_threshold is None and strategy.confidence_threshold is None)
    if isinstance(strategy, Chain):
        return sum(map(threshold_searches, strategy.strategies))
    return 0
