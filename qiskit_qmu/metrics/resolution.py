"""The smallest false positive rate that so many non-members can support."""

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


def smallest_fpr(num_nonmembers: int) -> float:
    """Return the smallest false positive rate that so many non-members support.

    Without a single false positive among m non-members, the 95 % upper limit of the rate is
    1 − 0.05^(1/m), about 3/m. Below that, no threshold can be shown to have the rate.

    Args:
        num_nonmembers: Number of non-members, m.

    Returns:
        The rate, between 0 and 1.

    Raises:
        InputError: If there is no non-member.

    Example:
        >>> from qiskit_qmu.metrics import smallest_fpr
        >>> round(smallest_fpr(100), 4), round(smallest_fpr(3000), 4)
        (0.0295, 0.001)
    """
    _check.at_least(1, num_nonmembers=num_nonmembers)
    return float(1 - 0.05 ** (1 / num_nonmembers))


def check_supported(fpr: float, num_nonmembers: int) -> None:
    """Raise InputError if so many non-members do not support a false positive rate.

    Args:
        fpr: The rate.
        num_nonmembers: Number of non-members.

    Raises:
        InputError: If the rate is below `smallest_fpr` or outside [0, 1].
    """
    _check.between(0, 1, fpr=fpr)
    smallest = smallest_fpr(num_nonmembers)
    if fpr < smallest:
        raise InputError(
            f"{num_nonmembers} non-members support no false positive rate below {smallest:.4f}, "
            f"got fpr={fpr}; add non-members or pool the scores of several models"
        )
