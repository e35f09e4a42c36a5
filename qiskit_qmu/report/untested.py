"""What an audit did not test, each with what would test it."""

from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation.method_summary import ORACLE, ORIGINAL
from qiskit_qmu.report.audit_record import AuditRecord

_AUDIT = "qmu audit NEW --original ORIGINAL"


@final
@dataclass(frozen=True, kw_only=True)
class Untested:
    """One question that an audit leaves open.

    Attributes:
        question: What is not known.
        how: The command, or the change, that would answer it.
    """

    question: str
    how: str


OUT_OF_SCOPE = (
    "No audit of a model covers its copies: backups, checkpoints, logged counts, caches, models "
    "that were trained from it. And an observer who holds the model before and after the deletion "
    "learns most about the withdrawn rows, even where the deletion is perfect."
)
"""What no test of this kind reaches."""


def untested(report: AuditRecord) -> tuple[Untested, ...]:
    """Return what an audit leaves open, the most important first.

    Args:
        report: The audit.
    """
    methods = {row["method"] for row in report.rows}
    groups = {finding.group for finding in report.findings}
    keys = {finding.key for finding in report.findings}
    shadows = f"{_AUDIT} --shadows 32"
    questions = (
        (
            ORIGINAL not in methods,
            "Whether there was anything to forget, without the original model",
            _AUDIT,
        ),
        (
            ORACLE not in methods,
            "What a model looks like that never saw the rows",
            f"{_AUDIT} --oracles 4",
        ),
        (
            ORACLE in methods and "oracles" not in groups,
            "How far one retrained model is from another",
            f"{_AUDIT} --oracles 4",
        ),
        (
            not report.scores,
            "Membership of the withdrawn rows: there are fewer than two of them, or of never-seen "
            "rows of their classes, to compare",
            f"{shadows}, or never-seen rows of the same classes held back as a test set",
        ),
        (
            "strategy" not in groups,
            "What the method leaves behind over many models: one model shows little",
            shadows,
        ),
        (
            not report.per_row,
            "Which of the withdrawn rows can still be told from never-seen ones",
            shadows,
        ),
        ("retained rows" not in groups, "Whether rows that stay leak more than before", shadows),
        (
            report.kind == "class" and not keys & _TRACES,
            "Whether the class is gone, or only no longer named",
            "oracles, and models that can be run: lifted bias, relearning and a probe need both",
        ),
        (
            report.kind == "instances" and "slices" not in groups,
            "Whether small groups of rows leak more than the average",
            "at least ten forgotten and ten never-seen rows of a class in each group; in Python, "
            "qiskit_qmu.evaluation.slices groups rows by columns of your choice",
        ),
        (
            "layers" not in groups and "layers" not in report.skipped,
            "In which part of the model a leak sits",
            "models that are simulated exactly; qiskit_qmu.auditing.traces.layers",
        ),
    )
    return (
        *(Untested(question=what, how=how) for is_open, what, how in questions if is_open),
        *(
            Untested(question=f"The test by {name} was left out", how=reason)
            for name, reason in report.skipped.items()
        ),
    )


_TRACES = {"relearning", "probe", "lifted_bias"}
"""Keys of the findings that look for a suppressed class."""
