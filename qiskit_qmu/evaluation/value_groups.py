"""Groups of rows by the values that they have in a column of the data."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Mask = NDArray[np.bool_]
Values = NDArray[np.generic]

_MOST_CATEGORIES = 12
"""Numbers with more different values than this are cut into quantile groups."""


def value_groups(
    name: str,
    first: ArrayLike,
    second: ArrayLike,
    *,
    sizes: tuple[int, int],
    quantiles: int = 4,
) -> dict[str, tuple[Mask, Mask]]:
    """Return the rows of each group of a column.

    Numbers with more than 12 different values are cut at the quantiles of both parts together;
    other values are groups as they are; missing ones (NaN, None) are a group of their own.

    Args:
        name: Name of the column, for messages.
        first: Values of the first rows, shape (n,).
        second: Values of the second rows, shape (m,).
        sizes: The numbers of rows, n and m.
        quantiles: Number of groups that numbers are cut into, at least 2.

    Returns:
        Masks (n,) and (m,) of each group, by its name, in the order of the values.

    Raises:
        InputError: If a column has another number of values, or there are fewer than two groups.

    Example:
        >>> from qiskit_qmu.evaluation.value_groups import value_groups
        >>> found = value_groups("sex", ["f", "m"], ["m", None], sizes=(2, 2))
        >>> {group: masks[1].tolist() for group, masks in found.items()}
        {'f': [False, False], 'm': [True, False], 'missing': [False, True]}
    """
    _check.at_least(2, quantiles=quantiles)
    columns = [np.asarray(values) for values in (first, second)]
    for values, size in zip(columns, sizes, strict=True):
        if values.shape != (size,):
            raise InputError(
                f"column {name!r} needs a value for each of {size} rows, got {values.shape}"
            )
    together = np.concatenate([values.astype(object) for values in columns])
    missing = np.array([value is None or value != value for value in together])
    codes, names = _codes(together[~missing], quantiles)
    numbers = np.full(len(together), len(names))
    numbers[~missing] = codes
    if missing.any():
        names = [*names, "missing"]
    split = len(columns[0])
    return {
        group: (numbers[:split] == code, numbers[split:] == code)
        for code, group in enumerate(names)
    }


def _codes(values: NDArray[np.object_], quantiles: int) -> tuple[NDArray[np.int64], list[str]]:
    """Return the group of each value and the groups' names."""
    numeric = all(isinstance(v, int | float | np.number) for v in values)
    if numeric:
        numbers = values.astype(np.float64)
        if len(np.unique(numbers)) > _MOST_CATEGORIES:
            edges = np.unique(np.quantile(numbers, np.linspace(0, 1, quantiles + 1)))
            inner = edges[1:-1]
            names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)]
            return np.searchsorted(inner, numbers, side="left"), names
        different, codes = np.unique(numbers, return_inverse=True)
        return codes, [f"{value:.4g}" for value in different]
    texts, codes = np.unique(values.astype(str), return_inverse=True)
    return codes, [str(text) for text in texts]
