"""Digests of everything that decides an original and what is unlearned from it."""

import numpy as np

from qiskit_qmu import __version__
from qiskit_qmu.backends import open_backend
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.models import as_tensors, fit_inputs
from qiskit_qmu.objectives import objective_for
from qiskit_qmu.shadows.digests import training_digest, unlearning_digest


def has_shared_models(setup: Setup) -> bool:
    """Return whether models of a repetition can be shared with others.

    With sampled training each model's shots follow those of the models before it, so a repetition
    is computed as a whole.
    """
    return setup.experiment.shots is None or setup.experiment.backend != "exact"


def original_digest(setup: Setup) -> str:
    """Return a short hash of everything that decides a repetition's original.

    Args:
        setup: The repetition; its training is exact.
    """
    train, trainer, validation = setup.split.train, setup.trainer, setup.split.validation
    untrained = setup.build_model(open_backend("exact"))
    objective = objective_for(trainer.objective, untrained, train.y)
    rows, _ = as_tensors(untrained, train.x, train.y, objective.predicts)
    fit_inputs(untrained, rows)
    return training_digest(
        untrained,
        rows[:4],
        train,
        np.ones((1, len(train)), dtype=bool),
        ("original", __version__, trainer, validation.digest() if len(validation) else None),
        setup.seed,
        exact=True,
    )


def method_digest(setup: Setup, method: str, original: str) -> str:
    """Return a short hash of everything that decides what a method makes of an original.

    Args:
        setup: The repetition.
        method: The method, whose name decides its random stream.
        original: Digest of the original.
    """
    split = setup.split
    forgotten = np.isin(split.train.indices, split.forget.indices)
    validation = split.validation if len(split.validation) else None
    strategy = (method, setup.strategy(method))
    return unlearning_digest(original, strategy, forgotten, split.label, validation, setup.seed)
