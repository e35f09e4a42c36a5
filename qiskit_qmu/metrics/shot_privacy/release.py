"""Release: shots of one query, drawn from one of two outcome distributions."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Array = NDArray[np.float64]

_ROUNDING = 1e-9


@final
@dataclass(frozen=True, eq=False)
class Release:
    """Independent shots of one circuit, whose outcomes follow p or q.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import Release
        >>> Release.of(0.55, 0.5, 16).p
        array([0.45, 0.55])
    """

    p: Array
    """Outcome probabilities (outcomes,) of the model that was trained with the row."""

    q: Array
    """Those of the model that was trained without it."""

    shots: int
    """Number of shots, at least 1."""

    @staticmethod
    def of(p: ArrayLike, q: ArrayLike, shots: int) -> "Release":
        """Return a release after checking it.

        Args:
            p: Outcome probabilities with the row, adding up to 1, or the probability of the second
                of two outcomes.
            q: The same without it.
            shots: Number of shots.

        Raises:
            InputError: If these are not probabilities of the same outcomes, or there is no shot.
        """
        _check.at_least(1, shots=shots)
        first, second = _probabilities("p", p), _probabilities("q", q)
        if first.shape != second.shape:
            raise InputError(
                f"p and q must have the same outcomes, got {len(first)} and {len(second)}"
            )
        return Release(first, second, shots)

    @property
    def loss(self) -> Array:
        """Privacy loss ln(p/q) of each outcome; ±∞ where one of them is 0, and 0 where both are."""
        loss = np.zeros_like(self.p)
        both = (self.p > 0) & (self.q > 0)
        loss[both] = np.log(self.p[both]) - np.log(self.q[both])
        loss[(self.p > 0) & (self.q == 0)] = np.inf
        loss[(self.p == 0) & (self.q > 0)] = -np.inf
        return loss


def _probabilities(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0:
        array = np.stack([1.0 - array, array])
    if array.ndim != 1 or len(array) < 2:
        raise InputError(
            f"{name} must be a number or a vector of at least 2 probabilities, "
            f"got the shape {array.shape}"
        )
    _check.finite(**{name: array})
    total = float(array.sum())
    if array.min() < 0 or abs(total - 1) > _ROUNDING:
        raise InputError(
            f"{name} must be probabilities that add up to 1, "
            f"got a smallest value of {array.min():g} and a sum of {total:.10g}"
        )
    array = array / total
    array.setflags(write=False)
    return array
