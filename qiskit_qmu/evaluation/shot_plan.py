"""ShotPlan: with which numbers of shots a served model meets a target of privacy and accuracy."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import SHOT_ATTACKS
from qiskit_qmu.metrics import Interval, binomial_interval, simultaneous_level, stratified_auroc
from qiskit_qmu.observation import Observations


class NoShotsError(RunError):
    """No number of shots meets a target; the message says which part fails."""


@final
@dataclass(frozen=True, kw_only=True)
class ShotTarget:
    """What a served model must meet, with confidence.

    Attributes:
        max_auc: Largest AUC of any attack, from ½ to 1; as far below ½ likewise.
        min_accuracy: Smallest accuracy on never-seen rows, between 0 and 1.
        queries: How often an attacker may ask the same row and get fresh shots.
        level: Confidence with which all statements about the compared numbers hold.

    Raises:
        InputError: If a number is out of range.
    """

    max_auc: float
    min_accuracy: float
    queries: int = 1
    level: float = 0.95

    def __post_init__(self) -> None:
        _check.between(0.5, 1, max_auc=self.max_auc)
        _check.between(0, 1, min_accuracy=self.min_accuracy)
        _check.at_least(1, queries=self.queries)
        _check.between(0.5, 1, level=self.level)


@final
@dataclass(frozen=True, kw_only=True)
class PlannedShots:
    """One number of shots.

    Attributes:
        shots: Shots of an answer.
        accuracy: On never-seen rows, whose answers have so many shots.
        aucs: AUC of each attack, by its key, on answers to all queries of a row together.
    """

    shots: int
    accuracy: Interval
    aucs: Mapping[str, Interval]

    @property
    def worst_auc(self) -> float:
        """Upper bound of the largest AUC; one below ½ counts as one as far above."""
        return max(max(auc.high, 1 - auc.low) for auc in self.aucs.values())

    def meets(self, target: ShotTarget) -> bool:
        """Return whether the upper bound of every AUC and the lower bound of accuracy suffice."""
        return self.hides(target) and self.answers(target)

    def hides(self, target: ShotTarget) -> bool:
        """Return whether the AUCs suffice."""
        return self.worst_auc <= target.max_auc

    def answers(self, target: ShotTarget) -> bool:
        """Return whether the accuracy suffices."""
        return self.accuracy.low >= target.min_accuracy


@final
@dataclass(frozen=True, kw_only=True)
class ShotPlan:
    """What every number of shots gives, and which of them meet the target.

    Attributes:
        target: The target.
        choices: Numbers of shots, increasing.
        num_members: Training rows that were asked.
        num_never_seen: Never-seen rows that were asked.
    """

    target: ShotTarget
    choices: tuple[PlannedShots, ...]
    num_members: int
    num_never_seen: int

    @property
    def meeting(self) -> tuple[int, ...]:
        """The numbers of shots that meet the target."""
        return tuple(each.shots for each in self.choices if each.meets(self.target))

    @property
    def advice(self) -> str:
        """What to do, in a sentence or two."""
        target, meeting = self.target, self.meeting
        if meeting:
            some = f"{meeting[0]:,}" if len(meeting) == 1 else f"{meeting[0]:,} to {meeting[-1]:,}"
            asked = "once" if target.queries == 1 else f"at most {target.queries} times"
            return (
                f"{some} shots meet the target where a row is asked {asked}; limit queries, or "
                "give the same row the same answer (CachedObserver)."
            )
        hidden = min(self.choices, key=lambda each: each.worst_auc)
        right = max(self.choices, key=lambda each: each.accuracy.low)
        return (
            f"no number of shots meets the target: no attack exceeds an AUC of "
            f"{hidden.worst_auc:.3f} at best, with {hidden.shots:,} shots (at most "
            f"{target.max_auc:g} wanted), and the accuracy is at least {right.accuracy.low:.3f} at "
            f"best, with {right.shots:,} shots (at least {target.min_accuracy:g} wanted)"
            f"{self._too_few_rows()}"
        )

    def _too_few_rows(self) -> str:
        """Say so where only the intervals fail, not the estimates."""
        target = self.target
        close = [
            each.shots
            for each in self.choices
            if each.accuracy.value >= target.min_accuracy
            and all(1 - target.max_auc <= a.value <= target.max_auc for a in each.aucs.values())
        ]
        if not close:
            return ""
        return (
            f"; the estimates with {', '.join(f'{shots:,}' for shots in close)} shots do, so more "
            "rows may show it"
        )

    def check(self) -> None:
        """Raise NoShotsError if no number of shots meets the target."""
        if not self.meeting:
            raise NoShotsError(self.advice)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        choices = [
            {
                "shots": each.shots,
                "meets": each.meets(self.target),
                "worst_auc": each.worst_auc,
                "accuracy": asdict(each.accuracy),
                "aucs": {key: asdict(auc) for key, auc in each.aucs.items()},
            }
            for each in self.choices
        ]
        return {
            "target": asdict(self.target),
            "num_members": self.num_members,
            "num_never_seen": self.num_never_seen,
            "meeting": list(self.meeting),
            "advice": self.advice,
            "choices": choices,
        }


def planned_shots(
    target: ShotTarget,
    shots: int,
    *,
    answers: Observations,
    members: Observations,
    never_seen: Observations,
    compared: int,
    seed: int = 0,
) -> PlannedShots:
    """Return what one number of shots gives.

    All parts of a statement about one number must hold, so that each is tested at the full level
    (an intersection–union test); the level is divided among the numbers that are compared.

    Args:
        target: The target.
        shots: Shots of an answer.
        answers: What the model answered to never-seen rows with so many shots.
        members: What an attacker sees of training rows, with the shots of all queries.
        never_seen: What an attacker sees of never-seen rows.
        compared: How many numbers of shots are compared.
        seed: Seed of the attacks.

    Raises:
        InputError: If the model does not predict classes, or no attack can read its answers.
    """
    if answers.logits is None or answers.labels is None:
        raise InputError("shots are planned for models that predict classes")
    one_sided = simultaneous_level(target.level, compared)
    level = 2 * one_sided - 1
    right = int((answers.logits.argmax(axis=1) == answers.labels).sum())
    aucs: dict[str, Interval] = {}
    for key, column in SHOT_ATTACKS.items():
        if column.can_read(members):
            scores = column.attack.scores(members, never_seen, generator=stream(seed, key))
            aucs[key] = stratified_auroc(
                scores[0], members.strata, scores[1], never_seen.strata, level
            )
    return PlannedShots(
        shots=shots, accuracy=binomial_interval(right, len(answers), level), aucs=aucs
    )


def check_shot_counts(shots: Sequence[int]) -> tuple[int, ...]:
    """Return numbers of shots in increasing order.

    Raises:
        InputError: If there is none, one is not positive, or two are equal.
    """
    _check.not_empty(shots=shots)
    for count in shots:
        _check.at_least(1, shots=count)
    if len(np.unique(shots)) < len(shots):
        raise InputError(f"shots has duplicates: {list(shots)}")
    return tuple(sorted(int(count) for count in shots))
