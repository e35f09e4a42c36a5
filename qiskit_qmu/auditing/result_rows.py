"""What a record holds of every audited model: a row of numbers, and scores for its ROC curve."""

from typing import Any

from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import Measurement, Verdict, interval_row
from qiskit_qmu.evaluation.columns import AUC


def in_words(split: ForgetSplit) -> str:
    """Say what a split forgets.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import in_words
        >>> in_words(qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1))
        'class versicolor (35 of 105 training rows)'
    """
    return split.in_words()


def model_row(method: str, seed: int, measured: Measurement, verdict: Verdict) -> dict[str, Any]:
    """Return the part of a result row that every model has.

    Args:
        method: How the model came about.
        seed: Seed of the audit.
        measured: Its numbers.
        verdict: What they say.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import Auditor, model_row
        >>> split = qmu.ForgetSplit.by_fraction(qmu.load_dataset("iris"), fraction=0.1, seed=0)
        >>> auditor = Auditor(split)
        >>> measured = auditor.measure(torch.nn.Linear(4, 3))
        >>> row = model_row("ga", 0, measured, auditor.judge(measured))
        >>> row["method"], row["verdict"]
        ('ga', 'unresolved')
    """
    return {
        "method": method,
        "seed": seed,
        **measured.to_row(),
        "num_classes": measured.evidence.observed.forget.num_classes,
        "verdict": verdict.name,
        "verdict_reason": verdict.reason,
        "decided_by": verdict.decided_by,
        **interval_row({"decided_value": verdict.number if verdict.number.known else None}),
        "decided_p_value": verdict.p_value,
    }


def roc_scores(method: str, seed: int, measured: Measurement) -> dict[str, Any] | None:
    """Return the attack's scores as the report takes them; None without never-seen rows.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import Auditor, roc_scores
        >>> split = qmu.ForgetSplit.by_fraction(qmu.load_dataset("iris"), fraction=0.1, seed=0)
        >>> scores = roc_scores("ga", 0, Auditor(split).measure(torch.nn.Linear(4, 3)))
        >>> sorted(scores)
        ['member_strata', 'members', 'method', 'nonmember_strata', 'nonmembers', 'seed']
    """
    scores = measured.roc_scores(AUC.key)
    return None if scores is None else {"method": method, "seed": seed, **scores}
