"""The design of an audit, so many rows and models, and the error of an AUC that follows from it."""

import math
from collections.abc import Callable

import scipy

from qiskit_qmu import _check

_MOST = 10_000_000
"""More rows or models than this are no plan."""


def check_design(
    num_members: int, num_nonmembers: int, num_models: int, power: float, level: float
) -> None:
    """Refuse a design that is none.

    Raises:
        InputError: If a count is not positive, or power or level lie outside [0, 1].
    """
    _check.at_least(1, num_members=num_members, num_nonmembers=num_nonmembers)
    _check.at_least(1, num_models=num_models)
    _check.between(0, 1, power=power, level=level)


def auc_error(
    auc: float, members: int, nonmembers: int, models: int, mutual: bool
) -> tuple[float, float]:
    """Return the standard deviation of an estimated AUC and its degrees of freedom."""
    z = float(scipy.stats.norm.ppf(auc))
    # Owen's T gives the probability that one normal score beats two others.
    beats_two = auc - 2 * float(scipy.special.owens_t(z, 1 / math.sqrt(3)))
    excess = (members + nonmembers - 2) * (beats_two - auc**2)
    variance = (auc * (1 - auc) + excess) / (members * nonmembers)
    if models == 1:
        return math.sqrt(variance), members + nonmembers - 2
    if not mutual:
        return math.sqrt(variance / models), models - 1
    if models == 2:
        return math.sqrt(variance), 0
    return math.sqrt(variance / models * 2 * (models - 1) / (models - 2)), models - 1


def fewest(enough: Callable[[int], bool], least: int) -> int | None:
    """Return the smallest number from ``least`` on that is enough, if more always helps."""
    most = least
    while not enough(most):
        if most > _MOST:
            return None
        least, most = most + 1, 2 * most
    while least < most:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle + 1, most)
    return most
