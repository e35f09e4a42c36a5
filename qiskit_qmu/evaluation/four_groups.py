"""Four groups: rows that were forgotten or retained, each beside unseen rows of their kind."""

from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.evaluation.evidence import SplitObservations
from qiskit_qmu.evaluation.finding import Finding, FindingGroup
from qiskit_qmu.metrics import (
    UNKNOWN,
    Interval,
    IntervalAtLevel,
    auroc_change,
    binomial_interval,
    holm,
    interval_p_value,
    mean_interval,
    simultaneous_level,
    stratified_auroc,
)
from qiskit_qmu.observation import Observations


@final
@dataclass(frozen=True, kw_only=True)
class RowGroup:
    """One of the four groups.

    Attributes:
        name: ``"forgotten"``, ``"unseen, as the forgotten"``, ``"retained"`` or
            ``"unseen, as the retained"``.
        member: Whether the original was trained on it.
        num_rows: Number of rows.
        accuracy: Accuracy; unknown for a model without classes.
        loss: Mean loss.

    Example:
        >>> from qiskit_qmu.evaluation import RowGroup
        >>> RowGroup(name="retained", member=True, num_rows=400).accuracy.known
        False
    """

    name: str
    member: bool
    num_rows: int
    accuracy: Interval = UNKNOWN
    loss: Interval = UNKNOWN


@final
@dataclass(frozen=True, kw_only=True)
class FourGroups:
    """The table of the groups, and how well members are told from unseen rows of their kind.

    Attributes:
        rows: The groups that were observed.
        findings: ``"forgotten_rows_auc"`` and ``"retained_rows_auc"``; with the original,
            ``"retained_rows_change"`` too. Their limits hold at once, their p-values are Holm's.

    Example:
        >>> from qiskit_qmu.evaluation import FourGroups
        >>> FourGroups(rows=(), findings=()).findings
        ()
    """

    rows: tuple[RowGroup, ...]
    findings: tuple[Finding, ...]


def four_groups(
    observed: SplitObservations,
    original: SplitObservations | None = None,
    *,
    level: float = 0.95,
) -> FourGroups:
    """Return accuracy and loss of forgotten, retained and unseen rows, and both leaks.

    The score is the negative loss, and rows are compared with rows of their own class. The retained
    rows were trained on, and an honest model leaks some of them; unlearning may expose them more
    (Hayes et al., https://arxiv.org/abs/2403.01218), which shows beside the original.

    Args:
        observed: Outputs of the model on the parts of a split.
        original: Outputs of the model before unlearning on the same rows, if known.
        level: Confidence level at which the limits hold together.

    Returns:
        The table; parts that were not observed are left out.

    Raises:
        InputError: If the level lies outside [0, 1].

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.evaluation import SplitObservations, four_groups
        >>> from qiskit_qmu.observation import Observations
        >>> generator = np.random.default_rng(0)
        >>> fitted, new = generator.chisquare(1, (2, 100))
        >>> parts = {"forget": fitted[:20], "retain": fitted / 9, "test_forget": new[:20]}
        >>> parts["test_retain"] = new
        >>> observed = {name: Observations(row_losses=losses) for name, losses in parts.items()}
        >>> table = four_groups(SplitObservations(**observed))
        >>> [finding.value.excludes(0.5) for finding in table.findings]
        [False, True]
    """
    return FourGroups(
        rows=row_groups(observed, level=level), findings=_findings(observed, original, level)
    )


def row_groups(observed: SplitObservations, *, level: float = 0.95) -> tuple[RowGroup, ...]:
    """Return accuracy and loss of the groups that were observed, without any test.

    Args:
        observed: Outputs of a model on the parts of a split.
        level: Confidence level of each limit.

    Example:
        >>> from qiskit_qmu.evaluation import SplitObservations, row_groups
        >>> from qiskit_qmu.observation import Observations
        >>> rows = Observations(logits=[[2.0, 0.0], [0.0, 1.0]], labels=[0, 0])
        >>> [(row.name, row.accuracy.value) for row in row_groups(SplitObservations(forget=rows))]
        [('forgotten', 0.5)]
    """
    parts = [
        ("forgotten", True, observed.forget),
        ("unseen, as the forgotten", False, observed.test_forget),
        ("retained", True, observed.retain),
        ("unseen, as the retained", False, observed.test_retain),
    ]
    return tuple(
        RowGroup(
            name=name,
            member=member,
            num_rows=len(seen),
            accuracy=_accuracy(seen, level),
            loss=mean_interval(seen.losses, level),
        )
        for name, member, seen in parts
        if seen is not None and len(seen)
    )


def _accuracy(seen: Observations, level: float) -> Interval:
    if seen.labels is None:
        return UNKNOWN
    return binomial_interval(int((seen.predictions == seen.labels).sum()), len(seen), level)


Pair = tuple[Observations, Observations]
"""Members and unseen rows of their kind."""


@dataclass(frozen=True)
class _Test:
    key: str
    group: FindingGroup
    name: str
    num_rows: int
    at_level: IntervalAtLevel
    null: float


def _findings(
    observed: SplitObservations, original: SplitObservations | None, level: float
) -> tuple[Finding, ...]:
    tests = []
    forgotten = _pair(observed.forget, observed.test_forget)
    if forgotten is not None:
        name = "Forgotten rows beside unseen ones"
        size = len(forgotten[0])
        tests.append(_Test("forgotten_rows_auc", "model", name, size, _auc(forgotten), 0.5))
    retained = _pair(observed.retain, observed.test_retain)
    before = None if original is None else _pair(original.retain, original.test_retain)
    if retained is not None:
        name = "Retained rows beside unseen ones"
        size = len(retained[0])
        tests.append(_Test("retained_rows_auc", "retained rows", name, size, _auc(retained), 0.5))
        if before is not None:
            name = "Retained rows: AUC less that before unlearning"
            change = _change(retained, before)
            tests.append(_Test("retained_rows_change", "retained rows", name, size, change, 0.0))
    if not tests:
        return ()
    of_each = simultaneous_level(level, len(tests))
    p_values = holm([interval_p_value(test.at_level, test.null) for test in tests])
    return tuple(
        Finding(
            key=test.key,
            group=test.group,
            name=test.name,
            value=test.at_level(of_each),
            null=Interval(test.null, test.null, test.null),
            reading=_READINGS[test.key],
            p_value=float(p_value),
            num_rows=test.num_rows,
        )
        for test, p_value in zip(tests, p_values, strict=True)
    )


_READINGS = {
    "forgotten_rows_auc": "Away from ½, the forgotten rows stand out from rows that are new.",
    "retained_rows_auc": "Above ½, the model shows which rows it was trained on and still holds.",
    "retained_rows_change": "Above 0, unlearning exposed the rows that stayed.",
}


def _pair(members: Observations | None, unseen: Observations | None) -> Pair | None:
    """Return members and unseen rows if there are both, of a class in common."""
    if members is None or unseen is None:
        return None
    return (members, unseen) if np.intersect1d(_strata(members), _strata(unseen)).size else None


def _strata(seen: Observations) -> NDArray[np.int64]:
    return np.zeros(len(seen), dtype=np.int64) if seen.labels is None else seen.labels


def _auc(pair: Pair) -> IntervalAtLevel:
    members, unseen = pair
    return partial(
        stratified_auroc, -members.losses, _strata(members), -unseen.losses, _strata(unseen)
    )


def _change(after: Pair, before: Pair) -> IntervalAtLevel:
    """Return the AUC's change; both models observed the same rows."""
    labels = _strata(after[0]), _strata(after[1])
    scores, earlier = ((-first.losses, -second.losses) for first, second in (after, before))

    def change(level: float) -> Interval:
        return auroc_change(scores, earlier, labels=labels, level=level)

    return change
