"""LossDistribution: how an attacker's log likelihood ratio is distributed with and without a row.

The best attack on a release is its likelihood ratio (Neyman and Pearson), so that δ(ε), the
advantage and the AUC of every attack are bounded by these two distributions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu.metrics.shot_privacy.bounds import Bounds

Array = NDArray[np.float64]

_DOUBLINGS = 60
_BISECTIONS = 40
_LARGEST_EXPONENT = 600.0


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LossSide:
    """The privacy loss L = ln(own/other) of a release under its own distribution.

    Attributes:
        scores: Values (k,) of a function of the release, increasing.
        masses: Their probabilities (k,); they and `infinite` add up to 1.
        infinite: Probability of outcomes that are impossible under the other distribution.
        offset: The loss is the score minus this,
        slack: give or take at most this,
        missed: apart from a probability of at most this.
    """

    scores: Array
    masses: Array
    infinite: float = 0.0
    offset: float = 0.0
    slack: float = 0.0
    missed: float = 0.0

    def hockey_stick(self, epsilon: float) -> Bounds:
        """Return E[(1 − e^(ε−L))₊], which is max over events A of P(A) − e^ε Q(A)."""
        low, high = (
            self.infinite + self._above(epsilon - shift) for shift in (-self.slack, self.slack)
        )
        return Bounds(max(0.0, low - self.missed), min(1.0, high + self.missed))

    def _above(self, threshold: float) -> float:
        """Return Σ mass·(1 − e^(threshold − loss)) over the losses above a threshold."""
        if threshold > _LARGEST_EXPONENT:
            excess = np.maximum(self.scores - self.offset - threshold, 0.0)
            return float(self.masses @ -np.expm1(-excess))
        first = int(np.searchsorted(self.scores, threshold + self.offset, side="right"))
        masses, others = self._tails
        return max(0.0, float(masses[first] - math.exp(threshold) * others[first]))

    @cached_property
    def _tails(self) -> tuple[Array, Array]:
        """Sums (k + 1,) of mass and of mass·e^(−loss) from each score on."""
        exponents = np.minimum(self.offset - self.scores, _LARGEST_EXPONENT)
        both = (self.masses, self.masses * np.exp(exponents))
        masses, others = (np.append(np.cumsum(each[::-1])[::-1], 0.0) for each in both)
        return masses, others

    @property
    def largest_auc(self) -> float:
        """AUC of the pair with these losses moved up by the slack, which dominates the release."""
        exponents = self.offset - self.scores - self.slack
        others = self.masses * np.exp(np.minimum(exponents, _LARGEST_EXPONENT))
        rest = max(0.0, 1.0 - float(others.sum()))
        below = np.minimum(1.0, rest + np.cumsum(others) - others / 2)
        return min(1.0, self.infinite + float(self.masses @ below) + self.missed)


@final
@dataclass(frozen=True, kw_only=True)
class LossDistribution:
    """The privacy loss of a release, with the row and without it.

    Attributes:
        with_row: ln(p/q) of what a model releases that was trained with the row.
        without_row: ln(q/p) of what one releases that was trained without it.
    """

    with_row: LossSide
    without_row: LossSide

    def delta(self, epsilon: float) -> Bounds:
        """Return the smallest δ with P(A) ≤ e^ε Q(A) + δ and Q(A) ≤ e^ε P(A) + δ for all events."""
        _check.non_negative(epsilon=epsilon)
        first, second = (side.hockey_stick(epsilon) for side in (self.with_row, self.without_row))
        return Bounds(max(first.low, second.low), max(first.high, second.high))

    def epsilon(self, delta: float) -> Bounds:
        """Return the smallest ε ≥ 0 for a δ, by bisection; ∞ if no ε is enough."""
        _check.between(0, 1, delta=delta)
        return Bounds(
            _smallest(lambda epsilon: self.delta(epsilon).low <= delta),
            _smallest(lambda epsilon: self.delta(epsilon).high <= delta),
        )

    @property
    def advantage(self) -> Bounds:
        """Largest TPR − FPR of any attack: the total variation distance."""
        return self.delta(0.0)

    @property
    def auc(self) -> Bounds:
        """AUC of the likelihood ratio, the largest of any attack; a tie counts ½.

        The lower bound is the AUC of an attack that could be made, by the scores.
        """
        inside, outside = self.with_row, self.without_row
        # The scores without the row are those of ln(q/p).
        others, weights = -outside.scores[::-1], outside.masses[::-1]
        below = np.concatenate([[0.0], np.cumsum(weights)])
        under, up_to = (
            below[np.searchsorted(others, inside.scores, side=side)] for side in ("left", "right")
        )
        missed = inside.missed + outside.missed
        certain = inside.infinite + (1.0 - inside.infinite) * outside.infinite
        low = max(0.5, certain + float(inside.masses @ (under + up_to)) / 2 - missed)
        high = min(inside.largest_auc, outside.largest_auc)
        return Bounds(low, max(low, high))


def _smallest(holds: Callable[[float], bool]) -> float:
    """Return the smallest number ≥ 0 from which on a condition holds, or ∞."""
    if holds(0.0):
        return 0.0
    low, high = 0.0, 1e-3
    for _ in range(_DOUBLINGS):
        if holds(high):
            break
        low, high = high, 2 * high
    else:
        return math.inf
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
