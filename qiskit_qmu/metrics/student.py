"""Student's quantile for an error that has several sources."""

import math
from collections.abc import Sequence

import scipy


def student_quantile(variances: Sequence[float], degrees: Sequence[int], level: float) -> float:
    """Return Student's quantile with Welch–Satterthwaite degrees of freedom.

    Args:
        variances: Estimated variances whose sum is the squared error.
        degrees: Degrees of freedom of each, at least 1.
        level: Confidence level of a two-sided interval, between 0 and 1.

    Returns:
        The multiple of the error that is half the interval's width.

    Example:
        >>> from qiskit_qmu.metrics.student import student_quantile
        >>> round(student_quantile([1.0], [2], 0.95), 2)
        4.3
    """
    terms = zip(variances, degrees, strict=True)
    spread = sum(variance**2 / freedom for variance, freedom in terms)
    freedom = sum(variances) ** 2 / spread if spread > 0 else math.inf
    return float(scipy.stats.t.ppf((1 + level) / 2, freedom))
