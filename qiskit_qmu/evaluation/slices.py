"""Slices: the leak of groups of rows, since rare groups leak more than the mean shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu.evaluation.evidence import Scores
from qiskit_qmu.evaluation.finding import Finding
from qiskit_qmu.evaluation.value_groups import Mask, Values, value_groups
from qiskit_qmu.metrics import (
    UNKNOWN,
    Interval,
    IntervalAtLevel,
    binomial_interval,
    difference_interval,
    holm,
    interval_p_value,
    mean_interval,
    simultaneous_level,
    stratified_auroc,
)
from qiskit_qmu.observation import Observations

_NO_LEAK = Interval(0.5, 0.5, 0.5)


@final
@dataclass(frozen=True, kw_only=True)
class Slice:
    """One group of rows: those of a class, or with a value of a column.

    Attributes:
        column: Name of the column.
        group: The value, or the range of values.
        num_members: Forgotten rows in it.
        num_nonmembers: Unseen rows in it.
        auc: AUC of the attack within it; unknown without members and non-members of one class.
        accuracy_gap: Accuracy on its forgotten rows less that on its unseen rows.
        loss_gap: Mean loss of its unseen rows less that of its forgotten rows.
        p_value: P-value of an AUC of ½, adjusted for all slices (Holm); None without an AUC.

    Example:
        >>> from qiskit_qmu.evaluation import Slice
        >>> from qiskit_qmu.metrics import Interval
        >>> rare = Slice(
        ...     column="sex", group="female", num_members=9, num_nonmembers=20,
        ...     auc=Interval(0.8, 0.6, 0.95), p_value=0.02,
        ... )
        >>> rare.finding().name
        'sex: female'
    """

    column: str
    group: str
    num_members: int
    num_nonmembers: int
    auc: Interval = UNKNOWN
    accuracy_gap: Interval = UNKNOWN
    loss_gap: Interval = UNKNOWN
    p_value: float | None = None

    def finding(self) -> Finding:
        """Return the AUC of the slice as a finding."""
        return Finding(
            key=f"slice_{self.column}_{self.group}",
            group="slices",
            name=f"{self.column}: {self.group}",
            value=self.auc,
            null=_NO_LEAK,
            p_value=self.p_value,
            num_rows=self.num_members,
            reading=self._reading(),
        )

    def _reading(self) -> str:
        if self.p_value is None:
            return (
                "No AUC: the group has too few forgotten and unseen rows of one class "
                f"({self.num_members} forgotten, {self.num_nonmembers} unseen)."
            )
        if not self.auc.excludes(0.5):
            return "No leak shown in this group; its interval says how large one may be."
        side = "still recognised" if self.auc.value > 0.5 else "recognised as pushed away"
        return f"The forgotten rows of this group are {side}."


def slices(
    scores: Scores,
    columns: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    labels: tuple[ArrayLike, ArrayLike] | None = None,
    observed: tuple[Observations, Observations] | None = None,
    quantiles: int = 4,
    min_rows: int = 1,
    level: float = 0.95,
) -> tuple[Slice, ...]:
    """Return what an attack finds in every group of every column.

    Numbers with more than 12 different values are cut at the quantiles of members and non-members
    together; other values are groups as they are; missing ones (NaN, None) are a group of their
    own. By default a group is tested however rare it is: its interval says how little it proves.

    The limits of all AUCs hold at once (Bonferroni over the slices with an AUC), and p-values are
    Holm's over the same slices.
    With labels, rows are compared with rows of their own class, as everywhere in an audit.

    Args:
        scores: The attack's scores of the forgotten rows (n,) and of their unseen counterparts
            (m,), higher = more likely a member.
        columns: Values of each column for the forgotten rows (n,) and the unseen rows (m,).
        labels: Classes of both, which become the first column, ``"class"``.
        observed: Outputs on both, for the gaps in accuracy and loss.
        quantiles: Number of groups that numbers are cut into.
        min_rows: Groups with fewer forgotten or fewer unseen rows get no AUC.
        level: Confidence level at which all intervals hold together.

    Returns:
        One slice for each group of each column, in the order of the columns and values.

    Raises:
        InputError: If lengths differ, a score is not finite, or a number is out of range.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.evaluation import slices
        >>> generator = np.random.default_rng(0)
        >>> groups = np.repeat(["common", "rare"], [90, 10])
        >>> members = generator.normal(size=100) + 4 * (groups == "rare")
        >>> found = slices((members, generator.normal(size=100)), {"group": (groups, groups)})
        >>> [(part.group, part.num_members, part.p_value < 0.05) for part in found]
        [('common', 90, False), ('rare', 10, True)]
    """
    members, nonmembers = (np.asarray(group, dtype=np.float64) for group in scores)
    _check.finite(members=members, nonmembers=nonmembers)
    classes = _strata(labels, members, nonmembers)
    if labels is not None:
        columns = {"class": (classes[0].astype(str), classes[1].astype(str)), **columns}
    groups = [
        (name, group, masks)
        for name, (first, second) in columns.items()
        for group, masks in value_groups(
            name, first, second, sizes=(len(members), len(nonmembers)), quantiles=quantiles
        ).items()
    ]
    _check.not_empty(columns=groups)
    aucs = [
        None
        if min(mask.sum() for mask in masks) < min_rows
        else _auc((members, nonmembers), classes, masks)
        for *_, masks in groups
    ]
    of_each = simultaneous_level(level, max(1, sum(auc is not None for auc in aucs)))
    p_values = _adjusted([None if auc is None else interval_p_value(auc, 0.5) for auc in aucs])
    return tuple(
        Slice(
            column=name,
            group=group,
            num_members=int(masks[0].sum()),
            num_nonmembers=int(masks[1].sum()),
            auc=UNKNOWN if auc is None else auc(of_each),
            accuracy_gap=_accuracy_gap(observed, masks, of_each),
            loss_gap=_loss_gap(observed, masks, of_each),
            p_value=p_value,
        )
        for (name, group, masks), auc, p_value in zip(groups, aucs, p_values, strict=True)
    )


Masks = tuple[Mask, Mask]


def _auc(
    scores: tuple[Values, Values], classes: tuple[Values, Values], masks: Masks
) -> IntervalAtLevel | None:
    """Return the AUC within a group; None without members and non-members of one class."""
    first, second = (of_rows[mask] for of_rows, mask in zip(classes, masks, strict=True))
    if not np.intersect1d(first, second).size:
        return None
    members, nonmembers = (of_rows[mask] for of_rows, mask in zip(scores, masks, strict=True))
    return partial(stratified_auroc, members, first, nonmembers, second)


def _strata(
    labels: tuple[ArrayLike, ArrayLike] | None, members: Values, nonmembers: Values
) -> tuple[Values, Values]:
    if labels is None:
        return np.zeros(len(members), dtype=int), np.zeros(len(nonmembers), dtype=int)
    first, second = (np.asarray(values) for values in labels)
    _check.same_length(members=members, labels_of_members=first)
    _check.same_length(nonmembers=nonmembers, labels_of_nonmembers=second)
    return first, second


def _adjusted(p_values: list[float | None]) -> list[float | None]:
    known = [p for p in p_values if p is not None]
    adjusted = iter(holm(known).tolist() if known else ())
    return [None if p is None else next(adjusted) for p in p_values]


def _accuracy_gap(
    observed: tuple[Observations, Observations] | None, masks: Masks, level: float
) -> Interval:
    if observed is None or not (masks[0].any() and masks[1].any()):
        return UNKNOWN
    rates = []
    for seen, mask in zip(observed, masks, strict=True):
        if seen.labels is None:
            return UNKNOWN
        right = (seen.predictions == seen.labels)[mask]
        rates.append(binomial_interval(int(right.sum()), len(right), level))
    return difference_interval(*rates)


def _loss_gap(
    observed: tuple[Observations, Observations] | None, masks: Masks, level: float
) -> Interval:
    if observed is None or not (masks[0].any() and masks[1].any()):
        return UNKNOWN
    forgotten, unseen = observed
    return difference_interval(
        mean_interval(unseen.losses[masks[1]], level),
        mean_interval(forgotten.losses[masks[0]], level),
    )
