"""How many shots a precision takes; one rule for simulators and devices."""

import math

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

_MOST_SHOTS = 2**53


def shots_of_precision(precision: float, default: int | None) -> int | None:
    """Return the shots that an estimator takes for a precision; None for exact values.

    Args:
        precision: Standard error to aim at; the default shots where 0.
        default: Shots of the estimator; None for exact values, which meet every precision.

    Raises:
        InputError: If the precision is negative or takes too many shots.
    """
    _check.non_negative(precision=precision)
    if default is None or precision == 0:
        return default
    needed = 1 / precision**2
    if needed > _MOST_SHOTS:
        raise InputError(
            f"precision must take at most {_MOST_SHOTS:,} shots, got precision={precision}"
        )
    # The precision of 100 shots takes 100, however its square was rounded.
    whole = round(needed)
    return whole if math.isclose(needed, whole, rel_tol=1e-12) else math.ceil(needed)
