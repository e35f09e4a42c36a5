"""Training of the original model, the same for every command."""

import math

from qiskit_qmu._seeds import stream
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.models import QuantumClassifier
from qiskit_qmu.training import Progress, TrainingHistory


def train_original(
    experiment: Experiment,
    model: QuantumClassifier,
    split: ForgetSplit,
    seed: int,
    *,
    progress: Progress | None = None,
) -> TrainingHistory:
    """Train a model in place on all training rows, those to forget among them.

    Args:
        experiment: The recipe.
        model: The untrained model.
        split: Its training and validation rows.
        seed: Seed of this repetition.
        progress: Called after each epoch.

    Returns:
        The losses.
    """
    train = split.train
    return experiment.trainer(math.prod(train.x.shape[1:])).fit(
        model,
        train.x,
        train.y,
        generator=stream(seed, "original", "batches"),
        validation=split.validation,
        progress=progress,
    )
