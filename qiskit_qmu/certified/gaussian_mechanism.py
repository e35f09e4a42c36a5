"""How well Gaussian noise hides a shift: ε and δ from their ratio."""

import math

from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

from qiskit_qmu import _check

_LARGEST_EPSILON = 700.0
_LARGEST_RATIO = 1e3


def gaussian_delta(ratio: float, epsilon: float) -> float:
    """Return the smallest δ for which noise N(0, σ²I) hides a shift of norm Δ, with its ε.

    δ = Φ(r/2 − ε/r) − e^ε·Φ(−r/2 − ε/r) for r = Δ/σ. This is exact for every ε, unlike
    σ = Δ·√(2 ln(1.25/δ))/ε, which holds for ε < 1 only. Balle and Wang, Improving the Gaussian
    Mechanism for Differential Privacy, Theorem 8, https://arxiv.org/abs/1805.06530.

    Args:
        ratio: r, zero or more.
        epsilon: ε, zero or more.

    Example:
        >>> from qiskit_qmu.certified import gaussian_delta
        >>> round(gaussian_delta(1.0, 0.0), 4), gaussian_delta(0.0, 0.1)
        (0.3829, 0.0)
    """
    _check.non_negative(ratio=ratio, epsilon=epsilon)
    if ratio == 0:
        return 0.0
    near, far = ratio / 2 - epsilon / ratio, -ratio / 2 - epsilon / ratio
    return max(0.0, float(ndtr(near)) - math.exp(min(0.0, epsilon + float(log_ndtr(far)))))


def gaussian_epsilon(ratio: float, delta: float) -> float:
    """Return the smallest ε for a ratio Δ/σ and δ; see `gaussian_delta`.

    Args:
        ratio: r, zero or more.
        delta: δ, between 0 and 1.

    Returns:
        ε, rounded up; infinite above 700.

    Example:
        >>> from qiskit_qmu.certified import gaussian_epsilon
        >>> round(gaussian_epsilon(0.1, 1e-5), 3)
        0.341
    """
    _check.between(0.0, 1.0, delta=delta)
    _check.positive(delta=delta)
    if gaussian_delta(ratio, 0.0) <= delta:
        return 0.0
    if gaussian_delta(ratio, _LARGEST_EPSILON) > delta:
        return math.inf
    root = brentq(lambda e: gaussian_delta(ratio, e) - delta, 0.0, _LARGEST_EPSILON, xtol=1e-12)
    return float(root) * (1 + 1e-9) + 1e-11


def largest_ratio(epsilon: float, delta: float) -> float:
    """Return the largest Δ/σ that keeps within ε and δ, rounded down; see `gaussian_delta`.

    Args:
        epsilon: ε, above zero.
        delta: δ, between 0 and 1.

    Example:
        >>> from qiskit_qmu.certified import gaussian_delta, largest_ratio
        >>> ratio = largest_ratio(1.0, 1e-5)
        >>> round(ratio, 3), gaussian_delta(ratio, 1.0) <= 1e-5
        (0.268, True)
    """
    _check.positive(epsilon=epsilon, delta=delta)
    _check.between(0.0, 1.0, delta=delta)
    root = brentq(lambda r: gaussian_delta(r, epsilon) - delta, 1e-12, _LARGEST_RATIO, xtol=1e-14)
    return float(root) * (1 - 1e-9) - 1e-13
