"""The ε of one shot that a device's noise guarantees, whatever the model and the rows.

All follow from one fact. Let an outcome have the effect M, a matrix with eigenvalues from
λ_min > 0 to λ_max = κ λ_min, and let two states be at most a trace distance τ apart. Then
Tr M(ρ − σ) ≤ τ(λ_max − λ_min) and Tr Mσ ≥ λ_min, so that Tr Mρ/Tr Mσ ≤ 1 + τ(κ − 1): a shot is
ε-differentially private with ε = ln(1 + (κ − 1)τ), where κ is the largest of all outcomes. This is
the bound of VeriQDP (Guan, Fang, Huang and Ying, 2023, https://arxiv.org/abs/2309.06760), which
takes the largest κ of all sets of outcomes; a ratio of sums is never above the largest ratio of
their terms, so that single outcomes are enough.

N shots are at worst N times as bad; `guaranteed_privacy` is sharper. What is assumed is that the
noise acts on every shot at least so strongly. Without noise nothing is guaranteed: the variance of
shot noise vanishes for outcomes that are certain.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

_ROUNDING = 1e-9


def condition_number_epsilon(condition_number: float, distance: float = 1.0) -> float:
    """Return ε = ln(1 + (κ − 1)τ) of one shot.

    Args:
        condition_number: κ, the largest λ_max/λ_min of an outcome's effect, at least 1; ∞ for none.
        distance: τ, the largest trace distance between the states before the noise, between 0 and
            1. 1 holds always.

    Raises:
        InputError: If a number is out of range.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import condition_number_epsilon
        >>> round(condition_number_epsilon(39.0, distance=0.05), 2)
        1.06
    """
    _check.number(condition_number=condition_number)
    if not condition_number >= 1:
        raise InputError(f"condition_number must be at least 1, got {condition_number}")
    _check.between(0, 1, distance=distance)
    return math.log1p((condition_number - 1) * distance) if distance > 0 else 0.0


def condition_number(effects: ArrayLike) -> float:
    """Return the largest condition number of the outcomes' effects.

    Args:
        effects: For each outcome the matrix E†(M) whose expectation value in the state *before* the
            noise is its probability, (outcomes, d, d), Hermitian and positive, adding up to 1.

    Returns:
        κ, ∞ if a state excludes an outcome.

    Raises:
        InputError: If they are not effects of one measurement.

    Example:
        >>> import numpy as np
        >>> from qiskit.quantum_info import SuperOp
        >>> from qiskit_aer.noise import depolarizing_error
        >>> from qiskit_qmu.metrics.shot_privacy import condition_number
        >>> noise = SuperOp(depolarizing_error(0.05, 1)).data.conj().T  # E†, on operators
        >>> outcomes = np.array([np.diag([1.0, 0.0]), np.diag([0.0, 1.0])])
        >>> effects = [(noise @ each.ravel("F")).reshape(2, 2, order="F") for each in outcomes]
        >>> round(condition_number(effects), 6)  # (1 − λ + λ/2)/(λ/2)
        39.0
    """
    matrices = np.asarray(effects, dtype=np.complex128)
    if matrices.ndim != 3 or matrices.shape[1] != matrices.shape[2] or not len(matrices):
        raise InputError(
            f"effects must be square matrices, one for each outcome; got {matrices.shape}"
        )
    difference = max(
        float(np.abs(matrices - matrices.conj().transpose(0, 2, 1)).max()),
        float(np.abs(matrices.sum(axis=0) - np.eye(matrices.shape[1])).max()),
    )
    if difference > _ROUNDING:
        raise InputError(
            f"effects must be Hermitian and add up to 1, got a difference of {difference:.3g}"
        )
    values = np.linalg.eigvalsh(matrices)
    low, high = values[:, 0], values[:, -1]
    if low.min() < -_ROUNDING:
        raise InputError(f"effects must be positive, got an eigenvalue of {low.min():.3g}")
    if (low <= _ROUNDING).any():
        return math.inf
    return float((high / low).max())


def depolarising_epsilon(strength: float, num_outcomes: int, distance: float = 1.0) -> float:
    """Return the ε of one shot behind a depolarising channel of the whole register.

    D(ρ) = (1 − λ)ρ + λ 1/d before a measurement whose K outcomes are equally likely in the mixed
    state makes the probabilities P′ = (1 − λ)P + λ/K. So the smallest is λ/K, and
    ε = ln(1 + K(1 − λ)τ/λ). It depends on the number of outcomes and not on the dimension d = 2ⁿ,
    which stands in its place where the measurement is not known.

    Args:
        strength: λ, between 0 and 1.
        num_outcomes: K: 2 for one ⟨Z⟩, 2ⁿ for the counts of n qubits.
        distance: τ, the largest trace distance between the states before the noise.

    Returns:
        ε, ∞ without noise.

    Raises:
        InputError: If a number is out of range.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import depolarising_epsilon
        >>> [round(depolarising_epsilon(0.05, k, distance=0.05), 2) for k in (2, 10, 1024)]
        [1.06, 2.35, 6.88]
    """
    _check.between(0, 1, strength=strength)
    _check.at_least(2, num_outcomes=num_outcomes)
    kappa = math.inf if strength == 0 else 1 + num_outcomes * (1 - strength) / strength
    return condition_number_epsilon(kappa, distance)


def readout_epsilon(assignments: Sequence[ArrayLike], distance: float = 1.0) -> float:
    """Return the ε of one shot whose bits are misread independently of each other.

    A read-out k of n bits has, given the true bits b, the probability Π_j A_j(k_j, b_j), so that
    its condition number is at most Π_j max A_j(k_j, ·)/min A_j(k_j, ·). Correcting read-out errors
    afterwards does not raise ε.

    Args:
        assignments: For each bit that is released the matrix A(read, true), (2, 2); its columns add
            up to 1.
        distance: τ, the largest trace distance between the states before the read-out.

    Returns:
        ε, ∞ if a bit is never misread in one direction.

    Raises:
        InputError: If there is no matrix, or a column is not a distribution.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import readout_epsilon
        >>> round(readout_epsilon([[[0.98, 0.03], [0.02, 0.97]]]), 2)
        3.88
    """
    _check.not_empty(assignments=assignments)
    kappa = 1.0
    for each in assignments:
        matrix = np.asarray(each, dtype=np.float64)
        if matrix.shape != (2, 2) or matrix.min() < 0 or abs(matrix.sum(axis=0) - 1).max() > 1e-9:
            raise InputError(
                f"an assignment must be a (2, 2) matrix whose columns add up to 1, got {each!r}"
            )
        low, high = matrix.min(axis=1), matrix.max(axis=1)
        kappa *= math.inf if low.min() == 0 else float((high / low).max())
    return condition_number_epsilon(kappa, distance)
