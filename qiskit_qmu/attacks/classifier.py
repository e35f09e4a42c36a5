"""ClassifierAttack: learns to distinguish members from non-members, scored out of sample."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu.attacks.attack import (
    FeatureName,
    MembershipAttack,
    assign_folds,
    check_feature_names,
    feature_needs,
    features,
    standardisation,
)
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.observation import Observations, concatenate

Array = NDArray[np.float64]
Score = Callable[[Observations], Array]


@final
@dataclass(frozen=True, kw_only=True)
class ClassifierAttack(MembershipAttack):
    """Logistic regression on standardised features; every row is scored before it is trained on.

    The rows are assigned to folds, evenly by class and membership. Fold k is scored by a regression
    on the earlier folds (and on all known members); the first fold, before any training, by the
    membership score (φ, or the negative loss). Ordinary cross-validation would also train on the
    later folds, but that correlates the scores of different folds: without any leak the variance of
    the AUC is twice DeLong's, its 95 % interval has a coverage of 82–89 % (90 members, 50
    non-members), and repetition makes it worse. Scored sequentially, every fold is new to its
    regression, and the coverage is 95 %. Luedtke and van der Laan, Annals of Statistics 2016,
    https://arxiv.org/abs/1603.07573, treat the general problem.

    Regressions of different folds differ in offset and scale, which would bias an AUC pooled over
    folds; so a fold is scored in standard deviations from the mean of the non-members that trained
    its regression.

    Within each class, members and non-members have the same total weight, so that the regression
    cannot mistake the class for a sign of membership; classes with only one of them are ignored.

    Against a model with random outputs the AUC is ½. On small audits this attack detects less than
    `LossAttack`, whose direction is known in advance; use it as well if there are many known
    members, or if membership may show elsewhere than in the confidence. As it learns its direction,
    an AUC below ½ does not indicate over-forgetting here.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import ClassifierAttack
        >>> from qiskit_qmu.observation import Observations
        >>> members, others = (Observations(row_losses=np.linspace(z, z + 1, 50)) for z in (3, 0))
        >>> attack = ClassifierAttack(features="loss")  # learns that members have the larger losses
        >>> scores, of_others = attack.scores(members, others, generator=np.random.default_rng(0))
        >>> bool(np.median(scores) > of_others.max())
        True
    """

    features: tuple[FeatureName, ...] | FeatureName = ("membership_score", "answers")
    """Features of the regression. The membership score (φ, or the negative loss) is known to be
    informative; the answers (logits or values) contain the rest."""

    folds: int = 5
    """Number of folds; the first 1/folds of the rows is scored without training."""

    regularization: float = 1.0
    """L2 regularisation strength relative to the sum of losses (1/C in scikit-learn)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", check_feature_names(self.features))
        _check.at_least(2, folds=self.folds)
        _check.positive(regularization=self.regularization)

    @property
    def needs(self) -> Needs:
        """What the features need."""
        return feature_needs(self.features)

    def scores(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator,
        known_members: Observations | None = None,
    ) -> tuple[Array, Array]:
        """Return scores of rows by regressions that were not trained on them.

        Args:
            members: Outputs on the training rows under attack.
            nonmembers: Outputs of the same model on rows it never saw.
            generator: Assigns the rows to folds.
            known_members: Outputs on other training rows; they train every regression.

        Returns:
            Scores of shapes (members,) and (nonmembers,), in standard deviations of non-members.

        Raises:
            InputError: If a group is empty or lacks a feature, or if the groups differ in classes,
                expectations, counts or shots.
        """
        _check.not_empty(members=members, nonmembers=nonmembers)
        groups = (members, nonmembers)
        prior = _standardised(lambda rows: rows.membership_score, concatenate(*groups))
        folds = [assign_folds(group.strata, self.folds, generator) for group in groups]
        scores = [np.empty(len(group)) for group in groups]
        for fold in range(self.folds):
            inside, outside = (
                group.take(of_row < fold) for group, of_row in zip(groups, folds, strict=True)
            )
            if known_members is not None:
                inside = concatenate(inside, known_members)
            score = self._learn(inside, outside) or prior
            for group, of_row, values in zip(groups, folds, scores, strict=True):
                values[of_row == fold] = score(group.take(of_row == fold))
        return scores[0], scores[1]

    def _learn(self, members: Observations, nonmembers: Observations) -> Score | None:
        """Return a trained regression, or None as long as no class has both groups."""
        rows = concatenate(members, nonmembers)
        membership = np.repeat([1, 0], [len(members), len(nonmembers)])
        weights = _overlap_weights(rows.strata, membership)
        counted = weights > 0
        inputs = features(rows, self.features)[counted]
        if not counted.any():
            return None
        # Imported late: importing scikit-learn takes most of a second.
        from sklearn.linear_model import LogisticRegression

        centre, scale = standardisation(inputs)
        regression = LogisticRegression(C=1 / self.regularization, max_iter=1000)
        regression.fit((inputs - centre) / scale, membership[counted], weights[counted])
        direction = regression.coef_[0] / scale
        return _standardised(
            lambda new: np.asarray(features(new, self.features) @ direction),
            rows.take(counted & (membership == 0)),
        )


def _standardised(score: Score, reference: Observations) -> Score:
    """Return the score in standard deviations from its mean over the reference."""
    centre, scale = standardisation(score(reference))
    return lambda rows: np.asarray((score(rows) - centre) / scale)


def _overlap_weights(strata: NDArray[np.int64], membership: NDArray[np.int64]) -> Array:
    """Return row weights with equal totals for members and non-members of a class.

    With n_c members and m_c non-members, a member of class c has weight m_c/(n_c + m_c) and a
    non-member n_c/(n_c + m_c), so a single row never outweighs its class.
    """
    groups = int(strata.max(initial=0)) + 1
    inside = np.bincount(strata[membership == 1], minlength=groups)
    outside = np.bincount(strata[membership == 0], minlength=groups)
    opposite = np.where(membership == 1, outside[strata], inside[strata])
    return np.asarray(opposite / (inside + outside)[strata])


OUTPUTS = AttackColumn(
    attack=ClassifierAttack(features=("membership_score", "expectations")),
    key="mia_auc_outputs",
    heading="outputs",
    summary="learns from the outputs of the circuits, by logistic regression",
    reading="by all circuit outputs (⟨Z⟩ or probabilities), learned on rows that are not scored",
)

# There are 2^qubits frequencies for a few hundred rows, and outputs that are functions of them, so
# the regularisation is stronger.
COUNTS = AttackColumn(
    attack=ClassifierAttack(features=("membership_score", "frequencies"), regularization=100.0),
    key="mia_auc_counts",
    heading="counts",
    summary="learns from how often each outcome was measured, by logistic regression",
    reading="by the frequency of each measured outcome, learned likewise; without shots there are "
    "no counts",
)
