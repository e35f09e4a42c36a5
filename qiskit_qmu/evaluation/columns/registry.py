"""The registry of reported numbers: to add one, write its file and add its row.

A column's file holds the formula and describes the number as a `Column`; its row here sets its
place in the tables.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_qmu.attacks import SHOT_ATTACKS
from qiskit_qmu.evaluation.columns import (
    accuracies,
    attacks,
    costs,
    distances,
    values,
)
from qiskit_qmu.evaluation.columns.attacks import ATTACK_AUCS, AUC, REFERENCE_AUC, further_auc
from qiskit_qmu.evaluation.columns.column import Column

RESULTS: tuple[Column, ...] = (
    accuracies.FORGET_TRAIN,
    accuracies.FORGET_TEST,
    accuracies.RETAIN_TRAIN,
    accuracies.RETAIN_TEST,
    *values.VALUE_COLUMNS,
    *attacks.ATTACK_COLUMNS,
    distances.JS_FORGET,
    distances.JS_RETAIN,
)
"""Columns of a method's results, in the order of the tables."""

SHOT_RESULTS: tuple[Column, ...] = (
    accuracies.RETAIN_TEST,
    accuracies.FORGET_TRAIN,
    distances.JS_EXACT,
    AUC,
    *(ATTACK_AUCS[key] for key in SHOT_ATTACKS if key != AUC.key),
)
"""Columns of a comparison of shot counts, in the order of tables and figures."""

COSTS: tuple[Column, ...] = (costs.GRADIENTS, costs.CIRCUITS, costs.SHOTS, costs.SECONDS)
"""Columns of a method's cost, in the order of the tables."""


def result_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Return the columns of result rows: `RESULTS`, and the AUCs of additional attacks.

    Args:
        rows: Result rows; ``mia_auc_NAME`` is the AUC of the attack NAME.

    Returns:
        The columns, with additional AUCs next to the others.

    Example:
        >>> from qiskit_qmu.evaluation import RESULTS, result_columns
        >>> columns = result_columns([{"method": "ga", "mia_auc": 0.6, "mia_auc_mine": 0.7}])
        >>> [column.name for column in columns if column not in RESULTS]
        ['AUC, mine']
    """
    known = {column.key for column in RESULTS}
    keys = dict.fromkeys(key for row in rows for key in row if key.startswith(f"{AUC.key}_"))
    others = [key for key in keys if not key.endswith(("_low", "_high")) and key not in known]
    place = RESULTS.index(REFERENCE_AUC) + 1
    return (*RESULTS[:place], *map(further_auc, others), *RESULTS[place:])
