"""MembershipAttack: the interface of attacks, and the features that they read."""

import math
from collections.abc import Sequence
from typing import Literal, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.observation import Observations

FeatureName = Literal[
    "loss",
    "membership_score",
    "logit_confidence",
    "answers",
    "logits",
    "softmax",
    "expectations",
    "frequencies",
]
"""Features that an attack may read, per row:

- ``"loss"``: the loss, such as the cross-entropy of the true label, 1 column, heavy-tailed.
- ``"membership_score"``: φ if the loss is the cross-entropy of classes, otherwise the negative
  loss, 1 column.
- ``"logit_confidence"``: log-odds φ of the true label, 1 column, nearly normal.
- ``"answers"``: the model's logits or predicted values, 1 column per class or value, independent of
  the true label; the loss if the model predicts nothing.
- ``"logits"``, ``"softmax"``: the outputs, 1 column per class, independent of the true label.
- ``"expectations"``: the outputs of the quantum network, 1 column per observable or outcome.
- ``"frequencies"``: relative frequency of each outcome, 1 column per outcome of the register: all
  the information in independent shots.
"""

FEATURE_NAMES: tuple[FeatureName, ...] = get_args(FeatureName)


@runtime_checkable
class MembershipAttack(Protocol):
    """Scores rows by how likely the model was trained on them, without access to the model.

    An attack that reads more than scores says so in a property ``needs``, a `Needs`.

    Example:
        >>> from qiskit_qmu.attacks import MembershipAttack
        >>> class LargestLogit:
        ...     def scores(self, members, nonmembers, *, generator, known_members=None):
        ...         return members.logits.max(axis=1), nonmembers.logits.max(axis=1)
        >>> isinstance(LargestLogit(), MembershipAttack)
        True
    """

    def scores(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator,
        known_members: Observations | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return one score per member and per non-member, higher = more likely a member.

        Membership is used for training only: no row is scored by anything trained on it. Scores
        are meant for ranking, primarily rows of the same class; they have no unit and no threshold.

        Args:
            members: Outputs on the training rows under attack, for example the forgotten ones.
            nonmembers: Outputs of the same model on rows it never saw.
            generator: Random generator of the attack.
            known_members: Outputs on other training rows that the attacker knows, for example the
                retained ones. They train the attack and are not scored.

        Returns:
            Scores of shapes (members,) and (nonmembers,).

        Raises:
            InputError: If a group is empty or lacks a feature that the attack reads.
        """
        ...


def features(
    observations: Observations, names: FeatureName | Sequence[FeatureName]
) -> NDArray[np.float64]:
    """Return the features that an attack reads, one row per example, not standardised.

    Args:
        observations: Outputs of a model.
        names: One feature, or several to concatenate; see `FeatureName`.

    Returns:
        Array of shape (n, columns).

    Raises:
        InputError: If there is no name, a name is unknown, or its data was not observed.

    Example:
        >>> from qiskit_qmu.attacks import features
        >>> from qiskit_qmu.observation import Observations
        >>> row = Observations(logits=[[0.0, 0.0]], labels=[1])
        >>> features(row, ["loss", "softmax"]).round(3)  # ln 2, and ½ for each class
        array([[0.693, 0.5  , 0.5  ]])
    """
    chosen = check_feature_names(names)
    return np.hstack([_feature(observations, name) for name in chosen])


def check_feature_names(names: FeatureName | Sequence[FeatureName]) -> tuple[FeatureName, ...]:
    """Return the names as a tuple.

    Args:
        names: One feature name or several.

    Returns:
        The names, in the order given.

    Raises:
        InputError: If there is no name, or one is unknown.
    """
    chosen: tuple[FeatureName, ...] = (names,) if isinstance(names, str) else tuple(names)
    _check.not_empty(features=chosen)
    for name in chosen:
        _check.one_of(FEATURE_NAMES, feature=name)
    return chosen


def feature_needs(names: FeatureName | Sequence[FeatureName]) -> Needs:
    """Return what must have been observed for the features to be read."""
    chosen = check_feature_names(names)
    return Needs(
        classes=not {"logits", "softmax", "logit_confidence"}.isdisjoint(chosen),
        expectations="expectations" in chosen,
        counts="frequencies" in chosen,
    )


def assign_folds(
    strata: NDArray[np.int64], folds: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Assign rows to folds at random, evenly in total and within every class.

    Args:
        strata: Classes, or zeros without classes, shape (n,).
        folds: Number of folds.
        generator: Random generator of the assignment.

    Returns:
        The fold of every row, shape (n,), in ``0 … folds - 1``.
    """
    by_class = np.lexsort((generator.random(len(strata)), strata))
    dealt = np.empty(len(strata), dtype=np.int64)
    dealt[by_class] = np.arange(len(strata)) % folds
    return dealt


def standardisation(
    rows: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the offset and scale that standardise columns.

    Args:
        rows: Training rows of an attack, shape (n, ...), at least one.

    Returns:
        Mean and standard deviation over the rows; a constant column has the deviation 1.
    """
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    # The deviation of equal numbers is often 1e-17 rather than 0, as their mean is rounded.
    varies = spread > 1e-12 * np.abs(centre)
    return np.asarray(centre), np.where(varies, spread, 1.0)


def _feature(observations: Observations, name: FeatureName) -> NDArray[np.float64]:
    if name == "loss":
        return observations.losses[:, None]
    if name == "membership_score":
        return observations.membership_score[:, None]
    if name == "logit_confidence":
        return observations.logit_confidence[:, None]
    if name == "answers":
        return _answers(observations)
    if name == "logits":
        if observations.logits is None:
            raise InputError(
                "the feature 'logits' needs a model that predicts classes; this one predicts values"
            )
        return observations.logits
    if name == "softmax":
        return observations.probabilities
    if name == "frequencies":
        return _frequencies(observations)
    if observations.expectations is None:
        raise InputError(
            "the feature 'expectations' needs outputs of circuits, which the observations lack"
        )
    return observations.expectations


def _answers(observations: Observations) -> NDArray[np.float64]:
    found = observations.logits if observations.outputs is None else observations.outputs
    array = observations.losses if found is None else found
    return array if array.ndim == 2 else array[:, None]


def _frequencies(observations: Observations) -> NDArray[np.float64]:
    if observations.counts is None:
        raise InputError("the feature 'frequencies' needs counts; observe the model with shots")
    shape = observations.counts.shape
    counts = observations.counts.reshape(shape[0], math.prod(shape[1:]))
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))
