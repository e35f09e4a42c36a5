"""The AUC over several models that were attacked independently of each other."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.intervals import Interval
from qiskit_qmu.metrics.ranking import auroc_interval, placements
from qiskit_qmu.metrics.student import student_quantile

Array = NDArray[np.float64]


def clustered_auroc(
    scores: ArrayLike, included: ArrayLike, *, rows_vary: bool = False, level: float = 0.95
) -> Interval:
    """Return the mean AUC of several models, with limits that are clustered over them.

    Scores are compared within a model only. The scores of a model share its training, so its rows
    are no independent observations of the *method*: the error comes from the spread of the models'
    AUCs, with Student's quantile. Intervals that pool all rows of all models are too short.

    For an attack in which each model is the others' reference the models are not independent
    either; use `mutual_mean`.

    Args:
        scores: Score of each row by each model, shape (models, rows), higher = more likely a
            member; NaN for rows that a model was not tested on.
        included: Whether the row is a member of the model, shape (models, rows).
        rows_vary: False for limits of the AUC on these very rows, with other models. True for rows
            that are a sample themselves: the error of the rows, of which each counts once however
            many models score it, is added.
        level: Confidence level, between 0 and 1.

    Returns:
        The mean over the models with limits in [0, 1]; for a single model that of
        `auroc_interval`.

    Raises:
        InputError: If the shapes differ, a score is infinite, or a model lacks members or
            non-members.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import clustered_auroc
        >>> generator = np.random.default_rng(0)
        >>> included = generator.integers(0, 2, (8, 100)).astype(bool)
        >>> print(clustered_auroc(generator.normal(size=(8, 100)) + included, included))
        0.765 [0.718, 0.811]
    """
    values, members = np.asarray(scores, dtype=np.float64), np.asarray(included)
    if values.ndim != 2 or values.shape != members.shape or members.dtype != np.bool_:
        raise InputError(
            "scores and included need the same shape (models, rows), included as booleans; "
            f"got {values.shape} and {members.shape} of dtype {members.dtype}"
        )
    _check.no_infinity(scores=values)
    _check.between(0, 1, level=level)
    tested = ~np.isnan(values)
    for number, (of_model, known) in enumerate(zip(members, tested, strict=True)):
        if not (of_model & known).any() or not (~of_model & known).any():
            raise InputError(f"model {number} needs members and non-members among its scores")
    if len(values) == 1:
        own = tested[0]
        return auroc_interval(values[0, members[0] & own], values[0, ~members[0] & own], level)
    aucs, deviations = _of_models(values, members, tested)
    variances, degrees = [aucs.var(ddof=1) / len(aucs)], [len(aucs) - 1]
    if rows_vary:
        of_rows = deviations.mean(axis=0)
        variances.append(float(np.sum(of_rows**2)))
        degrees.append(max(1, int(tested.any(axis=0).sum()) - 1))
    mean = float(aucs.mean())
    half = student_quantile(variances, degrees, level) * math.sqrt(sum(variances))
    return Interval(mean, max(0.0, mean - half), min(1.0, mean + half), level)


def _of_models(
    scores: Array, members: NDArray[np.bool_], tested: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Return the AUC of each model, and what each of its rows adds to it, (models, rows)."""
    aucs, deviations = np.zeros(len(scores)), np.zeros(scores.shape)
    for number, (values, of_model, known) in enumerate(zip(scores, members, tested, strict=True)):
        first, second = of_model & known, ~of_model & known
        above, below = placements(values[first], values[second])
        aucs[number] = above.mean()
        deviations[number, first] = (above - above.mean()) / len(above)
        deviations[number, second] = (below - below.mean()) / len(below)
    return aucs, deviations
