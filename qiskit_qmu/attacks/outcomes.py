"""Outcome probabilities from counts, and the likelihood of counts, as attacks on counts share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.observation import Observations

Array = NDArray[np.float64]


def log_frequencies(counts: Any) -> Array:
    """Return the logarithms of outcome probabilities, each outcome counted half a time more.

    An outcome that was not measured yet is thereby not impossible, and no likelihood infinite. It
    is the estimate under Jeffreys' prior.

    Args:
        counts: Counts, the outcomes of a circuit on the last axis.

    Returns:
        Logarithms of (k + ½) / (N + M/2) in the same shape, with N shots and M outcomes.
    """
    array = np.asarray(counts, dtype=np.float64) + 0.5
    return np.asarray(np.log(array / array.sum(axis=-1, keepdims=True)))


def log_likelihood(counts: Any, log_probabilities: Any) -> Array:
    """Return Σ k ln p of each row, without the multinomial coefficient, which no ratio contains.

    Args:
        counts: Counts (rows, …, outcomes).
        log_probabilities: Logarithms of the same shape, or of one that broadcasts to it.

    Returns:
        Log-likelihoods (rows,), in nats.
    """
    products = np.asarray(counts) * np.asarray(log_probabilities)
    return np.asarray(products.sum(axis=tuple(range(1, products.ndim))))


def counts_of(observations: Observations, attack: str) -> NDArray[np.int64]:
    """Return counts (rows, …, outcomes).

    Raises:
        InputError: If there are none.
    """
    if observations.counts is None:
        raise InputError(f"{attack} needs counts; observe the model with shots")
    return np.asarray(observations.counts)
