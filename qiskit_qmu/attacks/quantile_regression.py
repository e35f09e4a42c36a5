"""QuantileRegressionAttack: how surprising a row's score is, given what the row looks like."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks.attack import MembershipAttack, assign_folds, standardisation
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.observation import Observations, concatenate

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class QuantileRegressionAttack(MembershipAttack):
    """Score every row by its place in the distribution that never-seen rows like it have.

    For black boxes of which no reference models can be trained: instead of asking other models how
    hard a row is, quantiles of the membership score are regressed on the rows of the population, by
    class and inputs. A row is scored by where its own score lies among its predicted quantiles, in
    standard deviations of a normal distribution, linearly between and beyond them.

    The rows are assigned to folds by class. Each fold is scored by regressions on the never-seen
    rows of the other folds, its members like its non-members, so that no row is scored by what was
    fitted to it.

    Bertran et al., Scalable Membership Inference Attacks via Quantile Regression, 2023,
    https://arxiv.org/abs/2307.03694. There the regressions are boosted trees or networks on
    thousands of rows; here they are linear in a few principal components, since audits have
    hundreds.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import QuantileRegressionAttack
        >>> from qiskit_qmu.observation import Observations
        >>> x = np.linspace(0, 1, 60)[:, None]  # how hard a row is can be seen in it
        >>> noise = np.tile([-0.02, 0.01, 0.02, -0.01], 15)
        >>> never_seen = Observations(row_losses=x[:, 0] + noise, inputs=x)
        >>> members = Observations(row_losses=x[::3, 0] - 0.1, inputs=x[::3])
        >>> inside, outside = QuantileRegressionAttack().scores(
        ...     members, never_seen, generator=np.random.default_rng(0)
        ... )
        >>> bool(inside.min() > outside.max())
        True
    """

    components: int = 8
    """Principal components of the inputs that the regressions are linear in, at most."""

    levels: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9)
    """Levels of the quantiles, increasing, at least two, between 0 and 1."""

    folds: int = 5
    """Number of folds."""

    regularization: float = 1e-3
    """Weight of the L1 norm of the coefficients beside the mean pinball loss."""

    def __post_init__(self) -> None:
        _check.at_least(1, components=self.components)
        _check.at_least(2, folds=self.folds, levels=len(self.levels))
        _check.non_negative(regularization=self.regularization)
        if not (np.diff([0.0, *self.levels, 1.0]) > 0).all():
            raise InputError(f"levels must increase between 0 and 1, got {self.levels}")

    @property
    def needs(self) -> Needs:
        """The rows themselves, and never-seen ones among them."""
        return Needs(inputs=True, never_seen=True)

    def scores(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator,
        known_members: Observations | None = None,
    ) -> tuple[Array, Array]:
        """Return how far the score of every row lies above what its inputs let expect.

        With fewer never-seen rows than folds nothing is learned, and membership scores are
        returned.

        Args:
            members: Outputs on the training rows under attack.
            nonmembers: Outputs of the same model on rows it never saw.
            generator: Assigns the rows to folds.
            known_members: Not used: only never-seen rows are learned from.

        Returns:
            Scores of shapes (members,) and (nonmembers,), in standard deviations.

        Raises:
            InputError: If a group is empty or lacks inputs.
        """
        _check.not_empty(members=members, nonmembers=nonmembers)
        self.needs.check("QuantileRegressionAttack", members, nonmembers)
        groups = (members, nonmembers)
        if len(nonmembers) < self.folds:  # too few to learn from
            return members.membership_score, nonmembers.membership_score
        columns = _columns(concatenate(*groups), self.components)
        parts = (columns[: len(members)], columns[len(members) :])
        folds = [assign_folds(group.strata, self.folds, generator) for group in groups]
        scores = [np.empty(len(group)) for group in groups]
        for fold in range(self.folds):
            learned = folds[1] != fold
            quantiles = self.fit(parts[1][learned], nonmembers.membership_score[learned])
            for group, part, dealt, values in zip(groups, parts, folds, scores, strict=True):
                here = np.flatnonzero(dealt == fold)
                if len(here):
                    values[here] = quantiles.place(part[here], group.membership_score[here])
        return scores[0], scores[1]

    def fit(self, columns: ArrayLike, scores: ArrayLike) -> "FittedQuantiles":
        """Regress quantiles of the scores of never-seen rows on columns.

        Args:
            columns: What a row's score may depend on, shape (rows, columns), of any scale.
            scores: Membership scores (rows,) of rows that the model never saw.

        Returns:
            The regressions.

        Raises:
            InputError: If there is no row, or lengths differ.
        """
        inputs, targets = np.asarray(columns, dtype=float), np.asarray(scores, dtype=float)
        _check.not_empty(columns=inputs)
        _check.same_length(columns=inputs, scores=targets)
        # Imported late: importing scikit-learn takes most of a second.
        from sklearn.linear_model import QuantileRegressor

        centre, scale = standardisation(inputs)
        # The penalty of the coefficients is relative to the spread of the scores.
        middle, spread = standardisation(targets)
        regressions = [
            QuantileRegressor(quantile=level, alpha=self.regularization).fit(
                (inputs - centre) / scale, (targets - middle) / spread
            )
            for level in self.levels
        ]
        return FittedQuantiles(
            levels=self.levels,
            regressions=tuple(regressions),
            of_columns=(centre, scale),
            of_scores=(middle, spread),
        )


@final
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FittedQuantiles:
    """Regressions of the quantiles of a score."""

    levels: tuple[float, ...]
    regressions: tuple[Any, ...]
    of_columns: tuple[Array, Array]
    of_scores: tuple[Array, Array]

    def quantiles(self, columns: ArrayLike) -> Array:
        """Return the predicted quantiles of each row's score, increasing, shape (rows, levels)."""
        inputs = (np.asarray(columns, dtype=float) - self.of_columns[0]) / self.of_columns[1]
        found = np.column_stack([each.predict(inputs) for each in self.regressions])
        # Regressions of their own may cross; sorted, they are nearer to the true quantiles.
        return np.sort(found, axis=1) * self.of_scores[1] + self.of_scores[0]

    def place(self, columns: ArrayLike, scores: ArrayLike) -> Array:
        """Return where scores lie among their quantiles, as deviations of a normal distribution.

        Args:
            columns: What was learned from, shape (rows, columns).
            scores: Membership scores (rows,).

        Returns:
            Standard deviations (rows,), linear between quantiles and, from the outermost two,
            beyond them.
        """
        quantiles, found = self.quantiles(columns), np.asarray(scores, dtype=float)
        normal = scipy.stats.norm.ppf(self.levels)
        # Quantiles that coincide would make the slope between them infinite.
        least = 1e-6 * max(float(np.ptp(quantiles)), float(self.of_scores[1]), 1e-12)
        steps = np.maximum(np.diff(quantiles, axis=1), least)
        knots = quantiles[:, :1] + np.cumsum(np.hstack([np.zeros((len(steps), 1)), steps]), axis=1)
        segment = np.clip((found[:, None] >= knots).sum(axis=1) - 1, 0, steps.shape[1] - 1)
        rows = np.arange(len(found))
        share = (found - knots[rows, segment]) / steps[rows, segment]
        return np.asarray(normal[segment] + share * np.diff(normal)[segment])


def _columns(rows: Observations, components: int) -> Array:
    """Return principal components of the inputs and the classes as indicators, (n, columns)."""
    assert rows.inputs is not None
    centre, scale = standardisation(rows.inputs)
    standardised = (rows.inputs - centre) / scale
    kept = min(components, *standardised.shape)
    left, singular, _ = np.linalg.svd(standardised, full_matrices=False)
    classes = rows.strata[:, None] == np.unique(rows.strata)[1:]
    return np.hstack([left[:, :kept] * singular[:kept], classes])


QUANTILE_REGRESSION = AttackColumn(
    attack=QuantileRegressionAttack(),
    key="mia_auc_quantiles",
    heading="quantiles",
    summary="ranks rows by how far they score above never-seen rows that look alike",
    reading="by how surprising its score is, given the row itself, to a regression on never-seen "
    "rows",
)
