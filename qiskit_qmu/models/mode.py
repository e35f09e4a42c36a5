"""Training or evaluation mode for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def in_mode(module: torch.nn.Module, *, training: bool) -> Iterator[None]:
    """Put a module in training or evaluation mode, and each of its parts back in its own after.

    Args:
        module: Any module. Where it is in training mode already, its parts that are in evaluation
            mode were frozen there and stay so; where it is in evaluation mode, all its parts train.
        training: Training mode rather than evaluation mode.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import in_mode
        >>> model = torch.nn.Dropout()
        >>> with in_mode(model, training=False):
        ...     model.training
        False
        >>> model.training
        True
    """
    modes = {child: child.training for child in module.modules()}
    if not (training and module.training):
        module.train(training)
    try:
        yield
    finally:
        for child, mode in modes.items():
            child.training = mode
