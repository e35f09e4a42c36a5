"""Power: what leak so many rows and models can show, known before anything is trained."""

import math

import scipy

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.design import auc_error, check_design, fewest

_LARGEST_AUC = 1 - 1e-9


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
    check_design(num_members, num_nonmembers, num_models, power, level)

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
    check_design(1, num_nonmembers or 1, num_models, power, level)
    leak = _leak(auc)

    def enough(members: int) -> bool:
        others = num_nonmembers or members
        return _shown(leak, members, others, num_models, mutual, level) >= power

    return fewest(enough, 1)


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
    check_design(num_members, num_nonmembers, 1, power, level)
    leak = _leak(auc)

    def enough(models: int) -> bool:
        return _shown(leak, num_members, num_nonmembers, models, mutual, level) >= power

    return 1 if enough(1) else fewest(enough, 2)


def _leak(auc: float) -> float:
    _check.between(0, 1, auc=auc)
    if auc == 0.5:
        raise InputError("auc must differ from 0.5: no number of rows shows the absence of a leak")
    return min(max(auc, 1 - auc), _LARGEST_AUC)


def _shown(
    auc: float, members: int, nonmembers: int, models: int, mutual: bool, level: float
) -> float:
    """Return the probability that the lower limit of the interval lies above ½."""
    deviation, degrees = auc_error(auc, members, nonmembers, models, mutual)
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
