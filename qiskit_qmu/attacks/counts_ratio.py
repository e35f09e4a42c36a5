"""CountsRatio: the likelihood ratio of measured counts against reference models in and out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.attacks.outcomes import counts_of, log_frequencies, log_likelihood
from qiskit_qmu.attacks.references import check_models
from qiskit_qmu.observation import Observations
from qiskit_qmu.observation.checks import as_counts

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class CountReferences:
    """Counts of reference models on rows, and which rows each of them was trained on.

    Args:
        counts: Counts of each model on each row, shape (models, rows, …, outcomes).
        included: Whether the model was trained on the row, booleans (models, rows).

    Raises:
        InputError: If shapes do not fit, there is no model, or counts are negative or not whole.

    Example:
        >>> from qiskit_qmu.attacks import CountReferences
        >>> references = CountReferences(
        ...     counts=[[[9, 1], [5, 5]], [[6, 4], [8, 2]]], included=[[True, False], [False, True]]
        ... )
        >>> references.num_models
        2
    """

    counts: NDArray[np.int64]
    included: NDArray[np.bool_]

    def __post_init__(self) -> None:
        counts, included = np.asarray(self.counts), np.asarray(self.included)
        if counts.ndim < 3 or not len(counts):
            raise InputError(
                "counts must have the shape (models, rows, outcomes) with at least one model, got "
                f"{counts.shape}"
            )
        if included.dtype != np.bool_ or included.shape != counts.shape[:2]:
            raise InputError(
                f"included must hold booleans of the shape (models, rows) {counts.shape[:2]}, got "
                f"{included.dtype} of {included.shape}"
            )
        object.__setattr__(self, "counts", as_counts(counts, len(counts)))
        object.__setattr__(self, "included", included)

    def __repr__(self) -> str:
        return f"CountReferences({self.num_models} models, {self.counts.shape[1]} rows)"

    @staticmethod
    def of(observations: Sequence[Observations], included: ArrayLike) -> "CountReferences":
        """Return the counts of several models on the same rows as references.

        Args:
            observations: What each model answered on the rows, with counts.
            included: Whether it was trained on a row, booleans (models, rows).

        Raises:
            InputError: If a model has no counts, or shapes differ.
        """
        every = [counts_of(found, "CountReferences") for found in observations]
        if len({counts.shape for counts in every}) != 1:
            raise InputError(
                "the models must have counts of the same rows and outcomes, got the shapes "
                f"{', '.join(sorted({str(counts.shape) for counts in every})) or 'of none'}"
            )
        return CountReferences(counts=np.stack(every), included=np.asarray(included))

    @property
    def num_models(self) -> int:
        """Number of models."""
        return len(self.counts)

    def without(self, *models: int) -> "CountReferences":
        """Return the references without some models, of which one then can be the target."""
        rest = np.delete(np.arange(self.num_models), models)
        return CountReferences(counts=self.counts[rest], included=self.included[rest])


@final
@dataclass(frozen=True, kw_only=True)
class CountsRatio:
    """Log-likelihood ratio of a row's counts under models trained on it and models that were not.

    Each model makes the counts of a row multinomial, with probabilities estimated from its own
    counts, each outcome counted half a time more than measured: Λ = ln L_in − ln L_out. ``models``
    says how the models of a group are put together:

    - ``"mixture"``: the row is as likely as under any one of them, L is the mean of their
      likelihoods. It knows that models differ.
    - ``"pooled"``: they are taken for one model, whose counts are the sum of theirs. For one pair
      of distributions p and q, Λ = Σ_m k_m ln(p_m / q_m) is the most powerful test there is (Neyman
      and Pearson), with two outcomes of the AUC Σ_k Bin(k; N, p) [F_q(k − 1) + ½ f_q(k)], and Λ of
      the sum of several queries' counts is the sum of their Λ; see `repeated_query`.

    Counts are comparable between models whose circuits have similar weights, such as those trained
    from the same initial ones. Models that were initialised apart measure different things, and a
    trained head makes the same classes of them: on `BasicQNN` of 8 qubits (digits, 500 rows in and
    out, 1000 shots, 14 references) the AUC is 0.514 by the mixture and 0.503 pooled, when `RMIA` by
    the scores computed from the same shots has 0.558.

    Attributes:
        models: "mixture" or "pooled".

    Example:
        >>> from qiskit_qmu.attacks import CountReferences, CountsRatio
        >>> references = CountReferences(
        ...     counts=[[[90, 10], [50, 50]], [[60, 40], [80, 20]]],
        ...     included=[[True, False], [False, True]],
        ... )
        >>> CountsRatio().scores([[95, 5], [45, 55]], references).round(1)
        array([ 31.5, -28.6])
    """

    models: Literal["mixture", "pooled"] = "mixture"

    def __post_init__(self) -> None:
        _check.one_of(("mixture", "pooled"), models=self.models)

    @property
    def needs(self) -> Needs:
        """Counts, and a reference in each group."""
        return Needs(counts=True, references_in=1, references_out=1)

    def scores(self, target: ArrayLike, references: CountReferences) -> Array:
        """Return the log-likelihood ratio of each row, higher = more likely a member.

        Args:
            target: Counts of the model under attack, shape (rows, …, outcomes), with any number of
                shots.
            references: Counts of the reference models on the same rows; the target is not among
                them.

        Returns:
            Scores (rows,), in nats.

        Raises:
            InputError: If a row has no model that was trained on it, or none that was not, or
                shapes differ.
        """
        expected = references.counts.shape[1:]
        counts = as_counts(target, expected[0])
        if counts.shape != expected:
            raise InputError(
                "the target's counts must be those of the references' rows and outcomes, shape "
                f"{expected}, got {counts.shape}"
            )
        inside = references.included.sum(axis=0, dtype=np.int64)
        check_models(1, inside, "trained on", "CountsRatio")
        check_models(1, references.num_models - inside, "not trained on", "CountsRatio")
        likelihood = _pooled if self.models == "pooled" else _mixture
        return likelihood(counts, references, references.included) - likelihood(
            counts, references, ~references.included
        )


def _pooled(
    counts: NDArray[np.int64], references: CountReferences, group: NDArray[np.bool_]
) -> Array:
    """Return the log-likelihood (rows,) under the sum of the counts of a group's models."""
    total = np.zeros(references.counts.shape[1:], dtype=np.int64)
    for of_model, chosen in zip(references.counts, group, strict=True):
        total[chosen] += of_model[chosen]
    return log_likelihood(counts, log_frequencies(total))


def _mixture(
    counts: NDArray[np.int64], references: CountReferences, group: NDArray[np.bool_]
) -> Array:
    """Return the logarithm of the mean likelihood (rows,) over a group's models."""
    every = np.array([log_likelihood(counts, log_frequencies(own)) for own in references.counts])
    return np.asarray(logsumexp(np.where(group, every, -np.inf), axis=0) - np.log(group.sum(0)))
