"""Reports training that left the range of numbers, with the learning rate to lower."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.simulator.network_checks import NonFiniteInputError


@dataclass(frozen=True)
class DivergenceChecks:
    """Raise `NonFiniteError` where a loss, a weight or a circuit's input is no finite number.

    Attributes:
        learning_rate: Step size that the message names.
    """

    learning_rate: float

    @contextmanager
    def in_range(self, where: str) -> Iterator[None]:
        """Report the learning rate if a circuit gets weights or inputs that are NaN or infinite."""
        try:
            yield
        except NonFiniteInputError as error:
            raise self._diverged(f"{error} {where}") from error

    def check_loss(self, loss: float, where: str) -> None:
        """Raise if a loss is NaN or infinite."""
        if not math.isfinite(loss):
            raise self._diverged(f"the loss is {loss} {where}")

    def check_weights(self, model: torch.nn.Module) -> None:
        """Raise if a weight is NaN or infinite."""
        for name, parameter in model.named_parameters():
            if not bool(torch.isfinite(parameter).all()):
                raise self._diverged(f"{name} is NaN or infinite after the last step")

    def _diverged(self, what: str) -> NonFiniteError:
        return NonFiniteError(
            f"training diverged, {what}: lower learning_rate={self.learning_rate}"
        )
