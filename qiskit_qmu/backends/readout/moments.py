"""Means of weighted sums of products of ±1 bits, and the variances of those means."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.readout.outcomes import Register, frequencies
from qiskit_qmu.backends.readout.readout_errors import ErrorRate, ReadoutErrors
from qiskit_qmu.simulator.readout.outcome_probabilities import OutcomeProbabilities

Terms: TypeAlias = Sequence[tuple[int, float]]
"""Products of bits as masks, and their weights."""

_LARGEST_TABLE = 14
"""Bits up to which outcomes are counted rather than read shot by shot."""


@final
@dataclass(frozen=True, eq=False)
class Moments:
    """Means of O sums in each of B rows, and the contributions to their errors.

    Attributes:
        means: The means (O, B).
        variances: Variances (O, B) of the means due to their own shots: zero for exact values, NaN
            for a single shot, whose error is unknown.
        slopes: For each estimated error rate, the derivatives (O, B) of the means.
    """

    means: NDArray[np.float64]
    variances: NDArray[np.float64]
    slopes: dict[ErrorRate, NDArray[np.float64]]


def moments(
    register: Register, observables: Sequence[Terms], errors: ReadoutErrors | None = None
) -> Moments:
    """Return means of weighted sums of ±1 products of bits, and the contributions to their errors.

    With readout errors, each bit takes values whose mean is that of the prepared ±1, so a
    product's mean is unbiased if bits are misread independently of each other (up to terms
    quadratic in the rates' own errors). Shot variances are those of these wider values. Means that
    use the same rates share their errors, so derivatives by the same rate are summed, over bases
    too, before they are squared.

    Args:
        register: Measured outcomes.
        observables: For each of O sums, the bits of each product as a mask, and its weight.
        errors: Readout errors; None for no mitigation.
    """
    if errors is None:
        return Moments(
            *_moments(register, observables, _SIGNS.repeat(register.num_bits, axis=0)), {}
        )
    rows, rates, terms = _slopes(observables, errors)
    # All at once, because counting the outcomes takes longest.
    means, variances = _moments(register, [*observables, *terms], errors.unbiased_values)
    size = len(observables)
    slopes: dict[ErrorRate, NDArray[np.float64]] = {}
    for row, rate, slope in zip(rows, rates, means[size:], strict=True):
        slopes.setdefault(rate, np.zeros_like(means[:size]))[row] += slope
    return Moments(means[:size], variances[:size], slopes)


def all_variances(
    variances: NDArray[np.float64], slopes: Mapping[ErrorRate, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the variances (O, B) of means, including those of the error rates that they share.

    Args:
        variances: Variances due to the means' own shots.
        slopes: Derivatives of the means by each error rate.
    """
    rates = (rate.variance * slope**2 for rate, slope in slopes.items())
    return sum(rates, start=variances)


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
    spread = np.maximum(table**2 @ shares - means**2, 0.0)
    return means, variance_of_mean(spread, register.num_shots)


def variance_of_mean(spread: NDArray[np.float64], shots: int) -> NDArray[np.float64]:
    """Return the unbiased variance of a mean from the mean square deviation of its shots.

    Args:
        spread: Mean square deviation.
        shots: Number of shots; the result is NaN for one.
    """
    return spread / (shots - 1) if shots > 1 else np.full_like(spread, np.nan)


def _moments_of_shots(
    register: Register, observables: Sequence[Terms], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the same shot by shot, for registers with too many outcomes for a table."""
    if isinstance(register, OutcomeProbabilities):
        raise InputError(f"exact values are limited to {_LARGEST_TABLE} bits")
    array = register.array
    means, variances = [], []
    for terms in observables:
        total = np.zeros(array.shape[:-1])
        for mask, weight in terms:
            total += weight * _product(
                values, mask, lambda bit: array[..., -1 - bit // 8] >> bit % 8 & 1
            )
        means.append(total.mean(axis=-1))
        variances.append(variance_of_mean(total.var(axis=-1), register.num_shots))
    return np.array(means), np.array(variances)


def _product(
    values: NDArray[np.float64], mask: int, read: Callable[[int], NDArray[Any]]
) -> NDArray[np.float64]:
    """Return the product of the values of a mask's measured bits."""
    product = np.ones(())
    for bit in _bits(mask):
        product = product * values[bit][read(bit)]
    return product


def _bits(mask: int) -> Iterator[int]:
    return (bit for bit in range(mask.bit_length()) if mask >> bit & 1)


def _slopes(
    observables: Sequence[Terms], errors: ReadoutErrors
) -> tuple[list[int], list[ErrorRate], list[Terms]]:
    """Return the derivatives of observables by error rates, which are sums of products too.

    A bit's value g changes by (g + 1) / contrast with P(1 | 0) and by (g - 1) / contrast with
    P(0 | 1).

    Returns:
        For each derivative by an estimated rate: its observable, the rate, and its terms.
    """
    rows: list[int] = []
    rates: list[ErrorRate] = []
    slopes: list[Terms] = []
    for row, terms in enumerate(observables):
        for bit in _bits(reduce(or_, (mask for mask, _ in terms), 0)):
            own = [
                (mask, weight / errors.contrast[bit]) for mask, weight in terms if mask >> bit & 1
            ]
            for sign, rate in zip((1.0, -1.0), errors.rates(bit), strict=True):
                if rate.variance:
                    rest = [(mask ^ 1 << bit, sign * weight) for mask, weight in own]
                    rows.append(row)
                    rates.append(rate)
                    slopes.append([*own, *rest])
    return rows, rates, slopes
