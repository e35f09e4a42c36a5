"""Models that look their logits up, so that every audited number is known beforehand."""

from functools import cache

import numpy as np
import torch

from qiskit_qmu.data import Dataset, ForgetSplit, dataset_from_arrays

ROWS = 120
"""Training rows and test rows, 40 of each of three classes."""


@cache
def numbered() -> Dataset:
    """Rows whose only feature is their number; test rows are numbered on."""
    numbers = np.arange(ROWS, dtype=float)[:, None]
    labels = np.arange(ROWS) % 3
    return dataset_from_arrays(numbers, labels, numbers + ROWS, labels, num_classes=3)


def class_split() -> ForgetSplit:
    """Forget class 1: 40 rows, 40 never-seen ones."""
    return ForgetSplit.by_class(numbered(), 1)


def row_split() -> ForgetSplit:
    """Forget the first 60 rows, 20 of each class."""
    return ForgetSplit.by_indices(numbered(), np.arange(60))


class Table(torch.nn.Module):
    """Logits by the number of a row."""

    def __init__(self, logits: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("logits", torch.tensor(logits, dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits[x[:, 0].long()]


def labels() -> np.ndarray:
    """Labels of training and test rows by number."""
    return np.concatenate([numbered().y_train, numbered().y_test])


def knowing(confidence: np.ndarray | float, answers: np.ndarray | None = None) -> np.ndarray:
    """Return logits with a margin for an answer, the true label by default, of every row."""
    logits = np.zeros((2 * ROWS, 3))
    chosen = labels() if answers is None else answers
    logits[np.arange(2 * ROWS), chosen] = confidence
    return logits


def noisy(seed: int, *, forgotten: float = 0.0) -> np.ndarray:
    """Return margins that vary by row, with a shift on the rows that `row_split` forgets."""
    margins = np.random.default_rng(seed).normal(3.0, 1.0, 2 * ROWS)
    margins[:60] += forgotten
    return knowing(margins)
