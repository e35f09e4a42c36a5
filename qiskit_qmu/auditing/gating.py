"""The numbers of an audit that a gate is about."""

import math
from collections.abc import Mapping
from typing import Any

from qiskit_qmu.auditing.audit_report import AuditReport
from qiskit_qmu.auditing.oracle_checks import averaged
from qiskit_qmu.evaluation.columns import AUC, REFERENCE_AUC
from qiskit_qmu.evaluation.gate import worse_auc
from qiskit_qmu.evaluation.paired_differences import accuracy_difference
from qiskit_qmu.metrics import UNKNOWN, Interval


def gated_numbers(report: AuditReport) -> dict[str, Interval]:
    """Return the numbers of an audit that a `Gate` is about, as far as they are known.

    ``"auc"`` is the one that may lie farthest from ½ of those that count: the strategy's over
    shadow models, and the audited model's own, by the attack and beside the oracles. Where the
    strategy was tested, which is sharper, its own count only if they differ from ½. ``"epsilon"``
    is the estimate over shadow models, less what chance gives. ``"retain"`` is the difference in
    accuracy from the oracles, or else from the original, on the same never-seen retained rows.

    Args:
        report: The audit.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing.gating import gated_numbers
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = torch.nn.Linear(4, 3)
        >>> gated_numbers(qmu.audit(model, split, oracle=model))["retain"].value
        0.0
    """
    findings = {finding.key: finding.value for finding in report.findings}
    (row,) = (row for row in report.rows if row["method"] == "audited")
    return {
        "auc": _worst_auc(row, findings.get("strategy_auc", UNKNOWN)),
        "epsilon": findings.get("epsilon_estimate", UNKNOWN),
        "retain": _retained(report),
    }


def _worst_auc(row: Mapping[str, Any], strategy: Interval) -> Interval:
    own = [AUC.read(row), REFERENCE_AUC.read(row)]
    if strategy.known:
        own = [strategy, *(each for each in own if each.excludes(0.5))]
    return max(own, key=lambda each: worse_auc(each) if each.has_limits else -math.inf)


def _retained(report: AuditReport) -> Interval:
    seen = report.observed
    references = report.observed_oracles or tuple(seen[n] for n in ("original",) if n in seen)
    others = [each.test_retain for each in references if each.test_retain is not None]
    mine = seen["audited"].test_retain if "audited" in seen else None
    if mine is None or mine.labels is None or not others:
        return UNKNOWN
    # The oracles are taken as they are; limits of a mean are at most the mean of the limits.
    return averaged([accuracy_difference(mine, [other]) for other in others]) or UNKNOWN
