"""Findings of groups of rows: forgotten and retained ones, and the classes of single rows."""

from qiskit_qmu.evaluation import Finding, Measurement, four_groups, slices
from qiskit_qmu.evaluation.attack_columns import AUC


def row_group_findings(
    measured: Measurement, original: Measurement | None = None
) -> tuple[Finding, ...]:
    """Return what a model leaks of forgotten and retained rows, and of each class of single rows.

    Args:
        measured: The model's numbers.
        original: Those of the model before unlearning.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import Auditor
        >>> from qiskit_qmu.auditing.row_groups import row_group_findings
        >>> split = qmu.ForgetSplit.by_fraction(qmu.load_dataset("iris"), fraction=0.2, seed=0)
        >>> found = row_group_findings(Auditor(split).measure(torch.nn.Linear(4, 3)))
        >>> [finding.key for finding in found[:3]]
        ['forgotten_rows_auc', 'retained_rows_auc', 'slice_class_0']
    """
    evidence = measured.evidence
    before = None if original is None else original.evidence.observed
    found = list(four_groups(evidence.observed, before).findings)
    control, labels = evidence.observed.test_forget, evidence.observed.forget.labels
    if (
        AUC.key in evidence.scores
        and labels is not None
        and control is not None
        and control.labels is not None
        and len(set(labels.tolist())) > 1
    ):
        parts = slices(evidence.scores[AUC.key], {}, labels=(labels, control.labels))
        found += [part.finding() for part in parts]
    return tuple(finding for finding in found if finding.value.known)
