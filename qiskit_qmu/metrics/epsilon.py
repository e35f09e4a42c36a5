"""A lower bound of a model's privacy loss ε from the scores of an attack."""

import numpy as np
import scipy
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu.metrics.guesses import FRACTIONS, Guesses, top_guesses


def epsilon_lower_bound(
    members: ArrayLike, nonmembers: ArrayLike, *, delta: float = 0.0, level: float = 0.95
) -> float:
    """Return the ε that an (ε, δ)-differentially private training could not fall below.

    Of private training, every attack has TPR ≤ e^ε·FPR + δ and TNR ≤ e^ε·FNR + δ. So the bound is
    the largest ln((TPR⁻ − δ)/FPR⁺), with the one-sided Clopper–Pearson limits of both rates, at
    five thresholds in both directions. The thresholds are ranks of all scores together
    (`top_guesses`), chosen without labels, and the error is divided among all twenty limits: on
    scores without signal the bound is above 0 in at most 1 − level of audits. The maximum over all
    thresholds without such a correction is above 0 in up to 98 % of them.

    The rows of a group must be independent: each member (or non-member) from another training, or
    from one training as an approximation. For one training with random inclusion, `one_run_epsilon`
    needs no approximation.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).
        delta: The δ of the claim, between 0 and 1.
        level: Confidence level of the bound, between 0 and 1.

    Returns:
        The bound, 0 if nothing is shown.

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional, or a number is out of
            range.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import epsilon_lower_bound
        >>> scores = np.arange(1000.0)
        >>> epsilon_lower_bound(scores, scores), round(epsilon_lower_bound(scores + 500, scores), 2)
        (0.0, 4.33)
    """
    first, second = (np.asarray(scores, dtype=np.float64) for scores in (members, nonmembers))
    _check.between(0, 1, delta=delta, level=level)
    directions = [
        (top_guesses(first, second), len(first), len(second)),
        (top_guesses(-second, -first), len(second), len(first)),
    ]
    error = (1 - level) / (2 * len(directions) * len(FRACTIONS))
    return max(0.0, *(_bound(*direction, delta, error) for direction in directions))


def _bound(guesses: list[Guesses], right: int, wrong: int, delta: float, error: float) -> float:
    """Return the largest bound from guesses of ``right`` rows among which ``wrong`` are others."""
    correct, false = (
        np.array([getattr(g, name) for g in guesses], dtype=np.float64)
        for name in ("correct", "wrong")
    )
    # One-sided Clopper–Pearson limits.
    some = correct > 0
    caught = np.zeros(len(guesses))
    caught[some] = scipy.special.betaincinv(correct[some], right - correct[some] + 1, error)
    alarms = np.ones(len(guesses))
    part = false < wrong
    alarms[part] = scipy.special.betaincinv(false[part] + 1, wrong - false[part], 1 - error)
    shown = caught > delta
    return float(np.max(np.log((caught - delta)[shown] / alarms[shown]), initial=0.0))
