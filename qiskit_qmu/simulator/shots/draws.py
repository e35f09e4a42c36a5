"""Draws measurement outcomes of states, or of probabilities.

Of two exact methods the faster is used. Many shots: NumPy's multinomial, one binomial per outcome,
whatever the number of shots. Few shots: the inverse of the distribution function, one search per
shot, whatever the number of outcomes.

Rows are drawn in turn: rows drawn in several calls are the same as those drawn in one.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu.simulator.readout.observables import basis_probabilities

# A binomial costs about as much as a search in a table plus its share of building the table.
_SEARCHES_PER_BINOMIAL = 0.5


def outcome_counts(
    states: torch.Tensor, shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw how often each basis state is measured.

    Args:
        states: States (2^n, B).
        shots: Measurements of each state.
        generator: Source of the shots.

    Returns:
        Counts (B, 2^n); each row sums to ``shots``.
    """
    return draw_counts(outcome_weights(states), shots, generator)


def outcome_weights(states: torch.Tensor) -> NDArray[np.float64]:
    """Return the outcome probabilities (B, 2^n) of states (2^n, B), on the CPU.

    Rows sum to 1 up to the states' precision.
    """
    return np.ascontiguousarray(basis_probabilities(states).T.double().cpu().numpy())


def draw_counts(
    probabilities: NDArray[np.float64], shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw how often each outcome occurs in independent shots.

    Args:
        probabilities: Weights of K outcomes (B, K), each row with a positive sum, which need not
            be 1.
        shots: Shots of each row.
        generator: Source of the shots.

    Returns:
        Counts (B, K); each row sums to ``shots``, and an outcome of weight zero has none.

    Example:
        >>> draw_counts(np.array([[0.0, 1.0]]), 10, np.random.default_rng(0)).tolist()
        [[0, 10]]
    """
    rows, size = probabilities.shape
    if shots < _SEARCHES_PER_BINOMIAL * size:
        outcomes = _search(probabilities, shots, generator) + size * np.arange(rows)[:, None]
        return np.bincount(outcomes.ravel(), minlength=rows * size).reshape(rows, size)
    return _multinomial(probabilities, shots, generator)


def draw_outcomes(
    probabilities: NDArray[np.float64],
    shots: int,
    generator: np.random.Generator,
    order: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw the outcomes of independent shots, one after the other.

    Args:
        probabilities: As in `draw_counts`.
        shots: Shots of each row.
        generator: Source of the shots.
        order: Source of their order, if they are first drawn as counts.

    Returns:
        Outcomes (B, shots), each between 0 and K - 1.
    """
    rows, size = probabilities.shape
    if shots < _SEARCHES_PER_BINOMIAL * size:
        return _search(probabilities, shots, generator)
    counts = _multinomial(probabilities, shots, generator)
    sorted_outcomes = np.repeat(np.tile(np.arange(size), rows), counts.ravel())
    return order.permuted(sorted_outcomes.reshape(rows, shots), axis=1)


def _search(
    probabilities: NDArray[np.float64], shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    # Sums of non-negative numbers never decrease, so an outcome of weight zero has an empty
    # interval, and a uniform number below 1 times the total stays below the total.
    levels = np.cumsum(probabilities, axis=1)
    uniform = generator.random((len(levels), shots)) * levels[:, -1:]
    found = torch.searchsorted(torch.from_numpy(levels), torch.from_numpy(uniform), right=True)
    outcomes: NDArray[np.int64] = found.numpy()
    return outcomes


def _multinomial(
    probabilities: NDArray[np.float64], shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    # NumPy assigns the rounding remainder to the last outcome, so the likeliest is put there.
    weights = probabilities / probabilities.sum(axis=1, keepdims=True)
    rows, likeliest = np.arange(len(weights)), weights.argmax(axis=1)
    _swap_with_last(weights, rows, likeliest)
    counts: NDArray[np.int64] = generator.multinomial(shots, weights)
    _swap_with_last(counts, rows, likeliest)
    return counts


def _swap_with_last(
    table: NDArray[np.float64] | NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> None:
    last = table[:, -1].copy()
    table[:, -1] = table[rows, columns]
    table[rows, columns] = last
