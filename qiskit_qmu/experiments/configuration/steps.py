"""The two steps of a repetition that draw at random, each from a stream of its own."""

import warnings
from typing import Any

from qiskit_qmu._seeds import stream
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning import (
    TargetMissedWarning,
    UnchangedWarning,
    UnlearningResult,
    UnlearningStrategy,
)
from qiskit_qmu.unlearning.result import Module


def fit_arguments(split: ForgetSplit, seed: int) -> dict[str, Any]:
    """Return the rows of an original's training and the order of its batches.

    Args:
        split: The task; the rows to forget are among those that are trained on.
        seed: Seed of the repetition.
    """
    return {
        "x": split.train.x,
        "y": split.train.y,
        "generator": stream(seed, "original", "batches"),
        "validation": split.validation,
    }


def unlearn(
    strategy: UnlearningStrategy, method: str, model: Module, split: ForgetSplit, seed: int
) -> UnlearningResult[Module]:
    """Unlearn a split's rows by a strategy.

    That it changed nothing, or that no strength reached its target, its result says.

    Args:
        strategy: The strategy.
        method: Its name, which decides the random stream.
        model: The model, which is left as it is.
        split: The task.
        seed: Seed of the repetition.

    Raises:
        NonFiniteError: If the strategy leaves the range of numbers.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnchangedWarning)
        warnings.simplefilter("ignore", TargetMissedWarning)
        return strategy(model, split, generator=stream(seed, method))
