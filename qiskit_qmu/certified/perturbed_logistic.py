"""Logistic regression with a perturbed objective: training, removal and bounds of its gradient."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu._seeds import stream

Array = NDArray[np.float64]

THIRD_DERIVATIVE = 1 / (6 * np.sqrt(3))
"""Largest third derivative of ln(1 + e^−m), by which its second one is Lipschitz."""

_STEPS = 100
_HALVINGS = 50
_EPSILON = float(np.finfo(np.float64).eps)


@final
@dataclass(frozen=True, eq=False)
class Weights:
    """Weights with a bound of the gradient of the objective that they are to minimise.

    Attributes:
        weights: w (features,).
        residual: An upper bound of ‖∇L_b(w)‖₂ over the rows that the objective has now.
    """

    weights: Array
    residual: float


def gradient(weights: Array, x: Array, signs: Array, ridge: float, noise: Array) -> Array:
    """Return the gradient of L_b(w) = Σ ln(1 + exp(−y wᵀx)) + λn/2 ‖w‖² + bᵀw.

    Args:
        weights: w (features,).
        x: Rows (n, features).
        signs: y (n,), 1 or -1.
        ridge: λ.
        noise: b (features,).
    """
    slopes = -signs * expit(-signs * (x @ weights))
    return np.asarray(x.T @ slopes + ridge * len(x) * weights + noise)


def hessian(weights: Array, x: Array, signs: Array, ridge: float) -> Array:
    """Return the Hessian of L_b, which does not depend on b."""
    chance = expit(signs * (x @ weights))
    curvature = chance * (1 - chance)
    return np.asarray((x.T * curvature) @ x + ridge * len(x) * np.eye(x.shape[1]))


def train(x: Array, signs: Array, ridge: float, noise: Array) -> Weights:
    """Minimise L_b by Newton's method, with steps halved until they descend.

    Returns:
        The weights; their residual is the gradient that is left, with its rounding error.

    Raises:
        NonFiniteError: If the weights overflow.
    """
    weights = np.zeros(x.shape[1])
    slope = gradient(weights, x, signs, ridge, noise)
    for _ in range(_STEPS):
        step = cho_solve(cho_factor(hessian(weights, x, signs, ridge)), slope)
        # L_b is convex: as long as its gradient shrinks, the step is no leap too far.
        for scale in 0.5 ** np.arange(_HALVINGS):
            tried = weights - scale * step
            found = gradient(tried, x, signs, ridge, noise)
            if np.linalg.norm(found) < np.linalg.norm(slope):
                weights, slope = tried, found
                break
        else:
            break
    if not np.isfinite(slope).all():
        raise NonFiniteError("the weights overflow; raise regularization, or lower noise")
    residual = float(np.linalg.norm(slope))
    rounding = rounding_bound(weights, x, ridge, float(np.linalg.norm(noise)))
    return Weights(weights, residual + rounding)


def remove(
    fitted: Weights, removed: Array, removed_signs: Array, x: Array, signs: Array, ridge: float
) -> Weights:
    """Take the Newton step that removes rows, and bound the gradient that it leaves.

    With Δ = Σ_removed (λw + ∇ℓ(w)) and H the Hessian over the other rows, w⁻ = w + s with
    s = H⁻¹Δ. The gradient over the other rows at w⁻ is that over all rows at w, plus Hs − Δ, plus
    the rest of a Taylor series, Σ x(ℓ'(m + xᵀs) − ℓ'(m) − ℓ''(m)xᵀs), whose norm is at most
    ‖X‖₂·γ/2·‖(Xs)²‖₂ with γ = max|ℓ'''| and the squares taken entry by entry. Guo et al. bound it
    by γ‖X‖₂‖s‖₂‖Xs‖₂ (Corollary 1), which is at least twice as large for rows of norm one or less.

    Args:
        fitted: Weights over all rows.
        removed: Removed rows (m, features).
        removed_signs: Their y (m,).
        x: The other rows (n, features), at least one.
        signs: Their y (n,).
        ridge: λ.

    Returns:
        The weights w⁻; their residual is a sum over all removals since training.
    """
    weights = fitted.weights
    shift = gradient(weights, removed, removed_signs, ridge, np.zeros_like(weights))
    curvature = hessian(weights, x, signs, ridge)
    step = cho_solve(cho_factor(curvature), shift)
    unsolved = float(np.linalg.norm(curvature @ step - shift))
    spectral = float(np.linalg.norm(x, 2)) * (1 + 1e-12)
    rest = spectral * THIRD_DERIVATIVE / 2 * float(np.linalg.norm((x @ step) ** 2))
    moved = weights + step
    rounding = rounding_bound(moved, x, ridge, float(np.linalg.norm(shift)))
    return Weights(moved, fitted.residual + rest * (1 + 1e-9) + unsolved + rounding)


def rounding_bound(weights: Array, x: Array, ridge: float, other: float) -> float:
    """Return how far rounding can carry a gradient of rows of norm one or less from its value."""
    size = len(x) * (1 + ridge * float(np.linalg.norm(weights))) + other
    return float(4 * _EPSILON * (len(x) + x.shape[1]) * size)


def noise_generator(
    random_state: int | np.random.RandomState | None, trainings: int
) -> np.random.Generator:
    """Return the generator of one training's b; none is stored, as b could be read off it.

    Args:
        random_state: As for `CertifiedClassifier`.
        trainings: How many trainings and removals there were before.
    """
    if random_state is None:
        return np.random.default_rng()
    if isinstance(random_state, np.random.RandomState):
        return stream(int(random_state.randint(2**31 - 1)), "noise")
    return stream(random_state, "noise", str(trainings))
