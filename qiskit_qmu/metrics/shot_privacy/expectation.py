"""How well released expectation values tell two models apart, in the limit of many shots.

Both functions return a `GaussianPrivacy`: the means are exact, their noise is taken as normal, and
its variance is that of the mean of both models. For few shots use the outcomes themselves.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.shot_privacy.gaussian import GaussianPrivacy
from qiskit_qmu.metrics.shot_privacy.release import Release

_SAME = 1e-12


def shared_shots_privacy(
    p: ArrayLike, q: ArrayLike, values: ArrayLike, shots: int
) -> GaussianPrivacy:
    """Return what several expectation values tell that are estimated from the same shots.

    Estimates ⟨O_k⟩ = Σ_m p_m v_km from the same counts are correlated: μ² = N Δᵀ C⁺ Δ with their
    differences Δ and C = V (diag p̄ − p̄p̄ᵀ) Vᵀ. It is never more than what the counts tell.

    Args:
        p: Outcome probabilities (outcomes,) with the row.
        q: The same without it.
        values: Eigenvalue (observables, outcomes) of each observable at each outcome, ±1 for Z.
        shots: Number of shots.

    Raises:
        InputError: If shapes do not fit, or these are not probabilities.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import shared_shots_privacy
        >>> correlated, mixed = [0.4, 0.1, 0.1, 0.4], [0.25, 0.25, 0.25, 0.25]
        >>> each_z = [[1, -1, 1, -1], [1, 1, -1, -1]]
        >>> shared_shots_privacy(correlated, mixed, each_z, 100).mu  # only Z⊗Z would tell
        0.0
    """
    release, table = Release.of(p, q, shots), np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(release.p):
        raise InputError(
            f"values must have a column for each of {len(release.p)} outcomes, "
            f"got the shape {table.shape}"
        )
    _check.finite(values=table)
    mean = (release.p + release.q) / 2
    difference = table @ (release.p - release.q)
    if float(np.abs(difference).max()) <= _SAME * float(np.abs(table).max()):
        return GaussianPrivacy(0.0)
    centred = table - (table @ mean)[:, None]
    inverse = np.linalg.pinv((centred * mean) @ centred.T, hermitian=True)
    return GaussianPrivacy(math.sqrt(shots * max(0.0, float(difference @ inverse @ difference))))


def separate_shots_privacy(
    first: ArrayLike, second: ArrayLike, coefficients: ArrayLike, shots: ArrayLike
) -> GaussianPrivacy:
    """Return what estimates of Σ_i c_ki ⟨P_i⟩ tell, where every Pauli string has its own shots.

    An estimate of ⟨P⟩ from N shots has the variance (1 − ⟨P⟩²)/N, so that estimates of the sums
    have the covariance Σ_i c_ki c_li (1 − ⟨P_i⟩²)/N_i, and μ² = Δᵀ C⁺ Δ.

    Args:
        first: Expectation values (paulis,) with the row, between −1 and 1.
        second: The same without it.
        coefficients: Coefficients (paulis,) of one released sum, or (sums, paulis) of several.
        shots: Shots of each Pauli string, (paulis,) or one number.

    Returns:
        The privacy of all sums together; μ is infinite if a difference has no noise at all.

    Raises:
        InputError: If shapes do not fit, or a number is out of range.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import GaussianPrivacy, separate_shots_privacy
        >>> one = separate_shots_privacy([0.1], [0.0], [1.0], 256)
        >>> round(one.mu, 3), round(GaussianPrivacy.of_shots(0.55, 0.5, 256).mu, 3)
        (1.602, 1.602)
    """
    with_row, without = (np.asarray(each, dtype=np.float64) for each in (first, second))
    table = np.atleast_2d(np.asarray(coefficients, dtype=np.float64))
    counts = np.broadcast_to(np.asarray(shots, dtype=np.float64), with_row.shape)
    _check.finite(first=with_row, second=without, coefficients=table, shots=counts)
    if with_row.ndim != 1 or with_row.shape != without.shape or table.shape[1:] != with_row.shape:
        raise InputError(
            "first, second and the columns of coefficients must have the same length, got "
            f"{with_row.shape}, {without.shape} and {table.shape}"
        )
    if max(np.abs(with_row).max(), np.abs(without).max()) > 1 or counts.min() < 1:
        raise InputError("expectation values must lie between -1 and 1, and shots be at least 1")
    mean = (with_row + without) / 2
    covariance = (table * ((1 - mean**2) / counts)) @ table.T
    difference = table @ (with_row - without)
    inverse = np.linalg.pinv(covariance, hermitian=True)
    unexplained = difference - covariance @ (inverse @ difference)
    if np.abs(unexplained).max() > 1e-9 * max(1.0, float(np.abs(difference).max())):
        return GaussianPrivacy(math.inf)
    return GaussianPrivacy(math.sqrt(max(0.0, float(difference @ inverse @ difference))))
