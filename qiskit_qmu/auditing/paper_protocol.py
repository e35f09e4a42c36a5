"""The QMU paper's attack as a protocol: fitted to the original, applied to other models."""

from dataclasses import dataclass
from typing import final

import numpy as np

from qiskit_qmu.attacks import FittedPaperNetwork, PaperNetworkAttack
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import CalledMembers, SplitObservations
from qiskit_qmu.metrics import Interval, binomial_interval, difference_interval
from qiskit_qmu.observation import concatenate


@final
@dataclass(frozen=True, kw_only=True)
class PaperProtocol:
    """The QMU paper's attack, fitted to the original model's outputs.

    Attributes:
        fitted: The attack.
        num_forget: Number of forgotten rows, which come first among its members.
        num_control: Number of their unseen counterparts, which come first among its non-members.
        held_out: Mean accuracy on members and on non-members of the original, each classified by a
            network that was not trained on it; ½ is a coin's.
    """

    fitted: FittedPaperNetwork
    num_forget: int
    num_control: int
    held_out: Interval

    def called(self, observed: SplitObservations) -> CalledMembers:
        """Return which forgotten rows and counterparts are classified as members."""
        members = self.fitted.member_folds[: self.num_forget]
        others = self.fitted.nonmember_folds[: self.num_control]
        control = observed.test_forget
        return CalledMembers(
            forget=self.fitted.probabilities(observed.forget, folds=members) > 0.5,
            control=None
            if control is None
            else self.fitted.probabilities(control, folds=others) > 0.5,
        )

    def rate(self, observed: SplitObservations) -> Interval:
        """Return the share of forgotten rows classified as members."""
        called = self.called(observed).forget
        return binomial_interval(int(called.sum()), len(called))

    def control(self, observed: SplitObservations) -> Interval | None:
        """Return the same share of their unseen counterparts."""
        called = self.called(observed).control
        return None if called is None else binomial_interval(int(called.sum()), len(called))


def paper_protocol(
    original: SplitObservations,
    split: ForgetSplit,
    generator: np.random.Generator,
    attack: PaperNetworkAttack | None = None,
) -> PaperProtocol | None:
    """Fit the paper's attack: members are all training rows, non-members all test rows.

    Args:
        original: Outputs of the original model.
        split: The task.
        generator: Random generator of the attack.
        attack: What it sees and how it is trained; by default the answers.

    Returns:
        The fitted attack; None without classes, or if there are too few rows to hold any out.

    Example:
        >>> import numpy as np
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import observe_split, paper_protocol
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> observed = observe_split(torch.nn.Linear(4, 3), split)
        >>> protocol = paper_protocol(observed, split, np.random.default_rng(0))
        >>> protocol.num_forget, protocol.num_control
        (35, 15)
    """
    if original.forget.logits is None or original.retain is None:
        return None
    members = concatenate(original.forget, original.retain)
    # For instances, the unseen counterparts are also among the other test rows: use each once.
    others = original.test_retain
    if others is not None and original.test_forget is not None and split.kind == "instances":
        extra = np.flatnonzero(~np.isin(split.test_retain.indices, split.test_forget.indices))
        others = others.take(extra) if len(extra) else None
    nonmembers = [part for part in (original.test_forget, others) if part is not None]
    attack = attack or PaperNetworkAttack()
    if min(len(members), sum(map(len, nonmembers))) < attack.folds:
        return None
    unseen = concatenate(*nonmembers)
    fitted = attack.fit(members, unseen, generator=generator)
    return PaperProtocol(
        fitted=fitted,
        num_forget=len(original.forget),
        num_control=0 if original.test_forget is None else len(original.test_forget),
        held_out=balanced_accuracy(
            fitted.share_called_member(members, folds=fitted.member_folds),
            fitted.share_called_member(unseen, folds=fitted.nonmember_folds),
        ),
    )


def balanced_accuracy(true_positives: Interval, false_positives: Interval) -> Interval:
    """Return the mean of an attack's accuracies on members and on non-members.

    Example:
        >>> from qiskit_qmu.auditing.paper_protocol import balanced_accuracy
        >>> from qiskit_qmu.metrics import binomial_interval
        >>> print(balanced_accuracy(binomial_interval(60, 100), binomial_interval(40, 100)))
        0.600 [0.527, 0.668]
    """
    advantage = difference_interval(true_positives, false_positives)
    return Interval(
        (1 + advantage.value) / 2,
        (1 + advantage.low) / 2,
        (1 + advantage.high) / 2,
        advantage.level,
    )
