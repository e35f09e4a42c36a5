"""Temporary training or evaluation mode."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def in_mode(module: torch.nn.Module, *, training: bool) -> Iterator[None]:
    """Set a module to training or evaluation mode, and restore each submodule's mode afterwards.

    Args:
        module: Any module. If it is already in training mode, submodules in evaluation mode count
            as frozen and stay so; if it is in evaluation mode, all its submodules are affected.
        training: Whether to use training mode.

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
