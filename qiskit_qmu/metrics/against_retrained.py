"""A difference between unlearned and retrained models beside that between retrained models."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.intervals import Interval
from qiskit_qmu.metrics.klom import as_models
from qiskit_qmu.metrics.permutation import permutation_p_value

Array = NDArray[np.float64]
Statistic = Callable[[Array, Array], Array]
"""Statistic of unlearned and retrained models, (models, rows) each, for every row: `klom` or
`epsilon_estimate`."""

_SPLITS = 20


@final
@dataclass(frozen=True, kw_only=True)
class AgainstRetrained:
    """A statistic of unlearned models, and what it is where nothing is left.

    Example:
        >>> from qiskit_qmu.metrics import AgainstRetrained, Interval
        >>> result = AgainstRetrained(
        ...     value=0.9, null=Interval(0.6, 0.5, 0.7), excess=0.3, p_value=0.005
        ... )
        >>> result.value in result.null
        False
    """

    value: float
    """The statistic as published, mean over the rows."""

    null: Interval
    """The same where unlearned and retrained models are exchanged at random: mean and limits."""

    excess: float
    """Unlearned against retrained less retrained against retrained, with equal numbers of models;
    0 on average for perfect unlearning."""

    p_value: float
    """Probability of so large a statistic for perfect unlearning."""


def against_retrained(
    statistic: Statistic,
    unlearned: ArrayLike,
    retrained: ArrayLike,
    *,
    generator: np.random.Generator,
    permutations: int = 199,
    level: float = 0.95,
) -> AgainstRetrained:
    """Return a statistic with its bias removed, and a p-value.

    KLoM and the ε-estimate are far above 0 even for perfect unlearning, more so with few models.

    - The null exchanges whole models between both groups at random (all rows of a model at once,
      as they depend on each other).
    - The excess divides the retrained models into two halves, 20 times: the bias of unlearned
      against retrained models is that of retrained against retrained ones of the same number.

    Args:
        statistic: `klom`, `epsilon_estimate`, or another statistic of each row.
        unlearned: Numbers of the unlearned models, shape (models, rows).
        retrained: Those of retrained models on the same rows, shape (models, rows).
        generator: Source of the exchanges and halves.
        permutations: Number of exchanges.
        level: Confidence level of the null's limits, between 0 and 1.

    Returns:
        The statistic beside its null; all are means over the rows.

    Raises:
        InputError: If there are fewer than two unlearned or four retrained models, the rows differ
            in number, or a number is NaN.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import against_retrained, klom
        >>> generator = np.random.default_rng(0)
        >>> unlearned, retrained = generator.normal(size=(2, 32, 50))
        >>> result = against_retrained(klom, unlearned, retrained, generator=generator)
        >>> round(result.value, 1), result.value in result.null
        (1.6, True)
    """
    first, second = as_models(unlearned, retrained)
    _check.at_least(1, permutations=permutations)
    _check.between(0, 1, level=level)
    if len(first) < 2 or len(second) < 4:
        raise InputError(
            "two unlearned and four retrained models are needed, "
            f"got {len(first)} and {len(second)}"
        )

    def mean(one: Array, other: Array) -> float:
        return float(np.mean(statistic(one, other)))

    value = mean(first, second)
    everyone = np.concatenate([first, second])
    exchanged = []
    for _ in range(permutations):
        mixed = everyone[generator.permutation(len(everyone))]
        exchanged.append(mean(mixed[: len(first)], mixed[len(first) :]))
    low, high = np.quantile(exchanged, [(1 - level) / 2, (1 + level) / 2])
    return AgainstRetrained(
        value=value,
        null=Interval(float(np.mean(exchanged)), float(low), float(high), level),
        excess=float(np.mean([_excess(mean, first, second, generator) for _ in range(_SPLITS)])),
        p_value=permutation_p_value(value, exchanged),
    )


def _excess(
    mean: Callable[[Array, Array], float],
    unlearned: Array,
    retrained: Array,
    generator: np.random.Generator,
) -> float:
    size = min(len(unlearned), len(retrained) // 2)
    halves = generator.permutation(len(retrained))
    reference, further = retrained[halves[size : 2 * size]], retrained[halves[:size]]
    chosen = unlearned[generator.permutation(len(unlearned))[:size]]
    return mean(chosen, reference) - mean(further, reference)
