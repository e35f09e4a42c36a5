"""References: what models of one recipe answer on rows, and which rows each was trained on."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class References:
    """Membership scores of reference models, and which rows each of them was trained on.

    An attack with references asks of each row not how well the model answers it, but how much
    better than models that were trained on it, or on other rows, would.

    Args:
        scores: `Observations.membership_score` of each model on each row, shape (models, rows):
            the log-odds φ of the true label, or negative losses.
        included: Whether the model was trained on the row, booleans of the same shape.
        log_odds: Whether the scores are log-odds; False for negative losses.

    Raises:
        InputError: If shapes differ, there is no model, or a score is NaN or infinite.

    Example:
        >>> from qiskit_qmu.attacks import References
        >>> references = References(
        ...     scores=[[2.0, 0.5], [1.0, 1.5]], included=[[True, False], [False, True]]
        ... )
        >>> references.num_models, references.inside(), references.outside()
        (2, array([1, 1]), array([1, 1]))
    """

    scores: NDArray[np.float64]
    included: NDArray[np.bool_]
    log_odds: bool = True

    def __post_init__(self) -> None:
        scores, included = np.asarray(self.scores, dtype=np.float64), np.asarray(self.included)
        if scores.ndim != 2 or not len(scores):
            raise InputError(
                "scores must have the shape (models, rows) with at least one model, "
                f"got {scores.shape}"
            )
        if included.dtype != np.bool_ or included.shape != scores.shape:
            raise InputError(
                f"included must hold booleans of the shape of scores {scores.shape}, "
                f"got {included.dtype} of {included.shape}"
            )
        _check.finite(scores=scores)
        object.__setattr__(self, "scores", scores)
        object.__setattr__(self, "included", included)

    def __repr__(self) -> str:
        return f"References({self.num_models} models, {self.scores.shape[1]} rows)"

    @property
    def num_models(self) -> int:
        """Number of models."""
        return len(self.scores)

    def inside(self) -> NDArray[np.int64]:
        """Return for each row how many models were trained on it, shape (rows,)."""
        return np.asarray(self.included.sum(axis=0, dtype=np.int64))

    def outside(self) -> NDArray[np.int64]:
        """Return for each row how many models were not trained on it, shape (rows,)."""
        return self.num_models - self.inside()

    def without(self, *models: int) -> "References":
        """Return the references without some models, of which one then can be the target.

        Take out as many that were trained on a row as were not: otherwise the number of models that
        are left says which rows the target was trained on.
        """
        rest = np.delete(np.arange(self.num_models), models)
        return self._of(rest, slice(None))

    def rows(self, positions: ArrayLike) -> "References":
        """Return the references on some rows, in the order of the positions."""
        return self._of(slice(None), np.asarray(positions))

    def _of(self, models: Any, rows: Any) -> "References":
        return References(
            scores=self.scores[models][:, rows],
            included=self.included[models][:, rows],
            log_odds=self.log_odds,
        )


def check_target(target: ArrayLike, references: References) -> NDArray[np.float64]:
    """Return a target model's scores as an array (rows,), in the order of the references.

    Raises:
        InputError: If there are more or fewer than the references have rows, or one is not finite.
    """
    scores = np.asarray(target, dtype=np.float64)
    if scores.shape != references.scores.shape[1:]:
        raise InputError(
            "the target's scores must be those of the references' rows, shape "
            f"{references.scores.shape[1:]}, got {scores.shape}"
        )
    _check.finite(target=scores)
    return scores


def check_models(needed: int, counts: NDArray[np.int64], what: str, attack: str) -> None:
    """Refuse rows for which there are too few models.

    Raises:
        InputError: If a row has fewer than needed.
    """
    if counts.min(initial=needed) < needed:
        row = int(counts.argmin())
        raise InputError(
            f"{attack} needs at least {needed} reference models that were {what} each row; "
            f"row {row} has {counts[row]}"
        )
