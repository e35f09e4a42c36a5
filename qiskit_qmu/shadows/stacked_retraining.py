"""Several models retrained, or fine-tuned, at once by stacked weights."""

from collections.abc import Sequence
from typing import TypeGuard

import numpy as np
import torch

from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import as_tensors, check_resettable, clone_module, fit_inputs, reinitialize
from qiskit_qmu.objectives import objective_for
from qiskit_qmu.shadows.kept_weights import Weights, weights_of
from qiskit_qmu.shadows.stacked_training import can_be_stacked, train_stacked
from qiskit_qmu.unlearning import FineTune, Retrain, UnlearningStrategy


def can_retrain_stacked(
    strategy: UnlearningStrategy, model: torch.nn.Module, splits: Sequence[ForgetSplit]
) -> bool:
    """Return whether a strategy only trains on retained rows, in models that can be at once.

    They can where they retain equally many rows; see also `can_be_stacked`.

    Args:
        strategy: Any strategy.
        model: One of the models.
        splits: What each retains.
    """
    if not _only_trains(strategy) or len({len(split.retain) for split in splits}) > 1:
        return False
    retain = splits[0].retain
    objective = objective_for(strategy.trainer.objective, model, retain.y)
    rows, answers = as_tensors(model, retain.x, retain.y, objective.predicts)
    return can_be_stacked(model, strategy.trainer, objective, (rows[:2], answers[:2]))


def _only_trains(strategy: UnlearningStrategy) -> TypeGuard[Retrain | FineTune]:
    if isinstance(strategy, FineTune):
        return strategy.parameters == "all"
    return isinstance(strategy, Retrain)


def retrain_stacked(
    strategy: Retrain | FineTune,
    models: Sequence[torch.nn.Module],
    splits: Sequence[ForgetSplit],
    generators: Sequence[np.random.Generator],
) -> list[Weights]:
    """Return the weights that a strategy would give each model, up to rounding.

    Args:
        strategy: `Retrain` from new weights, or `FineTune` from those that are there.
        models: The models, which are not changed; `can_retrain_stacked` holds for them.
        splits: What each retains.
        generators: New weights and order of the batches of each.
    """
    trainer = strategy.trainer
    objective = objective_for(trainer.objective, models[0], splits[0].retain.y)
    twins = [clone_module(model) for model in models]
    parts = []
    for twin, split, generator in zip(twins, splits, generators, strict=True):
        parts.append(as_tensors(twin, split.retain.x, split.retain.y, objective.predicts))
        if isinstance(strategy, Retrain):
            check_resettable(twin, parts[-1][0])
            reinitialize(twin, generator)
            fit_inputs(twin, parts[-1][0])
    train_stacked(twins, parts, trainer, objective, generators)
    return [weights_of(twin) for twin in twins]
