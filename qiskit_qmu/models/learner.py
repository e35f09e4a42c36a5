"""Learner: a module with its objective, to be called with replaced parameters."""

from typing import final

import torch

from qiskit_qmu.objectives import Objective


@final
class Learner(torch.nn.Module):
    """Answers a batch with its mean loss; torch.func puts other parameters in their place.

    Args:
        module: The module, whose parameters have the prefix ``module.`` here.
        objective: What it learns.
    """

    def __init__(self, module: torch.nn.Module, objective: Objective) -> None:
        super().__init__()
        self.module = module
        self._objective = objective

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of a batch."""
        return self._objective.mean_loss(self.module, x, y)
