"""Privacy bounds from one training with rows that were included by fair coins."""

import math

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.guesses import FRACTIONS, Guesses, top_guesses
from qiskit_qmu.metrics.multiple_tests import simultaneous_level

_LARGEST = 64.0
"""Search range of ε; e^64 is beyond what any count could show."""


def one_run_epsilon(
    scores: ArrayLike, included: ArrayLike, *, delta: float = 0.0, level: float = 0.95
) -> float:
    """Return a lower bound of ε from a single training.

    m rows are included in it or not by independent fair coins, and the attack calls the rows with
    the highest scores included. Under (ε, δ)-differential privacy the number of right guesses is
    hardly larger than binomial with the probability e^ε/(1 + e^ε): Steinke, Nasr and Jagielski,
    https://arxiv.org/abs/2305.08846. The numbers of guesses are fixed shares of m (`top_guesses`),
    and the error is divided among the five of them.

    δ must be far below 1/m, as 2·m·δ enters the error: at 1/(100·m) it costs little.

    Args:
        scores: Finite scores of all rows, shape (m,), higher = more likely included.
        included: Whether each row was included, shape (m,), decided by fair coins.
        delta: The δ of the claim, between 0 and 1.
        level: Confidence level of the bound, between 0 and 1.

    Returns:
        The bound, 0 if nothing is shown.

    Raises:
        InputError: If all or no rows were included, the lengths differ, a score is not finite, or a
            number is out of range.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import one_run_epsilon
        >>> coins = np.random.default_rng(0).integers(0, 2, 400).astype(bool)
        >>> round(one_run_epsilon(coins.astype(float), coins), 2)  # every guess is right
        3.86
    """
    _check.between(0, 1, delta=delta, level=level)
    values, coins = _as_coins(scores, included)
    each = simultaneous_level(level, len(FRACTIONS))
    guesses = top_guesses(values[coins], values[~coins])
    return max(_one_run(g, len(coins), delta, 1 - each) for g in guesses)


def one_run_p_value(
    correct: int, guesses: int, rows: int, *, epsilon: float, delta: float = 0.0
) -> float:
    """Return the largest probability of so many right guesses under (ε, δ)-privacy.

    With q = e^ε/(1 + e^ε) and B ~ Binomial(guesses, q) it is P(B ≥ v) + 2·m·δ·a, where
    a = max over i of P(v − i ≤ B < v)/i, at most 1.

    Args:
        correct: Right guesses, v.
        guesses: Number of guesses, fixed in advance or corrected for.
        rows: Number of rows with coins, m.
        epsilon: The ε of the claim.
        delta: The δ of the claim.

    Returns:
        The p-value.

    Raises:
        InputError: If the counts are impossible.

    Example:
        >>> from qiskit_qmu.metrics import one_run_p_value
        >>> round(one_run_p_value(9, 10, 100, epsilon=0.0), 4)  # 11 of 1,024
        0.0107
    """
    _check.at_least(1, guesses=guesses, rows=rows)
    _check.between(0, guesses, correct=correct)
    if correct == 0:
        return 1.0
    chance = scipy.special.expit(epsilon)
    # The probability of v or more of r is an incomplete beta function.
    beyond = float(scipy.special.betainc(correct, guesses - correct + 1, chance))
    if delta == 0:
        return beyond
    fewer = np.arange(correct)
    at_least = scipy.special.betainc(fewer[1:], guesses - fewer[1:] + 1, chance)
    closer = np.append(1.0, at_least) - beyond
    return float(min(1.0, beyond + 2 * rows * delta * np.max(closer / (correct - fewer))))


def unlearner_epsilon(
    scores: ArrayLike, removed: ArrayLike, *, delta: float = 0.0, level: float = 0.95
) -> float:
    """Return a lower bound of the ε by which an unlearner differs from retraining.

    m rows were included in a training by independent fair coins, and then all the included ones
    were unlearned in one request. If the result is (ε, δ)-close to a retrained model, which does
    not depend on the coins, then the guesses are nearly fair coins themselves:
    P(v or more of r are right) ≤ e^ε·P(Binomial(r, ½) ≥ v) + δ. So
    ε ≥ ln((α − δ)/P(Binomial(r, ½) ≥ v)) for the whole request. If the claim is for each row and
    composes over them, divide it by the number of rows.

    Both signs of the scores are tested, as rows that were pushed away too far stand out as well, at
    five numbers of guesses each; the error is divided among the ten.

    Args:
        scores: Finite scores of all rows on the unlearned model, shape (m,).
        removed: Whether each row was included and then unlearned, shape (m,), by fair coins.
        delta: The δ of the claim, below 1 − level.
        level: Confidence level of the bound, between 0 and 1.

    Returns:
        The bound, 0 if nothing is shown; perfect unlearning has 0.

    Raises:
        InputError: If all or no rows were included, the lengths differ, a score is not finite, or a
            number is out of range.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import unlearner_epsilon
        >>> coins = np.random.default_rng(0).integers(0, 2, 60).astype(bool)
        >>> round(unlearner_epsilon(coins.astype(float), coins), 1)  # nothing was forgotten
        18.3
    """
    _check.between(0, 1, delta=delta, level=level)
    values, coins = _as_coins(scores, removed)
    error = 1 - simultaneous_level(level, 2 * len(FRACTIONS))
    both_signs = [
        *top_guesses(values[coins], values[~coins]),
        *top_guesses(-values[coins], -values[~coins]),
    ]
    return max(group_epsilon(g.correct, g.total, delta=delta, error=error) for g in both_signs)


def group_epsilon(correct: int, guesses: int, *, delta: float = 0.0, error: float = 0.05) -> float:
    """Return ln((α − δ)/P(Binomial(r, ½) ≥ v)), the bound of `unlearner_epsilon` at one count.

    Args:
        correct: Right guesses, v.
        guesses: Number of guesses, r, fixed in advance or corrected for.
        delta: The δ of the claim.
        error: Error probability α.

    Returns:
        The bound, 0 if nothing is shown.

    Raises:
        InputError: If the counts are impossible.

    Example:
        >>> from qiskit_qmu.metrics import group_epsilon
        >>> round(group_epsilon(24, 30), 2)
        4.25
    """
    _check.at_least(1, guesses=guesses)
    _check.between(0, guesses, correct=correct)
    if error <= delta:
        return 0.0
    beyond = float(scipy.stats.binom.logsf(correct - 1, guesses, 0.5))
    return max(0.0, math.log(error - delta) - beyond)


def _one_run(guesses: Guesses, rows: int, delta: float, error: float) -> float:
    def excess(epsilon: float) -> float:
        p_value = one_run_p_value(
            guesses.correct, guesses.total, rows, epsilon=epsilon, delta=delta
        )
        return p_value - error

    if excess(0.0) >= 0:
        return 0.0
    if excess(_LARGEST) <= 0:
        return _LARGEST
    return float(scipy.optimize.brentq(excess, 0.0, _LARGEST, xtol=1e-6))


def _as_coins(
    scores: ArrayLike, included: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values, coins = np.asarray(scores, dtype=np.float64), np.asarray(included)
    _check.same_length(scores=values, included=coins)
    if coins.dtype != np.bool_:
        raise InputError(f"included must be booleans, got dtype {coins.dtype}")
    if coins.all() or not coins.any():
        raise InputError("included must have both True and False: one coin was tossed for each row")
    return values, coins
