"""Counts of outcomes become counts of classes."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Interpret = Literal["index", "parity", "modulo"]
"""Which class an outcome stands for: its number, its parity, or its number modulo the classes."""

_MOST_BITS = 10
"""Of more qubits an outcome is no class of its own."""


def class_counts(
    counts: NDArray[Any],
    outcomes: tuple[str, ...],
    interpret: Interpret | Callable[[int], int],
    num_classes: int,
    name: str,
) -> NDArray[np.int64]:
    """Return how often each class was measured, shape (n, classes).

    Args:
        counts: Counts (n, outcomes), or (n,) dictionaries of counts by bitstring.
        outcomes: What the outcomes are called; numbers or bitstrings, empty for 0, 1, ….
        interpret: The class of an outcome, as the integer that Qiskit reads its bitstring as.
        num_classes: Number of classes that the labels need at least.
        name: What messages call the counts.

    Raises:
        InputError: If a count is no whole number of zero or more, a row has none, or outcomes are
            called otherwise.
    """
    if counts.dtype == object:
        lengths = {len(bits) for row in counts for bits in row}
        if len(lengths) > 1:
            raise InputError(f"{name} must have bitstrings of one length, got {sorted(lengths)}")
        found = sorted({bits for row in counts for bits in row})
        outcomes = tuple(found)
        counts = np.array([[row.get(bits, 0) for bits in found] for row in counts])
    if counts.ndim != 2:
        raise InputError(f"{name} must have the shape (n, outcomes), got {counts.shape}")
    _check.finite(**{name: counts})
    if (counts < 0).any() or (counts != np.floor(counts)).any():
        raise InputError(f"{name} must be whole numbers of zero or more, got {_odd(counts)}")
    empty = np.flatnonzero(counts.sum(axis=1) == 0)
    if len(empty):
        raise InputError(f"{name} must have an outcome in each row, got none in row {empty[0]}")
    numbers, bits = _numbers(outcomes or tuple(map(str, range(counts.shape[1]))), name)
    classes = _classes(numbers, bits, interpret, num_classes, name)
    total = np.zeros((len(counts), max(num_classes, 2, int(classes.max()) + 1)), dtype=np.int64)
    for column, label in enumerate(classes):
        total[:, label] += counts[:, column].astype(np.int64)
    return total


def _numbers(outcomes: tuple[str, ...], name: str) -> tuple[NDArray[np.int64], int]:
    """Return the outcomes as integers, and the bits of each; 0 where they are not bitstrings."""
    lengths = {len(outcome) for outcome in outcomes}
    if len(lengths) == 1 and all(set(outcome) <= {"0", "1"} for outcome in outcomes):
        return np.array([int(outcome, 2) for outcome in outcomes]), lengths.pop()
    if not all(outcome.isascii() and outcome.isdigit() for outcome in outcomes):
        raise InputError(
            f"outcomes of {name} must be bitstrings of one length, or numbers; got "
            f"{', '.join(outcomes[:4])}"
        )
    return np.array([int(outcome) for outcome in outcomes]), 0


def _classes(
    numbers: NDArray[np.int64],
    bits: int,
    interpret: Interpret | Callable[[int], int],
    num_classes: int,
    name: str,
) -> NDArray[np.int64]:
    if callable(interpret):
        return np.array([int(interpret(int(number))) for number in numbers])
    _check.one_of(("index", "parity", "modulo"), interpret=interpret)
    if interpret == "parity":
        return np.bitwise_count(numbers).astype(np.int64) & 1
    if interpret == "modulo":
        return numbers % num_classes
    if bits > _MOST_BITS:
        raise InputError(
            f"{name} of {bits} bits would make 2^{bits} classes: interpret='parity' or 'modulo' "
            "says which class an outcome stands for"
        )
    return numbers


def _odd(counts: NDArray[Any]) -> Any:
    return counts[(counts < 0) | (counts != np.floor(counts))].flat[0]
