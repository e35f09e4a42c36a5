"""Mean and variance, row by row, of reference models that were trained on a row, or were not."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu.attacks.references import References, check_models, check_target


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GroupMoments:
    """Moments of the scores of those models that were trained on a row, or of those that were not.

    Attributes:
        counts: Models of the group for each row, shape (rows,).
        means: Their mean score, shape (rows,); 0 where there is none.
        squares: Sum of squared deviations from the row's own mean, shape (rows,).
    """

    counts: NDArray[np.int64]
    means: NDArray[np.float64]
    squares: NDArray[np.float64]

    @staticmethod
    def of(scores: NDArray[np.float64], group: NDArray[np.bool_]) -> "GroupMoments":
        """Return the moments of scores (models, rows) over the models of a group, by row."""
        counts = group.sum(axis=0, dtype=np.int64)
        means = np.where(group, scores, 0.0).sum(axis=0) / np.maximum(counts, 1)
        squares = np.where(group, (scores - means) ** 2, 0.0).sum(axis=0)
        return GroupMoments(counts=counts, means=means, squares=squares)

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Degrees of freedom of each row's variance."""
        return np.maximum(self.counts - 1, 0)

    @property
    def pooled_variance(self) -> float:
        """Variance within rows, pooled over them.

        It is centred row by row: the spread between rows, which says how hard they are and nothing
        of membership, stays out of it.
        """
        return float(self.squares.sum() / max(int(self.degrees.sum()), 1))


def target_and_groups(
    target: ArrayLike, references: References, *, offline: bool, attack: str
) -> tuple[NDArray[np.float64], GroupMoments, GroupMoments | None]:
    """Return a target's scores (rows,), and the moments of the models out and in; offline no in.

    Raises:
        InputError: If a row has fewer than two models in a group that is used, or shapes differ.
    """
    score = check_target(target, references)
    check_models(2, references.outside(), "not trained on", attack)
    out = GroupMoments.of(references.scores, ~references.included)
    if offline:
        return score, out, None
    check_models(2, references.inside(), "trained on", f"online {attack}")
    return score, out, GroupMoments.of(references.scores, references.included)
