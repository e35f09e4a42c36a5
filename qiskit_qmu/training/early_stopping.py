"""Early stopping: which epoch's weights were best on rows that are not trained on."""

import math

import torch

from qiskit_qmu.models.parameters import named_tensors


class EarlyStopping:
    """Keeps the weights of the epoch with the smallest validation loss.

    Args:
        model: The module that is being trained.
        patience: Epochs without improvement after which to stop.
    """

    def __init__(self, model: torch.nn.Module, patience: int) -> None:
        self.losses: list[float] = []
        self.best_epoch = 0
        self._model, self._patience = model, patience
        self._best: dict[str, torch.Tensor] = {}

    def stops_after(self, loss: float) -> bool:
        """Take the validation loss of one more epoch; return whether training has to stop."""
        smallest = min(self.losses, default=math.inf)
        self.losses.append(loss)
        if loss < smallest:
            self.best_epoch = len(self.losses)
            self._best = {n: t.detach().clone() for n, t in named_tensors(self._model).items()}
        return len(self.losses) - self.best_epoch >= self._patience

    def restore(self) -> None:
        """Give the model the weights of the best epoch."""
        with torch.no_grad():
            for name, tensor in named_tensors(self._model).items():
                tensor.copy_(self._best[name])
