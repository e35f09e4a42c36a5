"""The privacy loss of any shots and queries, by a Fourier transform with a proven error.

The loss of independent shots is the sum of their losses, so that its distribution is a convolution.
The losses of one shot are rounded to multiples of a step h, the convolution is taken with an FFT,
and the result carries a bound of what rounding may have changed:

- The rounding errors of the shots are independent and bounded, with a known mean, which is
  subtracted, and a known variance. By Bernstein's inequality the rest is at most
  t = c + sqrt(c² + 2 V ln(2/η)) with c = b ln(2/η)/3 except with probability η, where V is the sum
  of the variances and b the largest distance of an error from its mean.
- What lies outside the window wraps around. By Chernoff's inequality, P(S ≥ a) ≤ exp(K(θ) − θa)
  for any θ > 0 and the cumulant generating function K of S, which is known exactly: the window is
  as wide as this needs to be below η on either side.

With (t, η) so known, E[(1 − e^(ε−L))₊] at losses moved by ±t, ±3η, encloses δ(ε). The idea is that
of Gopi, Lee and Wutschitz (2021, https://arxiv.org/abs/2106.02848).
"""

import math
from collections.abc import Sequence
from typing import final

import numpy as np
import scipy
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.shot_privacy.loss_distribution import LossDistribution, LossSide
from qiskit_qmu.metrics.shot_privacy.release import Release

Array = NDArray[np.float64]

POINTS = 2**17
"""Points of the window; the error bound falls as one over it."""

MOST_SHOTS = 10**6
"""Shots up to which the bound holds with so many points."""

MISSED = 1e-12
"""η, the probability of each of the three events that the bound leaves out."""

_FLOATING = 1e-11
"""What floating-point errors of the transform may add up to."""

_USED = 0.95
"""Share of the window for the losses; the rest is for the sum of rounding errors."""

_EXACT = 1e-9
"""Largest rounding error, in steps, that is floating-point noise."""

_THETAS = np.geomspace(1e-3, 1e3, 121)


def convolved_loss(releases: Sequence[Release]) -> LossDistribution:
    """Return the loss of several independent releases, with its error bound.

    Args:
        releases: At least one; the shots of each are drawn with the row, or all without it.

    Raises:
        InputError: If they have more than `MOST_SHOTS` shots together.
    """
    total = sum(release.shots for release in releases)
    if total > MOST_SHOTS:
        raise InputError(f"at most {MOST_SHOTS:,} shots can be accounted for, got {total:,}")
    sides = [
        [_ShotLoss(release) for release in each]
        for each in (releases, [Release.of(r.q, r.p, r.shots) for r in releases])
    ]
    # The same step for both, so that the scores of both are those of one attack.
    step = max(_step(parts) for parts in sides)
    with_row, without_row = (_side(parts, step) for parts in sides)
    return LossDistribution(with_row=with_row, without_row=without_row)


@final
class _ShotLoss:
    """The finite losses of one shot under its own distribution, with their masses."""

    def __init__(self, release: Release) -> None:
        finite = np.isfinite(release.loss) & (release.p > 0)
        self.losses = release.loss[finite]
        self.masses = release.p[finite]
        self.shots = release.shots

    @property
    def log_possible(self) -> float:
        """Ln of the probability that no shot shows an outcome of infinite loss."""
        return self.shots * math.log(self.masses.sum()) if len(self.masses) else -math.inf

    def cumulants(self, thetas: Array) -> Array:
        """Return ln E[e^(θL)] of the sum of the shots' losses."""
        exponents = np.outer(thetas, self.losses)
        return self.shots * np.asarray(
            scipy.special.logsumexp(exponents, axis=1, b=self.masses / self.masses.sum())
        )


def _step(parts: Sequence[_ShotLoss]) -> float:
    """Return the step with which the window holds the losses; 0 if they are all 0 or infinite.

    The largest loss is a multiple of it, so that losses of ±ε and 0 are not rounded at all.
    """
    largest = max((float(np.abs(p.losses).max()) for p in parts if len(p.losses)), default=0.0)
    if largest == 0 or any(part.log_possible == -math.inf for part in parts):
        return 0.0
    low, high = _window(parts)
    steps = math.floor(largest * _USED * POINTS / (high - low))
    return largest / min(max(1, steps), POINTS)


def _side(parts: Sequence[_ShotLoss], step: float) -> LossSide:
    log_possible = sum(part.log_possible for part in parts)
    infinite = -math.expm1(log_possible)
    if log_possible == -math.inf or step == 0:
        return LossSide(scores=np.zeros(1), masses=np.array([1.0 - infinite]), infinite=infinite)
    rounded = [np.rint(part.losses / step).astype(np.int64) for part in parts]
    mean, slack = _rounding(parts, rounded, step)
    low, high = _window(parts)
    spare = (POINTS - (high - low) / step) / 2
    first = math.floor((low + mean) / step - spare)
    return LossSide(
        scores=np.arange(first, first + POINTS, dtype=np.float64) * step,
        masses=_convolved(parts, rounded, first) * math.exp(log_possible),
        infinite=infinite,
        offset=mean,
        slack=slack,
        missed=3 * MISSED + _FLOATING,
    )


def _window(parts: Sequence[_ShotLoss]) -> tuple[float, float]:
    """Return ends outside which the sum of all losses lies with a probability below η each."""
    room = -math.log(MISSED)
    above, below = (sum(part.cumulants(sign * _THETAS) for part in parts) for sign in (1, -1))
    high = float(np.min((above + room) / _THETAS))
    low = float(-np.min((below + room) / _THETAS))
    most = sum(part.shots * float(part.losses.max()) for part in parts)
    least = sum(part.shots * float(part.losses.min()) for part in parts)
    margin = 1e-3 * max(most - least, most, -least)
    return max(low, least) - margin, min(high, most) + margin


def _convolved(
    parts: Sequence[_ShotLoss], rounded: Sequence[NDArray[np.int64]], first: int
) -> Array:
    """Return the masses of the sum of rounded losses, from a first multiple of the step on."""
    spectrum = np.ones(POINTS // 2 + 1, dtype=np.complex128)
    for part, places in zip(parts, rounded, strict=True):
        one = np.bincount(places % POINTS, weights=part.masses, minlength=POINTS)
        spectrum *= scipy.fft.rfft(one / part.masses.sum()) ** part.shots
    masses = np.roll(np.maximum(scipy.fft.irfft(spectrum, POINTS), 0.0), -(first % POINTS))
    return np.asarray(masses / masses.sum())


def _rounding(
    parts: Sequence[_ShotLoss], rounded: Sequence[NDArray[np.int64]], step: float
) -> tuple[float, float]:
    """Return the mean of the sum of rounding errors, and Bernstein's bound of its distance."""
    mean = variance = largest = 0.0
    for part, places in zip(parts, rounded, strict=True):
        error, weights = places * step - part.losses, part.masses / part.masses.sum()
        if float(np.abs(error).max()) < _EXACT * step:
            continue
        centre = float(weights @ error)
        mean += part.shots * centre
        variance += part.shots * float(weights @ (error - centre) ** 2)
        largest = max(largest, float(np.abs(error - centre).max()))
    logarithm = math.log(2 / MISSED)
    linear = largest * logarithm / 3
    return mean, linear + math.sqrt(linear**2 + 2 * variance * logarithm)
