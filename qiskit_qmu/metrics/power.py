"""Power: what an audit of so many rows and models can show, known before anything is trained."""

import math
from collections.abc import Callable

import scipy

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

_LARGEST_AUC = 1 - 1e-9
_MOST = 10_000_000
"""More rows or models than this are no plan."""


def detectable_auc(
    num_members: int,
    num_nonmembers: int,
    *,
    num_models: int = 1,
    mutual: bool = False,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Return the smallest AUC above ½ that so many rows and models can show.

    It is shown where the two-sided interval excludes ½: that of `auroc_interval` for one model, of
    `mean_interval` or `mutual_mean` for several. Scores are taken as normal with equal variances
    (other continuous scores differ by a few percent), and every model as an independent look at
    the rows. By symmetry, 1 minus the result is the largest AUC below ½ that is shown.

    Args:
        num_members: Members in each model, usually the withdrawn rows.
        num_nonmembers: Non-members beside them.
        num_models: Models over which the AUC is averaged.
        mutual: Whether the models are each other's references, as in a leave-one-out attack, whose
            interval is `mutual_mean`.
        power: Probability with which the AUC is shown, between 0 and 1.
        level: Confidence level of the interval, between 0 and 1.

    Returns:
        The AUC, between ½ and 1; 1 if not even a perfect attack is shown that often.

    Raises:
        InputError: If a count is not positive, or power or level lie outside [0, 1].

    Example:
        >>> from qiskit_qmu.metrics import detectable_auc
        >>> round(detectable_auc(90, 500), 2), round(detectable_auc(90, 500, num_models=32), 2)
        (0.59, 0.52)
    """
    _check_design(num_members, num_nonmembers, num_models, power, level)

    def missing(auc: float) -> float:
        return _shown(auc, num_members, num_nonmembers, num_models, mutual, level) - power

    if missing(_LARGEST_AUC) < 0:
        return 1.0
    if missing(0.5) >= 0:
        return 0.5
    return float(scipy.optimize.brentq(missing, 0.5, _LARGEST_AUC, xtol=1e-9))


def rows_needed(
    auc: float,
    *,
    num_nonmembers: int | None = None,
    num_models: int = 1,
    mutual: bool = False,
    power: float = 0.8,
    level: float = 0.95,
) -> int | None:
    """Return how many members in each model a leak needs in order to be shown.

    Args:
        auc: The leak, an AUC other than ½; below ½ the same leak is taken as above it.
        num_nonmembers: Non-members that are at hand; None for as many as there are members.
        num_models: Models over which the AUC is averaged.
        mutual: Whether the models are each other's references (see `detectable_auc`).
        power: Probability with which the AUC is shown, between 0 and 1.
        level: Confidence level of the interval, between 0 and 1.

    Returns:
        The number of members; None if no number of members is enough.

    Raises:
        InputError: If the AUC is ½ or outside [0, 1], a count is not positive, or power or level
            lie outside [0, 1].

    Example:
        >>> from qiskit_qmu.metrics import rows_needed
        >>> rows_needed(0.6), rows_needed(0.6, num_nonmembers=500)
        (126, 72)
    """
    _check_design(1, num_nonmembers or 1, num_models, power, level)
    leak = _leak(auc)

    def enough(members: int) -> bool:
        others = num_nonmembers or members
        return _shown(leak, members, others, num_models, mutual, level) >= power

    return _fewest(enough, 1)


def models_needed(
    auc: float,
    num_members: int,
    num_nonmembers: int,
    *,
    mutual: bool = False,
    power: float = 0.8,
    level: float = 0.95,
) -> int | None:
    """Return over how many models a leak must be averaged in order to be shown.

    Args:
        auc: The leak, an AUC other than ½; below ½ the same leak is taken as above it.
        num_members: Members in each model.
        num_nonmembers: Non-members beside them.
        mutual: Whether the models are each other's references (see `detectable_auc`).
        power: Probability with which the AUC is shown, between 0 and 1.
        level: Confidence level of the interval, between 0 and 1.

    Returns:
        The number of models, 1 if one is enough; None if no number of models is.

    Raises:
        InputError: If the AUC is ½ or outside [0, 1], a count is not positive, or power or level
            lie outside [0, 1].

    Example:
        >>> from qiskit_qmu.metrics import models_needed
        >>> models_needed(0.55, 90, 500), models_needed(0.55, 90, 500, mutual=True)
        (6, 10)
    """
    _check_design(num_members, num_nonmembers, 1, power, level)
    leak = _leak(auc)

    def enough(models: int) -> bool:
        return _shown(leak, num_members, num_nonmembers, models, mutual, level) >= power

    return 1 if enough(1) else _fewest(enough, 2)


def equivalence_margin(
    num_members: int,
    num_nonmembers: int,
    *,
    num_models: int = 1,
    mutual: bool = False,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Return the smallest margin around ½ within which an AUC of exactly ½ can be shown to lie.

    It is shown where both ends of the interval lie within the margin.

    Args:
        num_members: Members in each model.
        num_nonmembers: Non-members beside them.
        num_models: Models over which the AUC is averaged.
        mutual: Whether the models are each other's references (see `detectable_auc`).
        power: Probability with which it is shown, between 0 and 1.
        level: Confidence level of the interval, between 0 and 1.

    Returns:
        The margin, at most ½.

    Raises:
        InputError: If a count is not positive, or power or level lie outside [0, 1].

    Example:
        >>> from qiskit_qmu.metrics import equivalence_margin
        >>> round(equivalence_margin(90, 500), 3)
        0.107
        >>> round(equivalence_margin(90, 500, num_models=16, mutual=True), 3)
        0.041
    """
    _check_design(num_members, num_nonmembers, num_models, power, level)
    deviation, degrees = _error(0.5, num_members, num_nonmembers, num_models, mutual)
    if degrees < 1:
        return 0.5
    quantile = float(scipy.stats.t.ppf((1 + level) / 2, degrees))
    return min(0.5, deviation * (quantile + float(scipy.stats.norm.ppf((1 + power) / 2))))


def rows_needed_for_equivalence(
    margin: float,
    *,
    num_nonmembers: int | None = None,
    num_models: int = 1,
    mutual: bool = False,
    power: float = 0.8,
    level: float = 0.95,
) -> int | None:
    """Return how many members show that an AUC of exactly ½ lies within a margin of ½.

    Args:
        margin: Largest distance from ½ that counts as none, between 0 and ½.
        num_nonmembers: Non-members that are at hand; None for as many as there are members.
        num_models: Models over which the AUC is averaged.
        mutual: Whether the models are each other's references (see `detectable_auc`).
        power: Probability with which it is shown, between 0 and 1.
        level: Confidence level of the interval, between 0 and 1.

    Returns:
        The number of members; None if no number of members is enough.

    Raises:
        InputError: If a number is out of range.

    Example:
        >>> from qiskit_qmu.metrics import rows_needed_for_equivalence
        >>> rows_needed_for_equivalence(0.05)
        702
    """
    _check_design(1, num_nonmembers or 1, num_models, power, level)
    _check.between(0, 0.5, margin=margin)

    def enough(members: int) -> bool:
        others = num_nonmembers or members
        needed = equivalence_margin(
            members, others, num_models=num_models, mutual=mutual, power=power, level=level
        )
        return needed <= margin

    return _fewest(enough, 1)


def models_needed_for_equivalence(
    margin: float,
    num_members: int,
    num_nonmembers: int,
    *,
    mutual: bool = False,
    power: float = 0.8,
    level: float = 0.95,
) -> int | None:
    """Return how many models show that an AUC of exactly ½ lies within a margin of ½.

    Args:
        margin: Largest distance from ½ that counts as none, between 0 and ½.
        num_members: Members in each model.
        num_nonmembers: Non-members beside them.
        mutual: Whether the models are each other's references (see `detectable_auc`).
        power: Probability with which it is shown, between 0 and 1.
        level: Confidence level of the interval, between 0 and 1.

    Returns:
        The number of models, 1 if one is enough; None if no number of models is.

    Raises:
        InputError: If a number is out of range.

    Example:
        >>> from qiskit_qmu.metrics import models_needed_for_equivalence
        >>> models_needed_for_equivalence(0.05, 90, 500, mutual=True)
        12
    """
    _check_design(num_members, num_nonmembers, 1, power, level)
    _check.between(0, 0.5, margin=margin)

    def enough(models: int) -> bool:
        needed = equivalence_margin(
            num_members,
            num_nonmembers,
            num_models=models,
            mutual=mutual,
            power=power,
            level=level,
        )
        return needed <= margin

    return 1 if enough(1) else _fewest(enough, 2)


def _check_design(
    num_members: int, num_nonmembers: int, num_models: int, power: float, level: float
) -> None:
    _check.at_least(1, num_members=num_members, num_nonmembers=num_nonmembers)
    _check.at_least(1, num_models=num_models)
    _check.between(0, 1, power=power, level=level)


def _leak(auc: float) -> float:
    _check.between(0, 1, auc=auc)
    if auc == 0.5:
        raise InputError("auc must differ from 0.5: no number of rows shows the absence of a leak")
    return min(max(auc, 1 - auc), _LARGEST_AUC)


def _shown(
    auc: float, members: int, nonmembers: int, models: int, mutual: bool, level: float
) -> float:
    """Return the probability that the lower limit of the interval lies above ½."""
    deviation, degrees = _error(auc, members, nonmembers, models, mutual)
    if degrees < 1:
        return 0.0
    quantile = float(scipy.stats.t.ppf((1 + level) / 2, degrees))
    if models == 1:
        # The lower limit of a nearly perfect separation, see `stratified_auroc`.
        unseen = ((1 - level) / 2) ** (1 / min(members, nonmembers))
        if unseen <= 0.5:
            return 0.0
        quantile = max(quantile, (0.5 / unseen - 0.5) / deviation)
    return _exceeds(quantile, degrees, (auc - 0.5) / deviation)


def _exceeds(quantile: float, degrees: float, shift: float) -> float:
    """Return the probability that a non-central t lies above a quantile.

    This is the normal approximation of Johnson and Welch (Biometrika 1940,
    https://doi.org/10.1093/biomet/31.3-4.362), within 0.01 from four degrees of freedom on; SciPy's
    exact series does not converge for large shifts.
    """
    spread = math.sqrt(1 + quantile**2 / (2 * degrees))
    return float(scipy.stats.norm.sf((quantile * (1 - 1 / (4 * degrees)) - shift) / spread))


def _error(
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


def _fewest(enough: Callable[[int], bool], least: int) -> int | None:
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
