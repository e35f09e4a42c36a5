"""TrainingHistory: the course of a training."""

from dataclasses import dataclass
from typing import final

from qiskit_qmu.training.privacy import PrivacySpent


@final
@dataclass(frozen=True, kw_only=True)
class TrainingHistory:
    """The course of a training.

    Attributes:
        losses: Mean training loss of each epoch: in nats for cross-entropy, in the squared unit of
            the targets for squared error.
        validation_losses: Mean loss on validation rows after each epoch; empty without them.
        best_epoch: Epoch, from 1, whose weights were kept; the last one without early stopping.
        steps: Optimiser steps taken.
        privacy: The guarantee of private training; None without it.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> x, y = [[0.0], [1.0], [2.0]], [0, 1, 1]
        >>> trainer = qmu.Trainer(epochs=4, batch_size=2)
        >>> history = trainer.fit(torch.nn.Linear(1, 2), x, y, generator=0)
        >>> len(history.losses), history.best_epoch, history.steps
        (4, 4, 8)
    """

    losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    best_epoch: int
    steps: int
    privacy: PrivacySpent | None = None
