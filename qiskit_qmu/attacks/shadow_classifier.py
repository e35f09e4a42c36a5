"""ShadowClassifierAttack: learns on shadow models' outputs what members look like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks.attack import (
    FeatureName,
    MembershipAttack,
    check_feature_names,
    feature_needs,
    features,
    standardisation,
)
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.observation import Observations, concatenate

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class ShadowClassifierAttack:
    """Train a classifier of membership for each class on the outputs of shadow models.

    The attacker knows which rows the shadow models were trained on, learns how outputs on those
    differ from outputs on others, and applies it to the target. Unlike attacks with `References` it
    needs no model that was trained on a row under attack: it learns what members look like in
    general, not how hard that row is. So it sees less than `RMIA` with the same models, but may see
    what no score of the true label holds.

    Shokri et al., Membership Inference Attacks Against Machine Learning Models, 2017,
    https://arxiv.org/abs/1610.05820. Their classifiers are networks of one hidden layer, which
    ``hidden`` sets; logistic regression, the default, needs fewer rows. Both are scikit-learn's.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import ShadowClassifierAttack
        >>> from qiskit_qmu.observation import Observations
        >>> included = np.array([[True, False] * 20, [False, True] * 20])
        >>> shadows = [
        ...     Observations(logits=np.outer(1 + 2 * own, [1, 0]), labels=np.zeros(40, int))
        ...     for own in included
        ... ]
        >>> fitted = ShadowClassifierAttack().fit(shadows, included, seed=0)
        >>> fitted.log_odds(Observations(logits=[[3, 0], [1, 0]], labels=[0, 0])) > 0
        array([ True, False])
    """

    features: tuple[FeatureName, ...] | FeatureName = ("membership_score", "softmax")
    """Features of the classifier."""

    hidden: int = 0
    """Width of the hidden layer; 0 for logistic regression."""

    regularization: float = 1.0
    """L2 regularisation strength relative to the sum of losses."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", check_feature_names(self.features))
        _check.at_least(0, hidden=self.hidden)
        _check.positive(regularization=self.regularization)

    @property
    def needs(self) -> Needs:
        """What the features need, and shadow models with rows in and out."""
        own = feature_needs(self.features)
        return Needs(
            classes=own.classes,
            expectations=own.expectations,
            counts=own.counts,
            references_in=1,
            references_out=1,
        )

    def fit(
        self, observations: Sequence[Observations], included: ArrayLike, *, seed: int = 0
    ) -> "FittedShadowClassifier":
        """Train the classifiers, one for each class.

        Args:
            observations: What each shadow model answers on the same rows; the target is not among
                them.
            included: Whether it was trained on a row, booleans (models, rows).
            seed: Seed of the networks' initial weights.

        Returns:
            The classifiers, an attack that reads one model's outputs.

        Raises:
            InputError: If there is no model, shapes differ, a feature is missing, or no class has
                rows that a model was trained on and rows that none was.
        """
        _check.not_empty(observations=observations)
        members = np.asarray(included)
        expected = (len(observations), len(observations[0]))
        if members.dtype != np.bool_ or members.shape != expected:
            raise InputError(
                f"included must hold booleans of the shape (models, rows) {expected}, got "
                f"{members.dtype} of {members.shape}"
            )
        self.needs.check("ShadowClassifierAttack", *observations)
        rows = concatenate(*observations)
        inputs, inside = features(rows, self.features), members.ravel()
        centre, scale = standardisation(inputs)
        classifiers = {}
        for label in np.unique(rows.strata):
            own = rows.strata == label
            if inside[own].any() and not inside[own].all():
                classifier = self._classifier(seed)
                classifiers[int(label)] = classifier.fit(
                    (inputs[own] - centre) / scale, inside[own]
                )
        if not classifiers:
            raise InputError("no class has both rows that shadow models were trained on and others")
        return FittedShadowClassifier(
            attack=self, classifiers=classifiers, centre=centre, scale=scale
        )

    def _classifier(self, seed: int) -> Any:
        # Imported late: importing scikit-learn takes most of a second.
        from sklearn.linear_model import LogisticRegression
        from sklearn.neural_network import MLPClassifier

        if not self.hidden:
            return LogisticRegression(C=1 / self.regularization, max_iter=1000)
        return MLPClassifier(
            (self.hidden,),
            alpha=self.regularization,
            solver="lbfgs",
            max_iter=10_000,
            random_state=seed,
        )


@final
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FittedShadowClassifier(MembershipAttack):
    """Classifiers of membership that were trained on shadow models."""

    attack: ShadowClassifierAttack
    """The attack that trained them."""

    classifiers: dict[int, Any]
    """The classifier of each class that had rows in and out."""

    centre: Array
    """Mean of the features over the shadow models' rows."""

    scale: Array
    """Their standard deviation."""

    @property
    def needs(self) -> Needs:
        """What the features need."""
        return feature_needs(self.attack.features)

    def log_odds(self, observations: Observations) -> Array:
        """Return the log-odds of membership of each row, shape (n,); 0 in unknown classes.

        Raises:
            InputError: If a feature is missing or has other columns than the shadow models'.
        """
        inputs = features(observations, self.attack.features)
        if inputs.shape[1] != len(self.centre):
            raise InputError(
                f"the attack was fitted to {len(self.centre)} feature columns, got "
                f"{inputs.shape[1]}"
            )
        found = np.zeros(len(observations))
        for label, classifier in self.classifiers.items():
            own = observations.strata == label
            if own.any():
                outside, inside = classifier.predict_log_proba(
                    (inputs[own] - self.centre) / self.scale
                ).T
                found[own] = inside - outside
        return found

    def scores(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator | None = None,
        known_members: Observations | None = None,
    ) -> tuple[Array, Array]:
        """Return the log-odds of membership of every row.

        Args:
            members: Outputs on the training rows under attack.
            nonmembers: Outputs of the same model on rows it never saw.
            generator: Not used; nothing is random.
            known_members: Not used; only shadow models are learned from.

        Returns:
            Scores of shapes (members,) and (nonmembers,).

        Raises:
            InputError: If a group is empty or lacks a feature.
        """
        _check.not_empty(members=members, nonmembers=nonmembers)
        return self.log_odds(members), self.log_odds(nonmembers)
