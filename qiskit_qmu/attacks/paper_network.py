"""The QMU paper's attack: a network trained on the original model and applied to others."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks._network import DenseNetwork, sigmoid, train_network
from qiskit_qmu.attacks.attack import (
    FeatureName,
    assign_folds,
    check_feature_names,
    feature_needs,
    features,
    standardisation,
)
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.observation import Observations

if TYPE_CHECKING:
    from qiskit_qmu.metrics import Interval

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class PaperNetworkAttack:
    """Train the attack of Quantum Machine Unlearning (2025), https://arxiv.org/abs/2509.06086.

    Three dense layers with ReLU, dropout, Adam and binary cross-entropy learn to distinguish
    members from non-members by the original model's outputs. The paper then applies the network
    unchanged to another model's outputs on the forgotten training rows and calls the share of rows
    classified as members the "success rate" of the attack. Here no row is ever rated by a network
    that was trained on it (in the paper's code four in five are).

    That share alone says nothing about membership. An attack that calls every row a member has 1.0,
    and a model that fails on a class has about 0 there whether or not it saw the rows. So compare
    it with the same share on unseen rows of the class, the control: only the difference indicates
    membership. The attack is also not retrained for the other model, as a real attacker would do;
    `LossAttack` and `ClassifierAttack` attack each model directly.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import PaperNetworkAttack
        >>> from qiskit_qmu.observation import Observations
        >>> sure, unsure = (Observations(logits=[[z, 0]] * 20, labels=[0] * 20) for z in (4, 0))
        >>> fitted = PaperNetworkAttack().fit(sure, unsure, generator=np.random.default_rng(0))
        >>> print(fitted.share_called_member(sure, folds=fitted.member_folds))
        1.000 [0.832, 1.000]
        >>> print(fitted.share_called_member(unsure, folds=fitted.nonmember_folds))  # the control
        0.000 [0.000, 0.168]
    """

    features: tuple[FeatureName, ...] | FeatureName = "answers"
    """Features of the network; the paper attacks the loss, the logits, the softmax and, on
    hardware, the expectations, each separately."""

    folds: int = 2
    """Number of networks; each is trained without one fold, which only it rates."""

    hidden: int = 64
    """Width of both hidden layers (the released code; the paper does not say)."""

    dropout: float = 0.3
    """Dropout rate of the first hidden layer (paper)."""

    learning_rate: float = 0.01
    """Learning rate of Adam (paper)."""

    batch_size: int = 15
    """Rows per step (paper)."""

    epochs: int = 30
    """Passes over the rows. With 500 rows they match the 1,000 steps of the released code."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", check_feature_names(self.features))
        _check.at_least(2, folds=self.folds)
        _check.at_least(1, hidden=self.hidden, batch_size=self.batch_size, epochs=self.epochs)
        _check.positive(learning_rate=self.learning_rate)
        _check.between(0, 0.99, dropout=self.dropout)

    @property
    def needs(self) -> Needs:
        """What the features need."""
        return feature_needs(self.features)

    def fit(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator,
    ) -> "FittedPaperNetwork":
        """Train one network per fold on the outputs of the original model.

        Both groups are split into folds, evenly by class. Every network is trained on the other
        folds with as many members as non-members: the larger group is subsampled, as the paper
        draws 500 of 1,000 members, so that ½ is a fair threshold.

        Args:
            members: Outputs on training rows, including those to be forgotten.
            nonmembers: Outputs of the same model on rows it never saw.
            generator: Random generator of folds, subsampling and training.

        Returns:
            The networks and the fold of every row.

        Raises:
            InputError: If a group has fewer rows than folds, or lacks a feature.
        """
        groups = {"members": members, "nonmembers": nonmembers}
        _check.at_least(self.folds, **{name: len(group) for name, group in groups.items()})
        inputs = [features(group, self.features) for group in groups.values()]
        folds = [assign_folds(group.strata, self.folds, generator) for group in groups.values()]
        raters = []
        for fold in range(self.folds):
            others = [rows[of_row != fold] for rows, of_row in zip(inputs, folds, strict=True)]
            smaller = min(map(len, others))
            inside, outside = (generator.permutation(rows)[:smaller] for rows in others)
            raters.append(self._train(inside, outside, generator))
        return FittedPaperNetwork(
            attack=self,
            raters=tuple(raters),
            member_folds=folds[0],
            nonmember_folds=folds[1],
        )

    def _train(self, members: Array, nonmembers: Array, generator: np.random.Generator) -> "_Rater":
        rows = np.vstack([members, nonmembers])
        centre, scale = standardisation(rows)
        network = train_network(
            (rows - centre) / scale,
            np.repeat([1.0, 0.0], [len(members), len(nonmembers)]),
            hidden=self.hidden,
            dropout=self.dropout,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=self.epochs,
            generator=generator,
        )
        return _Rater(network=network, centre=centre, scale=scale)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class FittedPaperNetwork:
    """Networks trained on the original model, which rate any model's outputs on any rows.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import PaperNetworkAttack
        >>> from qiskit_qmu.observation import Observations
        >>> sure, unsure = (Observations(logits=[[z, 0]] * 20, labels=[0] * 20) for z in (4, 0))
        >>> fitted = PaperNetworkAttack().fit(sure, unsure, generator=np.random.default_rng(0))
        >>> new = Observations(logits=[[5, 0], [-1, 0]], labels=[0, 0])
        >>> fitted.probabilities(new, folds=None) > 0.5
        array([ True, False])
    """

    attack: PaperNetworkAttack
    """The attack that trained the networks."""

    raters: tuple["_Rater", ...]
    """One network per fold, trained on all other folds."""

    member_folds: NDArray[np.int64]
    """The fold of every member passed to `PaperNetworkAttack.fit`, in order."""

    nonmember_folds: NDArray[np.int64]
    """The fold of every non-member, likewise."""

    def probabilities(
        self, observations: Observations, *, folds: NDArray[np.int64] | None
    ) -> Array:
        """Return the probability that each row is a member, by the network not trained on it.

        Args:
            observations: Outputs of any model, with the features used in ``fit``.
            folds: The rows' folds, shape (n,): their entries of ``member_folds`` or
                ``nonmember_folds``. None if all rows are new, neither among the members nor the
                non-members; they get the mean over the networks.

        Returns:
            Probabilities of shape (n,). They are calibrated for the original model only.

        Raises:
            InputError: If a feature is missing or has other columns than in ``fit``, or if the
                number of folds differs from the number of rows, or a fold does not exist.
        """
        inputs = features(observations, self.attack.features)
        columns = len(self.raters[0].centre)
        if inputs.shape[1] != columns:
            raise InputError(
                f"the attack was fitted to {columns} feature columns, got {inputs.shape[1]}"
            )
        every = np.array([rater.probabilities(inputs) for rater in self.raters])
        if folds is None:
            return np.asarray(every.mean(axis=0))
        _check.same_length(observations=observations, folds=folds)
        _check.labels_in_range(len(self.raters), folds=folds)
        return np.asarray(every[folds, np.arange(len(inputs))])

    def share_called_member(
        self,
        observations: Observations,
        *,
        folds: NDArray[np.int64] | None,
        level: float = 0.95,
    ) -> "Interval":
        """Return the share of rows whose probability of being a member is above ½.

        On forgotten training rows this is the paper's number; on unseen rows of the same class it
        is the control. Without any leak both are equal, whatever their value.

        Args:
            observations: Outputs of any model, with the features used in ``fit``.
            folds: The rows' folds, as in `probabilities`.
            level: Confidence level, between 0 and 1.

        Returns:
            The share with its Clopper–Pearson limits, given the networks.

        Raises:
            InputError: If there is no row, or as for `probabilities`.
        """
        # Imported late: reports read the attacks' columns, and importing SciPy takes a while.
        from qiskit_qmu.metrics import binomial_interval

        _check.not_empty(observations=observations)
        called = self.probabilities(observations, folds=folds) > 0.5
        return binomial_interval(int(called.sum()), len(called), level)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Rater:
    """A network with the standardisation of its training rows."""

    network: DenseNetwork
    centre: Array
    scale: Array

    def probabilities(self, inputs: Array) -> Array:
        return sigmoid(self.network.log_odds((inputs - self.centre) / self.scale))
