"""What follows from the logits of a classifier: probabilities, log-odds, entropy."""

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float64]
Classes = NDArray[np.int64]


def softmax(logits: Logits) -> NDArray[np.float64]:
    """Return the probabilities of the classes, shape (n, classes)."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def log_odds(logits: Logits, classes: Classes) -> NDArray[np.float64]:
    """Return ln p − ln(1 − p) of one class of each row, shape (n,), without rounding p to 1."""
    rows = np.arange(len(logits))
    others = logits.copy()
    others[rows, classes] = -np.inf
    return np.asarray(logits[rows, classes] - np.logaddexp.reduce(others, axis=1))


def modified_entropy(logits: Logits, labels: Classes) -> NDArray[np.float64]:
    """Return −(1 − p_y) ln p_y − Σ_{i≠y} p_i ln(1 − p_i), shape (n,)."""
    rows = np.arange(len(logits))
    probabilities, top = softmax(logits), logits.argmax(axis=1)
    # 1 - p loses every digit where p is near 1, and only the largest p can be.
    log_top = -np.logaddexp(0.0, log_odds(logits, top))
    others = probabilities.copy()
    others[rows, top] = 0.0
    log_complement = np.log1p(-others)
    log_complement[rows, top] = log_top
    terms = probabilities * log_complement
    terms[rows, labels] = 0.0
    cross_entropies = np.logaddexp(0.0, -log_odds(logits, labels))
    return np.asarray(np.exp(log_complement[rows, labels]) * cross_entropies - terms.sum(axis=1))
