"""Puts a report together from what was measured and found."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from qiskit_qmu.auditing.array_tests import array_tests
from qiskit_qmu.auditing.audit_report import AuditReport
from qiskit_qmu.auditing.auditor import Auditor
from qiskit_qmu.auditing.oracle_checks import findings_of_oracles
from qiskit_qmu.auditing.result_rows import in_words, model_row, roc_scores
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import Case, RowFinding, SplitObservations


def assembled_report(
    auditor: Auditor,
    case: Case,
    split: ForgetSplit,
    observed: Mapping[str, SplitObservations],
    *,
    margin: float,
    seed: int,
    describe: Callable[[str], dict[str, Any]] = lambda _: {},
    per_row: Sequence[RowFinding] = (),
    skipped: Mapping[str, str] = MappingProxyType({}),
    strategy_needs: Sequence[str] = (),
) -> AuditReport:
    """Judge an audited model and return the report on it.

    Args:
        auditor: The original and the oracles.
        case: The audited model with all that was found of it.
        split: The task.
        observed: What the models answered, by "original", "oracle 1" and so on, and "audited".
        margin: That of the audit.
        seed: That of the audit.
        describe: Returns further columns of a model's row by "original", "oracle" or "audited".
        per_row: What was found of each withdrawn row.
        skipped: Tests of the model that were not run, by name, with the reason.
        strategy_needs: What the strategy used.
    """
    verdict = auditor.judge_together({"audited": case})["audited"]
    references = {"original": auditor.original, "oracle": auditor.oracle}
    judged = {
        name: (measured, auditor.judge(measured))
        for name, measured in references.items()
        if measured is not None
    }
    judged["audited"] = case.measured, verdict
    of_arrays = array_tests(
        case.measured, split, original=auditor.original, oracles=auditor.oracles, seed=seed
    )
    scores = (roc_scores(name, seed, measured) for name, (measured, _) in judged.items())
    agreement = auditor.agreement(case)
    return AuditReport(
        rows=tuple(
            {
                **model_row(name, seed, measured, own),
                "num_oracles": len(auditor.oracles),
                **describe(name),
            }
            for name, (measured, own) in judged.items()
        ),
        scores=tuple(each for each in scores if each is not None),
        kind=split.kind,
        forgotten=in_words(split),
        verdict=verdict.name,
        reason=verdict.reason,
        notes=split.notes,
        forgotten_ids=None if split.forget.ids is None else tuple(split.forget.ids.tolist()),
        decided_by=verdict.decided_by,
        findings=(
            *case.findings,
            *findings_of_oracles(auditor.oracles),
            *(() if agreement is None else (agreement,)),
            *of_arrays.findings,
        ),
        per_row=tuple(per_row),
        skipped={**skipped, **of_arrays.skipped},
        margin=margin,
        split=split,
        observed=observed,
        strategy_needs=tuple(strategy_needs),
    )
