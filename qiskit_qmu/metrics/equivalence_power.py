"""What shows that an AUC lies within a margin of ½: how many rows, and how many models."""

import scipy

from qiskit_qmu import _check
from qiskit_qmu.metrics.design import auc_error, check_design, fewest


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
    check_design(num_members, num_nonmembers, num_models, power, level)
    deviation, degrees = auc_error(0.5, num_members, num_nonmembers, num_models, mutual)
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
    check_design(1, num_nonmembers or 1, num_models, power, level)
    _check.between(0, 0.5, margin=margin)

    def enough(members: int) -> bool:
        others = num_nonmembers or members
        needed = equivalence_margin(
            members, others, num_models=num_models, mutual=mutual, power=power, level=level
        )
        return needed <= margin

    return fewest(enough, 1)


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
    check_design(num_members, num_nonmembers, 1, power, level)
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

    return 1 if enough(1) else fewest(enough, 2)
