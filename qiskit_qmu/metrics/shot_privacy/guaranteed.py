"""guaranteed_privacy: a bound for every row and every training set, from a noise floor."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.metrics.shot_privacy.loss_distribution import LossDistribution
from qiskit_qmu.metrics.shot_privacy.release import Release
from qiskit_qmu.metrics.shot_privacy.released_loss import released_loss


@final
@dataclass(frozen=True)
class GuaranteedPrivacy:
    """Upper bounds of what shots tell of any row, given what each shot guarantees.

    They hold for every pair of training sets that the floor holds for. Attacks may do worse than
    the bounds allow; see `AuditedPrivacy` for what a given pair leaks.

    Attributes:
        releases: Worst-case pairs of the releases, see `guaranteed_privacy`.
    """

    assumes: ClassVar[tuple[str, ...]] = (
        "every shot is at least as noisy as its floor says, on the device and on the day",
        "the trace distance that was put in bounds the states of all pairs of training sets",
        "shots are independent, and an attacker gets no others",
        "the model's parameters are not published: shots protect answers only",
    )
    """What the numbers rest on."""

    releases: tuple[Release, ...]

    @cached_property
    def loss(self) -> LossDistribution:
        """The distribution of the privacy loss of the worst case."""
        return released_loss(self.releases)

    def delta(self, epsilon: float) -> float:
        """Return a δ that holds at an ε ≥ 0."""
        return self.loss.delta(epsilon).high

    def epsilon(self, delta: float) -> float:
        """Return an ε that holds at a δ between 0 and 1."""
        return min(self.loss.epsilon(delta).high, self.pure_epsilon)

    @property
    def advantage(self) -> float:
        """No attack has a larger TPR − FPR."""
        return self.loss.advantage.high

    @property
    def auc(self) -> float:
        """No attack has a larger AUC."""
        return self.loss.auc.high

    @property
    def pure_epsilon(self) -> float:
        """The ε at δ = 0: the sum of those of all shots."""
        return float(sum(each.shots * abs(each.loss).max() for each in self.releases))

    def composed(self, *others: "GuaranteedPrivacy") -> "GuaranteedPrivacy":
        """Return the bounds of these and other releases about the same row together.

        Raises:
            InputTypeError: If one is not guaranteed: an audit and a guarantee do not add up to
                either.
        """
        for other in others:
            if not isinstance(other, GuaranteedPrivacy):
                raise InputTypeError(
                    f"guaranteed privacy composes with guarantees, got {type(other).__name__}"
                )
        return GuaranteedPrivacy((*self.releases, *(r for other in others for r in other.releases)))


def guaranteed_privacy(
    epsilon_per_shot: float, shots: int, *, advantage_per_shot: float = 1.0, queries: int = 1
) -> GuaranteedPrivacy:
    """Return what N shots can tell at most, each of which is ε-differentially private.

    Let no event of one shot differ in probability by more than a factor e^ε, nor by more than τ.
    The hockey-stick divergence is convex in γ = e^ε′, at most τ at γ = 1 and 0 at γ = e^ε, and so
    never above x(e^ε − γ) with x = τ/(e^ε − 1). The three outcomes with the probabilities
    (x e^ε, 1 − x(1 + e^ε), x) and the same in reverse attain that, for all γ: they dominate the
    shot, and N of them dominate N shots (Zhu, Dong and Wang, 2022, theorem 10,
    https://arxiv.org/abs/2106.08567). τ is at most tanh(ε/2), where the middle outcome vanishes and
    randomised response remains (Kairouz, Oh and Viswanath, 2015, https://arxiv.org/abs/1311.0776).

    Args:
        epsilon_per_shot: ε of one shot, such as `depolarising_epsilon` and `readout_epsilon` give.
        shots: Shots of a query.
        advantage_per_shot: τ, the largest total variation distance of the outcomes of one shot,
            behind all noise; 1 if it is not known.
        queries: Number of queries, each with shots of its own.

    Raises:
        InputError: If a number is out of range, or ε is infinite, which guarantees nothing.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import depolarising_epsilon, guaranteed_privacy
        >>> floor = depolarising_epsilon(0.2, num_outcomes=2, distance=0.05)
        >>> bound = guaranteed_privacy(floor, 16, advantage_per_shot=0.8 * 0.05)
        >>> round(floor, 2), round(bound.auc, 2), round(bound.epsilon(1e-5), 1)
        (0.34, 0.68, 2.8)
    """
    _check.non_negative(epsilon_per_shot=epsilon_per_shot)
    _check.between(0, 1, advantage_per_shot=advantage_per_shot)
    _check.at_least(1, shots=shots, queries=queries)
    if epsilon_per_shot > _LARGEST:
        raise InputError(
            f"epsilon_per_shot must be at most {_LARGEST}, got {epsilon_per_shot:g}: "
            "a shot so little noisy guarantees nothing"
        )
    return GuaranteedPrivacy((_worst_case(epsilon_per_shot, advantage_per_shot, shots * queries),))


_LARGEST = 30.0
"""The ε beyond which numbers of the worst case are lost in rounding."""


def _worst_case(epsilon: float, advantage: float, shots: int) -> Release:
    most = math.tanh(epsilon / 2)
    if advantage >= most:  # (randomised response)
        likely = (1 + most) / 2
        return Release.of([1 - likely, likely], [likely, 1 - likely], shots)
    small = advantage / math.expm1(epsilon)
    large = small * math.exp(epsilon)
    middle = 1 - small - large
    return Release.of([small, middle, large], [large, middle, small], shots)
