"""One model's numbers on one task, beside the oracle's outputs on the same rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu.attacks import FittedPaperNetwork, LossAttack, MembershipAttack, PaperNetworkAttack
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.metrics import (
    Interval,
    binomial_interval,
    jensen_shannon_interval,
    stratified_auroc,
)
from qiskit_qmu.models import QuantumClassifier, observe
from qiskit_qmu.observation import Observations, concatenate


@final
@dataclass(frozen=True, kw_only=True)
class SplitObservations:
    """A model's outputs on the parts of a split.

    Attributes:
        forget: On the forgotten training rows.
        retain: On the retained training rows.
        test_forget: On the never-seen counterparts of the forgotten rows; None if there are none.
        test_retain: On the other never-seen rows; None where there are none.
    """

    forget: Observations
    retain: Observations
    test_forget: Observations | None
    test_retain: Observations | None


def observe_split(model: torch.nn.Module, split: ForgetSplit) -> SplitObservations:
    """Evaluate a model on the parts of a split, all at once: a device has one queue for them."""
    parts = observed_parts(split)
    x = np.concatenate([part.x for part in parts if len(part)])
    y = np.concatenate([part.y for part in parts if len(part)])
    own = model.observe if isinstance(model, QuantumClassifier) else None
    everything = own(x, y) if own is not None else observe(model, x, y)
    ends = np.cumsum([len(part) for part in parts])
    forget, retain, test_forget, test_retain = (
        everything.take(np.arange(end - len(part), end)) if len(part) else None
        for part, end in zip(parts, ends, strict=True)
    )
    if forget is None or retain is None:  # ForgetSplit refuses such splits
        raise AssertionError
    return SplitObservations(
        forget=forget, retain=retain, test_forget=test_forget, test_retain=test_retain
    )


def observed_parts(split: ForgetSplit) -> tuple[Rows, Rows, Rows, Rows]:
    """Return the rows that an audit observes each model on."""
    return split.forget, split.retain, split.test_forget, split.test_retain


@final
@dataclass(frozen=True, kw_only=True)
class PaperProtocol:
    """The QMU paper's attack, fitted on the original model's outputs.

    Attributes:
        fitted: The attack.
        num_forget: The first so many of its members are the forgotten rows.
        num_control: The first so many of its non-members are their never-seen counterparts.
    """

    fitted: FittedPaperNetwork
    num_forget: int
    num_control: int

    def rate(self, observed: SplitObservations) -> Interval:
        """Return the share of forgotten rows that is called a member."""
        folds = self.fitted.member_folds[: self.num_forget]
        return self.fitted.share_called_member(observed.forget, folds=folds)

    def control(self, observed: SplitObservations) -> Interval | None:
        """Return the same share on their never-seen counterparts."""
        if observed.test_forget is None:
            return None
        folds = self.fitted.nonmember_folds[: self.num_control]
        return self.fitted.share_called_member(observed.test_forget, folds=folds)


def paper_protocol(
    original: SplitObservations, split: ForgetSplit, generator: np.random.Generator
) -> PaperProtocol | None:
    """Fit the paper's attack: members are all training rows, non-members all test rows.

    Args:
        original: Outputs of the original model.
        split: The task.
        generator: Source of everything random in the attack.

    Returns:
        The fitted attack; None where there are too few rows to hold any out.
    """
    members = concatenate(original.forget, original.retain)
    # Of single rows, the never-seen counterparts are among the other test rows: take each once.
    others = original.test_retain
    if others is not None and original.test_forget is not None and split.kind == "instances":
        extra = np.flatnonzero(~np.isin(split.test_retain.indices, split.test_forget.indices))
        others = others.take(extra) if len(extra) else None
    nonmembers = [part for part in (original.test_forget, others) if part is not None]
    attack = PaperNetworkAttack()
    if min(len(members), sum(map(len, nonmembers))) < attack.folds:
        return None
    fitted = attack.fit(members, concatenate(*nonmembers), generator=generator)
    return PaperProtocol(
        fitted=fitted,
        num_forget=len(original.forget),
        num_control=0 if original.test_forget is None else len(original.test_forget),
    )


@final
@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The numbers of one model; an Interval is None where there are no rows for it."""

    acc_forget_train: Interval
    acc_retain_train: Interval
    acc_forget_test: Interval | None
    acc_retain_test: Interval | None
    mia_paper_rate: Interval | None
    mia_paper_control: Interval | None
    mia_auc: Interval | None
    reference_auc: Interval | None
    js_oracle_forget: Interval | None
    js_oracle_retain: Interval | None
    other_auc: dict[str, Interval]
    member_scores: NDArray[np.float64]
    nonmember_scores: NDArray[np.float64]

    def to_row(self) -> dict[str, Any]:
        """Return {name: value, name_low: …, name_high: …}, None for what is missing."""
        named = {name: getattr(self, name) for name in _INTERVALS}
        return interval_row({**named, **self.other_auc})


_INTERVALS = (
    "acc_forget_train",
    "acc_retain_train",
    "acc_forget_test",
    "acc_retain_test",
    "mia_paper_rate",
    "mia_paper_control",
    "mia_auc",
    "reference_auc",
    "js_oracle_forget",
    "js_oracle_retain",
)


def interval_row(named: Mapping[str, Interval | None]) -> dict[str, float | None]:
    """Return {name: value, name_low: …, name_high: …} of intervals, None for what is missing."""
    row: dict[str, float | None] = {}
    for name, interval in named.items():
        values = (None,) * 3 if interval is None else interval_values(interval)
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
    return row


def interval_values(interval: Interval) -> tuple[float | None, ...]:
    """Return value, low and high, with None for NaN, as JSON has it."""
    values = (interval.value, interval.low, interval.high)
    return tuple(float(v) if np.isfinite(v) else None for v in values)


def measure(
    observed: SplitObservations,
    *,
    oracle: SplitObservations | None,
    paper: PaperProtocol | None,
    attacks: Sequence[MembershipAttack],
    generator: np.random.Generator,
) -> Measurement:
    """Measure one model.

    Args:
        observed: Its outputs.
        oracle: The oracle's outputs on the same rows.
        paper: The paper's attack, fitted on the original model.
        attacks: The first gives ``mia_auc``; the others are reported beside it.
        generator: Source of everything random in the attacks.

    Returns:
        The numbers, each with its interval.
    """
    scores = [_scores(attack, observed, generator) for attack in attacks]
    aucs = [_auc(observed, *pair) for pair in scores]
    members, nonmembers = scores[0]
    return Measurement(
        acc_forget_train=_accuracy(observed.forget),
        acc_retain_train=_accuracy(observed.retain),
        acc_forget_test=None if observed.test_forget is None else _accuracy(observed.test_forget),
        acc_retain_test=None if observed.test_retain is None else _accuracy(observed.test_retain),
        mia_paper_rate=None if paper is None else paper.rate(observed),
        mia_paper_control=None if paper is None else paper.control(observed),
        mia_auc=aucs[0],
        reference_auc=_reference_auc(observed, oracle),
        js_oracle_forget=_divergence(observed.forget, oracle and oracle.forget),
        js_oracle_retain=_divergence(observed.retain, oracle and oracle.retain),
        other_auc={
            f"mia_auc_{name}": auc
            for name, auc in zip(_names(attacks[1:]), aucs[1:], strict=True)
            if auc is not None
        },
        member_scores=members,
        nonmember_scores=nonmembers,
    )


DEFAULT_ATTACKS: tuple[MembershipAttack, ...] = (LossAttack(),)


def _names(attacks: Sequence[MembershipAttack]) -> list[str]:
    """Name attacks by their kind, and number those of a kind where there are several."""
    kinds = [type(attack).__name__ for attack in attacks]
    return [
        kind if kinds.count(kind) == 1 else f"{kind}_{kinds[: position + 1].count(kind)}"
        for position, kind in enumerate(kinds)
    ]


def _accuracy(observations: Observations) -> Interval:
    correct = int((observations.predictions == observations.labels).sum())
    return binomial_interval(correct, len(observations))


def _scores(
    attack: MembershipAttack, observed: SplitObservations, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if observed.test_forget is None:
        return np.zeros(0), np.zeros(0)
    return attack.scores(
        observed.forget,
        observed.test_forget,
        generator=generator,
        known_members=observed.retain,
    )


def _auc(
    observed: SplitObservations, members: NDArray[np.float64], nonmembers: NDArray[np.float64]
) -> Interval | None:
    if observed.test_forget is None:
        return None
    shared = np.isin(observed.forget.strata, observed.test_forget.strata)
    if not shared.any() or len(members) < 2 or len(nonmembers) < 2:
        return None
    return stratified_auroc(
        members, observed.forget.strata, nonmembers, observed.test_forget.strata
    )


def _reference_auc(
    observed: SplitObservations, oracle: SplitObservations | None
) -> Interval | None:
    """Score each row by how much surer of it the model is than the oracle.

    The oracle tells which rows are easy, so the same rows say far more than without it. Only an
    auditor has it: this is no attack, but the sharpest test of whether a trace is left.
    """
    if oracle is None or observed.test_forget is None or oracle.test_forget is None:
        return None
    members = observed.forget.membership_score - oracle.forget.membership_score
    nonmembers = observed.test_forget.membership_score - oracle.test_forget.membership_score
    if not members.any() and not nonmembers.any():
        return None  # the oracle beside itself
    return _auc(observed, members, nonmembers)


_ITSELF = Interval(0.0, 0.0, 0.0)
"""A divergence that is 0 for any rows, not only for those that were looked at."""


def _divergence(observed: Observations, oracle: Observations | None) -> Interval | None:
    if oracle is None:
        return None
    if observed is oracle:
        return _ITSELF
    return jensen_shannon_interval(observed.probabilities, oracle.probabilities)
