"""AuditReport: what an audit found, as a table, JSON and a page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import make_folder, write_file, write_json, write_together
from qiskit_qmu.auditing.protocols import ProtocolReport, explain_protocols
from qiskit_qmu.backends.versions import environment
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import Finding, RowFinding, SplitObservations
from qiskit_qmu.report import audit_text, render_audit, render_results
from qiskit_qmu.unlearning import summaries


@final
@dataclass(frozen=True, kw_only=True, repr=False)
class AuditReport:
    """What an audit found.

    Attributes:
        rows: One row of numbers for each model, original and oracle first.
        scores: Attack scores behind each row's ROC curve.
        kind: "class" or "instances".
        forgotten: What was forgotten, in words.
        verdict: The audited model's verdict: "forgotten", "remembered", "over-forgotten",
            "suppressed", "utility lost", "harmful", "unchanged", "unresolved" or "invalid oracle";
            see `qiskit_qmu.evaluation.judge_together`.
        reason: The numbers that the verdict rests on.
        notes: What must be known of the rows, such as which retained or test rows equal forgotten
            ones; see `qiskit_qmu.data.ForgetSplit.notes`.
        forgotten_ids: Ids of the forgotten rows; None if rows have no ids.
        decided_by: Key of the column or finding that decided the verdict; empty where none did.
        findings: Further tests, each beside its null.
        per_row: What was found of each withdrawn row; empty where rows were not tested.
        skipped: Tests of the model that were not run, by name, with the reason.
        margin: How far from ½ an AUC, or from the oracles' an accuracy, may lie where nothing is
            left.
        split: The task; None in a report that was put together without it.
        observed: What the models answered on its rows, by "original", "oracle 1" and so on, and
            "audited".
        strategy_needs: What the strategy used, as in `qiskit_qmu.unlearning.Method`, if known.
        protocols: What published protocols would report, where that was computed; see `explain`.
        explained: How much of that the text shows; page and file have all of it.
        subject: Which model was audited, where that is known: "model", its name, "kind", "made_by",
            the strategies, "dataset", and "backend", the settings and noise of where it ran.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> report = qmu.audit(torch.nn.Linear(4, 3), split)
        >>> report.verdict, report.reason.partition(":")[0]
        ('unresolved', 'without a retrained model there is nothing to compare with')
        >>> report.to_json("audit.json")
        >>> [row["method"] for row in report.rows]
        ['audited']
    """

    rows: tuple[dict[str, Any], ...]
    scores: tuple[dict[str, Any], ...]
    kind: Literal["class", "instances"]
    forgotten: str
    verdict: str
    reason: str
    notes: tuple[str, ...] = ()
    forgotten_ids: tuple[str, ...] | None = None
    decided_by: str = ""
    findings: tuple[Finding, ...] = ()
    per_row: tuple[RowFinding, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    margin: float = 0.05
    split: ForgetSplit | None = field(default=None, compare=False)
    observed: Mapping[str, SplitObservations] = field(default_factory=dict, compare=False)
    strategy_needs: tuple[str, ...] = ()
    protocols: ProtocolReport | None = None
    explained: Literal["short", "full"] = "short"
    subject: Mapping[str, Any] = field(default_factory=dict)

    @property
    def observed_oracles(self) -> tuple[SplitObservations, ...]:
        """What the oracles answered."""
        named = self.observed.items()
        return tuple(seen for name, seen in named if name.startswith("oracle"))

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the scores as JSON values."""
        return {
            "schema": 1,
            "subject": dict(self.subject),
            "kind": self.kind,
            "forgotten": self.forgotten,
            "verdict": self.verdict,
            "reason": self.reason,
            "decided_by": self.decided_by,
            "margin": self.margin,
            "notes": list(self.notes),
            "forgotten_ids": None if self.forgotten_ids is None else list(self.forgotten_ids),
            "findings": [finding.to_dict() for finding in self.findings],
            "per_row": [row.to_dict() for row in self.per_row],
            "skipped": dict(self.skipped),
            "protocols": None if self.protocols is None else self.protocols.to_dict(),
            "rows": [dict(row) for row in self.rows],
        }

    def explain(self, *, seed: int | None = None) -> ProtocolReport:
        """Compute what published protocols would report, each number beside its controls.

        A strategy that used the oracle or test rows is flagged.

        Args:
            seed: Seed of attacks and draws; the audit's where None.

        Returns:
            The numbers; see `qiskit_qmu.auditing.explain_protocols`.

        Raises:
            InputError: If the model does not predict classes, or the seed is negative.

        Example:
            >>> import torch
            >>> import qiskit_qmu as qmu
            >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
            >>> explained = qmu.audit(torch.nn.Linear(4, 3), split).explain()
            >>> number = explained.numbers[0]
            >>> number.source, number.better, number.controls[1].name
            ('QMU (2025)', 'lower', 'never-seen rows of the same classes')
        """
        if self.split is None or "audited" not in self.observed:
            raise InputError("a report without the models' outputs cannot explain protocols")
        return explain_protocols(
            self.observed["audited"],
            self.split,
            original=self.observed.get("original"),
            oracles=self.observed_oracles,
            strategy_needs=self.strategy_needs,
            seed=self.rows[0]["seed"] if seed is None else seed,
        )

    def to_json(self, path: str | Path) -> None:
        """Write `to_dict` to a file.

        Raises:
            InputError: If it cannot be written.
        """
        write_json(path, self.to_dict())

    def to_html(self, path: str | Path) -> None:
        """Write one self-contained page.

        Raises:
            InputError: If it cannot be written.
        """
        make_folder(Path(path).parent)
        write_file(path, self._page())

    def save(self, folder: str | Path) -> None:
        """Write audit.json and audit.html to a folder.

        Args:
            folder: It is made where it is missing.

        Raises:
            InputError: If they cannot be written.
        """
        record = json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"
        write_together(make_folder(folder), {"audit.json": record, "audit.html": self._page()})

    def _page(self) -> str:
        return render_audit(self, environment=environment(), does=summaries())

    def __repr__(self) -> str:
        models = ", ".join(row["method"] for row in self.rows)
        return f"AuditReport({self.forgotten} to forget, {models}: {self.verdict})"

    def _repr_html_(self) -> str:
        return render_results(self.rows, kind=self.kind)

    def __str__(self) -> str:
        return audit_text(self)
