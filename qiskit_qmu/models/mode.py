"""Training or evaluation mode for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def in_mode(module: torch.nn.Module, *, training: bool) -> Iterator[None]:
    """Put a module in training or evaluation mode, and each of its parts back in its own after.

    Args:
        module: Any module; a part of it may be in another mode than the whole.
        training: Training mode rather than evaluation mode.
    """
    modes = {child: child.training for child in module.modules()}
    module.train(training)
    try:
        yield
    finally:
        for child, mode in modes.items():
            child.training = mode
