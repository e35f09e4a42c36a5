"""Controls of the OWASP AI Security Verification Standard that an audit can serve as evidence for.

The requirements are in our own words; see https://github.com/OWASP/AISVS, version 1.0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation import Finding
from qiskit_qmu.evaluation.columns import AUC, number
from qiskit_qmu.evaluation.method_summary import ORIGINAL
from qiskit_qmu.report.audit_record import AuditRecord

STANDARD = (
    "This audit is not an assessment of compliance. It holds numbers that an assessor may use as "
    "evidence for these controls of the OWASP AI Security Verification Standard (AISVS 1.0), whose "
    "requirements are given in our words. The standard has no requirement on unlearning."
)
"""What the mapping is and is not."""


@final
@dataclass(frozen=True, kw_only=True)
class AuditControl:
    """One control and what an audit has for it.

    Attributes:
        name: Its number and level.
        requirement: What it asks for.
        evidence: What the report holds for it.
        found: Whether that is any evidence at all.
    """

    name: str
    requirement: str
    evidence: str
    found: bool = True


def controls(report: AuditRecord) -> tuple[AuditControl, ...]:
    """Map an audit to the controls that it can serve as evidence for.

    Args:
        report: The audit.
    """
    attacked = any(math.isfinite(number(row, AUC.key)) for row in report.rows)
    epsilon = any("epsilon" in finding.key for finding in report.findings)
    has_original = any(row["method"] == ORIGINAL for row in report.rows)
    return (
        AuditControl(
            name="11.2.1 (L1)",
            requirement="sensitive attributes that the model infers are not returned",
            evidence="none: inference of attributes was not tested",
            found=False,
        ),
        AuditControl(
            name="11.2.2 (L1)",
            requirement="queries are limited, as the threat of extraction demands",
            evidence="what an attacker learns from one answer to each row; a limit for repeated "
            "queries does not follow from it",
            found=attacked,
        ),
        AuditControl(
            name="11.2.3 (L2)",
            requirement="outputs are calibrated against overconfidence",
            evidence="none: calibration was not measured",
            found=False,
        ),
        AuditControl(
            name="11.2.4 (L2)",
            requirement="sensitive data are trained on with differential privacy",
            evidence="an empirical estimate of ε, which is no guarantee"
            if epsilon
            else "none: no (ε, δ) was computed",
            found=epsilon,
        ),
        AuditControl(
            name="11.2.5 (L3)",
            requirement="simulated membership attacks do no better than guessing",
            evidence=_attacks(report.findings) if attacked else "none: no attack could be run",
            found=attacked,
        ),
        AuditControl(
            name="3.3.2 (L2)",
            requirement="a rollback restores the complete state",
            evidence="the digest of the original’s weights: a rollback to them undoes the deletion"
            if has_original
            else "none: the original was not given",
            found=has_original,
        ),
        AuditControl(
            name="12.5.3",
            requirement="changes of a model are recorded immutably",
            evidence="digests of weights and rows, seed, versions and time, for a record that is "
            "kept elsewhere",
        ),
    )


def _attacks(findings: Sequence[Finding]) -> str:
    with_p = sum(finding.p_value is not None for finding in findings)
    more = f", and {with_p} tests with p-values" if with_p else ""
    return f"AUC with its interval beside retrained models{more}; see what was not tested"
