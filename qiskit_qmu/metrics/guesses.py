"""Guesses of an attack whose number is fixed before any label is seen."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from qiskit_qmu.metrics.ranking import as_scores

FRACTIONS = (0.02, 0.05, 0.1, 0.25, 0.5)
"""Shares of all rows that are called members, one threshold each."""


@final
@dataclass(frozen=True)
class Guesses:
    """The rows above one threshold.

    Example:
        >>> from qiskit_qmu.metrics.guesses import Guesses
        >>> Guesses(correct=7, wrong=3).total
        10
    """

    correct: int
    """Members among them."""

    wrong: int
    """Non-members among them."""

    @property
    def total(self) -> int:
        """Number of guesses."""
        return self.correct + self.wrong


def top_guesses(members: ArrayLike, nonmembers: ArrayLike) -> list[Guesses]:
    """Return the rows with the highest scores, for each share of `FRACTIONS`.

    The threshold is a rank in the scores of both groups together, so no label enters its choice,
    and a bound at all five of them costs a factor of five. To search thresholds with labels, or to
    count only the corners of the ROC curve, would find signals where there are none. Rows that tie
    with the last one count too.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).

    Returns:
        The guesses at each share.

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics.guesses import top_guesses
        >>> [guesses.total for guesses in top_guesses([3, 4, 5, 6], [1, 2, 3, 4])]
        [1, 1, 1, 2, 4]
    """
    first, second = as_scores(members, nonmembers)
    ordered = np.sort(np.concatenate([first, second]))[::-1]
    counts = [max(1, round(share * len(ordered))) for share in FRACTIONS]
    thresholds = [ordered[count - 1] for count in counts]
    return [Guesses(int(np.sum(first >= t)), int(np.sum(second >= t))) for t in thresholds]
