"""What reports say first of models that were retrained without the rows."""

import pytest

from qiskit_qmu.auditing import AuditReport
from qiskit_qmu.evaluation import aggregate
from qiskit_qmu.report import audit_text
from qiskit_qmu.report.headline import headline
from qiskit_qmu.report.retrained import said_of_retrained
from qiskit_qmu.report.text_table import headline_text

UNRESOLVED = [{"method": "audited", "verdict": "unresolved", "verdict_reason": "few rows"},
              {"method": "oracle"}]  # fmt: skip


@pytest.mark.parametrize(
    ("made_by", "retrained"), [(["oracle"], True), (["ssd"], False), (["oracle", "ssd"], False)]
)
def test_only_of_a_retrained_model_the_rows_are_gone_whatever_a_test_can_tell(made_by, retrained):
    rows = [{**UNRESOLVED[0], "made_by": made_by}, UNRESOLVED[1]]
    text = headline_text(rows, "instances")
    assert ("The model was retrained without the rows" in text) == retrained
    assert ("is not known" in text) != retrained


def test_the_terminal_says_so_where_the_verdict_stands():
    told = AuditReport(
        rows=({**UNRESOLVED[0], "made_by": ["oracle"]}, UNRESOLVED[1]), scores=(),
        kind="instances", forgotten="2 rows", verdict="unresolved", reason="2 rows; retrain",
    )  # fmt: skip
    said = " ".join(audit_text(told).split())
    assert said.endswith(
        "verdict: forgotten by construction (the audit by itself: unresolved: 2 rows)"
    )


def test_evidence_against_a_retrained_model_stays_first():
    rows = [{"method": "audited", "verdict": "remembered"}, {"method": "oracle"}]
    said = headline(aggregate(rows), "instances")
    assert said_of_retrained(said) == said
