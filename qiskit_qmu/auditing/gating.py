"""The numbers of an audit that a gate is about."""

from qiskit_qmu.auditing.audit_report import AuditReport
from qiskit_qmu.evaluation.attack_columns import AUC
from qiskit_qmu.metrics import UNKNOWN, Interval, binomial_interval, difference_interval
from qiskit_qmu.observation import Observations


def gated_numbers(report: AuditReport) -> dict[str, Interval]:
    """Return the numbers of an audit that a `Gate` is about, as far as they are known.

    ``"auc"`` is that of the strategy over shadow models, where it was tested, and else the audited
    model's own, which also counts where it differs from ½. ``"epsilon"`` is the estimate over
    shadow models. ``"retain"`` is the difference in accuracy from the oracle, or else from the
    original, on the same never-seen retained rows.

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
    own, strategy = AUC.read(row), findings.get("strategy_auc", UNKNOWN)
    epsilons = (value for key, value in findings.items() if key.startswith("epsilon"))
    return {
        "auc": own if own.excludes(0.5) or not strategy.known else strategy,
        "epsilon": next(epsilons, UNKNOWN),
        "retain": _retained(report),
    }


def _retained(report: AuditReport) -> Interval:
    seen = report.observed
    reference = seen.get("oracle", seen.get("original"))
    mine = seen["audited"].test_retain if "audited" in seen else None
    theirs = None if reference is None else reference.test_retain
    if mine is None or theirs is None or mine.labels is None:
        return UNKNOWN
    return _accuracy_difference(mine, theirs)


def _accuracy_difference(mine: Observations, theirs: Observations) -> Interval:
    """Return a difference in accuracy; only rows count on which the two disagree."""
    own, other = (seen.predictions == seen.labels for seen in (mine, theirs))
    gained, lost = (
        binomial_interval(int(rows.sum()), len(rows)) for rows in (own & ~other, other & ~own)
    )
    return difference_interval(gained, lost)
