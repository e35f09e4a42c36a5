"""Gradient descent, for training and unlearning alike: batches, optimisers, mean loss."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch

from qiskit_qmu.models import in_mode
from qiskit_qmu.objectives import Objective
from qiskit_qmu.training.optimizers import SGD, Adam

Optimizer = Literal["adam", "sgd"]
SGD_MOMENTUM = 0.9


def batches(rows: int, size: int, generator: np.random.Generator) -> Iterator[torch.Tensor]:
    """Yield the indices of one epoch's batches in random order."""
    yield from torch.as_tensor(generator.permutation(rows)).split(size)


def mean_loss(
    objective: Objective, model: torch.nn.Module, rows: torch.Tensor, answers: torch.Tensor
) -> float:
    """Return the mean of an objective over rows, in evaluation mode and without gradient."""
    with in_mode(model, training=False), torch.no_grad():
        return float(objective.mean_loss(model, rows, answers))


def make_optimizer(
    name: Optimizer,
    parameters: list[torch.nn.Parameter],
    learning_rate: float,
    *,
    weight_decay: float = 0.0,
) -> torch.optim.Optimizer:
    """Return an optimiser with fresh state."""
    if name == "adam":
        return Adam(parameters, lr=learning_rate, weight_decay=weight_decay)
    return SGD(parameters, lr=learning_rate, momentum=SGD_MOMENTUM, weight_decay=weight_decay)
