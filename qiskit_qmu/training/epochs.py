"""One pass over the rows: plain gradient descent, and differentially private descent."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from qiskit_qmu.models import PerExampleGradients
from qiskit_qmu.objectives import Objective
from qiskit_qmu.training.descent import batches
from qiskit_qmu.training.divergence import DivergenceChecks
from qiskit_qmu.training.privacy import PrivacySpent
from qiskit_qmu.training.private_descent import poisson_batch, set_private_gradient

Epoch = Callable[[int], float]
"""Trains for the epoch of a number, from 1; returns the mean loss of its rows."""


@dataclass(frozen=True, kw_only=True)
class EpochInputs:
    """What every epoch of a training run works on.

    Attributes:
        objective: What to learn.
        model: The module that is trained in place.
        optimizer: Takes the steps.
        rows: Rows (n, …).
        answers: Their labels or values.
        batch_size: Rows per step.
        generator: Draws the batches, and the noise of private training.
        checks: Raise where training diverges.
    """

    objective: Objective
    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    rows: torch.Tensor
    answers: torch.Tensor
    batch_size: int
    generator: np.random.Generator
    checks: DivergenceChecks

    def epoch(self, number: int) -> float:
        """Take one pass over the rows; return their mean loss."""
        total = 0.0
        order = batches(len(self.rows), self.batch_size, self.generator)
        for step, batch in enumerate(order, start=1):
            self.optimizer.zero_grad(set_to_none=True)
            where = f"at step {step} of epoch {number}"
            with self.checks.in_range(where):
                loss = self.objective.mean_loss(self.model, self.rows[batch], self.answers[batch])
            value = float(loss.detach())
            self.checks.check_loss(value, where)
            loss.backward()
            self.optimizer.step()
            total += value * len(batch)
        return total / len(self.rows)

    def private_epochs(self, spent: PrivacySpent) -> Epoch:
        """Return epochs of random batches with clipped and noisy gradients.

        Args:
            spent: Sampling rate, noise and clipping norm.
        """
        gradients = PerExampleGradients(
            self.model, self.rows, self.answers, objective=self.objective
        )

        def epoch(number: int) -> float:
            total, seen, expected = 0.0, 0, spent.sampling_rate * len(self.rows)
            for step in range(1, math.ceil(len(self.rows) / self.batch_size) + 1):
                batch = poisson_batch(len(self.rows), spent.sampling_rate, self.generator)
                part = self.rows[batch], self.answers[batch]
                where = f"at step {step} of epoch {number}"
                with self.checks.in_range(where):
                    loss = set_private_gradient(
                        self.model, gradients, *part, spent, expected, self.generator
                    )
                self.checks.check_loss(loss, where)
                self.optimizer.step()
                total, seen = total + loss, seen + len(batch)
            return total / max(seen, 1)

        return epoch
