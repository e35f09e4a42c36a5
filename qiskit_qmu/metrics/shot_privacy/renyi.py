"""Rényi divergences of shots, which add up over shots, queries and private training."""

import math

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.shot_privacy.release import Release

Array = NDArray[np.float64]

RENYI_ORDERS: tuple[float, ...] = (
    *(1 + x / 10 for x in range(1, 100)), *range(11, 64), 128.0, 256.0, 512.0, 1024.0
)  # fmt: skip
"""Orders at which divergences are taken by default, those of dp-accounting and some more."""


def renyi_divergence(
    p: ArrayLike, q: ArrayLike, shots: int = 1, orders: ArrayLike = RENYI_ORDERS
) -> Array:
    """Return the larger of D_α(p‖q) and D_α(q‖p) of N shots, for each order α.

    D_α(p‖q) = ln(Σ_m p_m^α q_m^(1−α))/(α − 1). Independent shots multiply the sums, so that N shots
    have N times the divergence of one. At the same orders divergences of anything else add to it:
    of other queries, and of training by DP-SGD as dp-accounting's RdpAccountant computes them.

    Args:
        p: Outcome probabilities, or that of the second of two outcomes.
        q: The same of the model without the row.
        shots: Number of shots.
        orders: Orders α (k,), all above 1.

    Returns:
        The divergences (k,) in nats; infinite if one distribution excludes what the other allows.

    Raises:
        InputError: If they are not probabilities of the same outcomes, or an order is not above 1.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import renyi_divergence
        >>> renyi_divergence(0.55, 0.5, shots=16, orders=[2.0]).round(4)
        array([0.1608])
    """
    release, alphas = Release.of(p, q, shots), _orders(orders)
    seen = (release.p > 0) | (release.q > 0)
    with np.errstate(divide="ignore"):
        first, second = np.log(release.p[seen]), np.log(release.q[seen])
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return np.full(len(alphas), np.inf)
    both = [_divergence(*each, alphas) for each in ((first, second), (second, first))]
    return np.asarray(shots * np.maximum(*both))


def renyi_epsilon(divergences: ArrayLike, delta: float, orders: ArrayLike = RENYI_ORDERS) -> float:
    """Return an ε that holds with δ for given Rényi divergences; an upper bound.

    ε = min over α of D_α + ln((α − 1)/α) − (ln δ + ln α)/(α − 1), Canonne, Kamath and Steinke
    (2020, proposition 12, https://arxiv.org/abs/2004.00010).

    Args:
        divergences: Sums of divergences (k,) at the orders, see `renyi_divergence`.
        delta: The δ, above 0 and at most 1.
        orders: Orders α (k,), all above 1.

    Raises:
        InputError: If lengths differ, or a number is out of range.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import renyi_divergence, renyi_epsilon
        >>> round(renyi_epsilon(renyi_divergence(0.55, 0.5, shots=256), 1e-5), 1)
        8.2
    """
    rho, alphas = np.asarray(divergences, dtype=np.float64), _orders(orders)
    _check.same_length(divergences=rho, orders=alphas)
    _check.between(0, 1, delta=delta)
    if delta == 0:
        raise InputError("delta must be above 0")
    terms = np.log1p(-1 / alphas) - (math.log(delta) + np.log(alphas)) / (alphas - 1)
    return max(0.0, float(np.min(rho + terms)))


def _orders(orders: ArrayLike) -> Array:
    alphas = np.asarray(orders, dtype=np.float64)
    _check.finite(orders=alphas)
    if alphas.ndim != 1 or not len(alphas) or alphas.min() <= 1:
        raise InputError(f"orders must be a vector of numbers above 1, got {orders!r}")
    return alphas


def _divergence(log_p: Array, log_q: Array, alphas: Array) -> Array:
    exponents = np.outer(alphas, log_p) + np.outer(1 - alphas, log_q)
    sums = np.asarray(scipy.special.logsumexp(exponents, axis=1))
    return np.maximum(0.0, sums / (alphas - 1))
