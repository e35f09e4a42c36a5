"""Means of weighted sums of products of ±1 bits, and the variances of those means."""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.outcomes import Register, frequencies
from qiskit_qmu.backends.readout_errors import ReadoutErrors
from qiskit_qmu.simulator.outcome_probabilities import OutcomeProbabilities

Terms: TypeAlias = Sequence[tuple[int, float]]
"""Products of bits as masks, and their weights."""

_LARGEST_TABLE = 14
"""Bits up to which outcomes are counted rather than read shot by shot."""


def moments(
    register: Register, observables: Sequence[Terms], errors: ReadoutErrors | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means and variances of the means (O, B) of weighted sums of ±1 products of bits.

    With readout errors, each bit has the values whose mean is that of the ±1 that was held, so a
    product's mean is unbiased if bits are misread independently of each other (up to terms in the
    square of the rates' own errors). Variances are those of these wider values, plus the squared
    slopes of the means by the error rates times the variances of the rates. All means that use the
    same rates share that second part, so it does not average out over rows.

    Args:
        register: What was read.
        observables: For each of O sums, the bits of each product as a mask, and its weight.
        errors: How often bits are misread; None for never.
    """
    if errors is None:
        return _moments(register, observables, _SIGNS.repeat(register.num_bits, axis=0))
    rows, rate_variances, slopes = _slopes(observables, errors)
    # All at once, because counting the outcomes takes longest.
    means, variances = _moments(register, [*observables, *slopes], errors.unbiased_values)
    size = len(observables)
    np.add.at(variances, rows, rate_variances[:, None] * means[size:] ** 2)
    return means[:size], variances[:size]


_SIGNS = np.array([[1.0, -1.0]])


def _moments(
    register: Register, observables: Sequence[Terms], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the moments where a bit has ``values[bit, 0]`` and ``values[bit, 1]``."""
    if register.num_bits > _LARGEST_TABLE:
        return _moments_of_shots(register, observables, values)
    outcomes = np.arange(2**register.num_bits)
    table = np.zeros((len(observables), len(outcomes)))
    for row, terms in enumerate(observables):
        for mask, weight in terms:
            table[row] += weight * _product(values, mask, lambda bit: outcomes >> bit & 1)
    shares = frequencies(register).T
    means = table @ shares
    if isinstance(register, OutcomeProbabilities):
        return means, np.zeros_like(means)
    return means, np.maximum(table**2 @ shares - means**2, 0.0) / register.num_shots


def _moments_of_shots(
    register: Register, observables: Sequence[Terms], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the same shot by shot, for registers whose outcomes are too many for a table."""
    if isinstance(register, OutcomeProbabilities):
        raise InputError(f"exact values are of at most {_LARGEST_TABLE} bits, got more")
    array = register.array
    means, variances = [], []
    for terms in observables:
        total = np.zeros(array.shape[:-1])
        for mask, weight in terms:
            total += weight * _product(
                values, mask, lambda bit: array[..., -1 - bit // 8] >> bit % 8 & 1
            )
        means.append(total.mean(axis=-1))
        variances.append(total.var(axis=-1) / register.num_shots)
    return np.array(means), np.array(variances)


def _product(
    values: NDArray[np.float64], mask: int, read: Callable[[int], NDArray[Any]]
) -> NDArray[np.float64]:
    """Return the product of the values of a mask's bits as they were read."""
    product = np.ones(())
    for bit in _bits(mask):
        product = product * values[bit][read(bit)]
    return product


def _bits(mask: int) -> Iterator[int]:
    return (bit for bit in range(mask.bit_length()) if mask >> bit & 1)


def _slopes(
    observables: Sequence[Terms], errors: ReadoutErrors
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[Terms]]:
    """Return the slopes of observables by error rates, which are sums of products too.

    A bit's value g moves by (g + 1) / contrast with its rate of false ones and by
    (g - 1) / contrast with its rate of false zeros.

    Returns:
        For each slope that is not known to be zero: the observable that it belongs to, the variance
        of the rate, and its terms.
    """
    rows: list[int] = []
    variances: list[float] = []
    slopes: list[Terms] = []
    for row, terms in enumerate(observables):
        for bit in _bits(reduce(or_, (mask for mask, _ in terms), 0)):
            own = [
                (mask, weight / errors.contrast[bit]) for mask, weight in terms if mask >> bit & 1
            ]
            for sign, variance in zip((1.0, -1.0), errors.variances[bit], strict=True):
                if variance:
                    rest = [(mask ^ 1 << bit, sign * weight) for mask, weight in own]
                    rows.append(row)
                    variances.append(variance)
                    slopes.append([*own, *rest])
    return np.array(rows, dtype=np.int64), np.array(variances), slopes
