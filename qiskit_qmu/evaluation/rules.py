"""The rules by which a model passes, each with the column that it is about.

They say in words what `judge` does.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation.columns import AUC, FORGET_TRAIN, REFERENCE_AUC, Column
from qiskit_qmu.evaluation.utility import LOSS_TOLERANCE, UTILITY, UTILITY_TOLERANCE
from qiskit_qmu.evaluation.verdict import MARGIN, Kind


@final
@dataclass(frozen=True, kw_only=True)
class Rule:
    """One condition.

    Attributes:
        column: The number that it is about.
        text: What that number has to be, to follow "is".
    """

    column: Column
    text: str


def rules(
    kind: Kind, known: Collection[str], *, has_original: bool = True, margin: float = MARGIN
) -> tuple[Rule, ...]:
    """Return the rules for models of which some numbers are known.

    Args:
        kind: What was forgotten.
        known: Keys of the columns in which there are numbers.
        has_original: Whether the original is one of the references.
        margin: How far from ½ an AUC, or above the oracles' an accuracy, may lie.

    Example:
        >>> from qiskit_qmu.evaluation import rules
        >>> for rule in rules("class", {"acc_forget_train", "acc_retain_test"}):
        ...     print(f"{rule.column.name}: {rule.text}")
        forget accuracy, train: at most 5 percentage points above the oracle’s by its whole interval
        retain accuracy, test: at most 5 percentage points below the oracle’s or the original’s
    """
    near = f"within {margin} of ½ by its whole 95 % interval"
    forgotten = (
        (
            Rule(
                column=FORGET_TRAIN,
                text=f"at most {_points(margin)} above the oracle’s by its whole interval",
            ),
        )
        if kind == "class"
        else (
            Rule(column=AUC, text=f"{near} (or the attack finds the oracle’s rows too)"),
            Rule(column=REFERENCE_AUC, text=near),
        )
    )
    found = [rule for rule in forgotten if rule.column.key in known]
    kept = next((column for pair in UTILITY for column in pair if column.key in known), None)
    if kept is not None:
        found.append(Rule(column=kept, text=_kept(kept, has_original)))
    return tuple(found)


def _kept(column: Column, has_original: bool) -> str:
    whose = "the oracle’s or the original’s" if has_original else "the oracle’s"
    if column.better == "lower":
        return f"at most {100 * LOSS_TOLERANCE:.0f} % above {whose}"
    most = _points(UTILITY_TOLERANCE) if column.unit == "%" else f"{UTILITY_TOLERANCE}"
    return f"at most {most} below {whose}"


def _points(share: float) -> str:
    return f"{100 * share:.0f} percentage points"
