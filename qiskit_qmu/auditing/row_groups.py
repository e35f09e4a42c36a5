"""Findings of groups of rows: forgotten or retained, member or not, by class and by column."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu.auditing.model_tests import ModelTests
from qiskit_qmu.auditing.oracle_checks import averaged
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.data.table_columns import TableColumn
from qiskit_qmu.evaluation import Finding, Measurement, RowGroup, four_groups, row_groups, slices
from qiskit_qmu.evaluation.columns import AUC
from qiskit_qmu.metrics import UNKNOWN

MIN_ROWS = 10
"""Forgotten and never-seen rows that a slice needs to be tested."""

_ROWS_OF_A_QUANTILE = 20
_MOST_QUANTILES = 4

_KEYS = {
    "forgotten": "group_forgotten",
    "unseen, as the forgotten": "group_forgotten_unseen",
    "retained": "group_retained",
    "unseen, as the retained": "group_retained_unseen",
}


def four_group_findings(
    measured: Measurement,
    original: Measurement | None = None,
    oracles: Sequence[Measurement] = (),
) -> tuple[Finding, ...]:
    """Return the table of forgotten, retained and never-seen rows, and what each part leaks.

    - ``"group_forgotten"``, ``"group_forgotten_unseen"``, ``"group_retained"``,
      ``"group_retained_unseen"``: accuracy, or the mean loss of a model without classes, beside the
      oracles'. The unseen rows are those of the forgotten and of the retained rows' kind.
    - ``"forgotten_rows_auc"``, ``"retained_rows_auc"``, ``"retained_rows_change"``: see
      `qiskit_qmu.evaluation.four_groups`.

    Args:
        measured: The audited model.
        original: The model before unlearning.
        oracles: Retrained models.
    """
    before = None if original is None else original.evidence.observed
    table = four_groups(measured.evidence.observed, before)
    retrained = [row_groups(oracle.evidence.observed) for oracle in oracles]
    groups = (
        _group_finding(group, [rows[place] for rows in retrained])
        for place, group in enumerate(table.rows)
    )
    return tuple(finding for finding in (*table.findings, *groups) if finding.value.known)


def _group_finding(group: RowGroup, oracles: Sequence[RowGroup]) -> Finding:
    by_accuracy = group.accuracy.known
    what = "accuracy" if by_accuracy else "mean loss"
    values = [each.accuracy if by_accuracy else each.loss for each in (group, *oracles)]
    trained = "The original was trained on them" if group.member else "No model was trained on them"
    return Finding(
        key=_KEYS[group.name],
        group="four groups",
        name=f"{group.name}: {what}",
        value=values[0],
        null=averaged(values[1:]) or UNKNOWN,
        num_rows=group.num_rows,
        reading=f"{trained}; mean loss {group.loss.value:.3f}.",
    )


def slice_tests(measured: Measurement, split: ForgetSplit) -> ModelTests:
    """Return what an attack finds by class and by every column of the rows' table.

    The keys are ``"slice_COLUMN_GROUP"``, the classes' column being ``"class"``. Numbers are cut
    into two to four groups of equally many rows, dates into years. All slices are corrected for at
    once; those with fewer than 10 forgotten or 10 never-seen rows are not tested.

    Args:
        measured: The audited model.
        split: The task, with the columns of the rows.

    Returns:
        The findings, and how many slices were too small; nothing without never-seen rows.
    """
    evidence = measured.evidence
    control, labels = evidence.observed.test_forget, evidence.observed.forget.labels
    if AUC.key not in evidence.scores or control is None:
        return ModelTests()
    columns: dict[str, tuple[ArrayLike, ArrayLike]]
    columns, skipped = _columns(split)
    classes = None
    if labels is not None and control.labels is not None:
        classes = labels, control.labels
        if len(np.unique(labels)) > 1:
            named = _named(labels, split), _named(control.labels, split)
            columns = {"class": named, **columns}
    if not columns:
        return ModelTests(skipped=skipped)
    found = slices(
        evidence.scores[AUC.key],
        columns,
        labels=classes,
        quantiles=int(np.clip(len(split.forget) // _ROWS_OF_A_QUANTILE, 2, _MOST_QUANTILES)),
        min_rows=MIN_ROWS,
    )
    asked = [part for part in found if part.column in columns]
    tested = [part.finding() for part in asked if part.auc.known]
    if len(tested) < len(asked):
        skipped["small groups of rows"] = (
            f"{len(asked) - len(tested)} of {len(asked)} groups have fewer than {MIN_ROWS} "
            "forgotten or never-seen rows of one class"
        )
    return ModelTests(findings=tuple(tested), skipped=skipped)


def _named(labels: NDArray[np.int64], split: ForgetSplit) -> ArrayLike:
    """Return the names of classes where they have any, else their numbers."""
    return labels if split.class_names is None else np.array(split.class_names)[labels]


def _columns(split: ForgetSplit) -> tuple[dict[str, tuple[ArrayLike, ArrayLike]], dict[str, str]]:
    """Return values of forgotten and unseen rows by column, and columns that have none."""
    columns: dict[str, tuple[ArrayLike, ArrayLike]] = {}
    unknown = []
    for column in split.columns:
        if column.features is None:
            unknown.append(column.name)
            continue
        values = _values(column, split.forget.x), _values(column, split.test_forget.x)
        if len({*values[0].tolist(), *values[1].tolist()}) > 1:
            columns[column.name if column.name != "class" else "column class"] = values
    skipped = {}
    if unknown:
        names = ", ".join(unknown)
        skipped[f"groups of rows by {names}"] = (
            "values of never-seen rows are kept of features only"
        )
    return columns, skipped


def _values(column: TableColumn, x: NDArray[np.float32]) -> NDArray[np.object_]:
    values = column.of(x)
    if column.kind == "date":
        days = np.nan_to_num(values).astype(np.int64).astype("datetime64[D]")
        years: NDArray[np.object_] = days.astype("datetime64[Y]").astype(str).astype(object)
        years[np.isnan(values)] = None
        return years
    found: NDArray[np.object_] = values.astype(object)
    found[values == ""] = None
    return found
