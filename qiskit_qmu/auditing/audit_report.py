"""audit(): a model on one task, beside the original and the oracle, with a verdict."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, final

import torch

from qiskit_qmu import _check
from qiskit_qmu._files import make_folder, write_file, write_json, write_together
from qiskit_qmu.attacks import MembershipAttack
from qiskit_qmu.auditing.auditor import DEFAULT_ATTACKS, Auditor, named_attacks
from qiskit_qmu.auditing.split_rows import observe_split
from qiskit_qmu.backends import submit_all_first
from qiskit_qmu.backends.versions import environment
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import Measurement, Verdict
from qiskit_qmu.evaluation.attack_columns import AUC
from qiskit_qmu.models import (
    as_tensors,
    check_answers,
    check_module,
    largest_change,
    parameter_counts,
    weights_digest,
)
from qiskit_qmu.objectives import HasRowLosses, RowLoss, objective_for
from qiskit_qmu.report import render_page, render_results, text_table
from qiskit_qmu.report.evidence import few_or_digest, now
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
        verdict: The audited model's verdict: "forgotten", "remembered", "over-forgotten", "utility
            lost", "unchanged", "untested" or "no oracle".
        reason: The numbers that the verdict rests on.
        notes: What must be known of the rows, such as which retained or test rows equal forgotten
            ones; see `qiskit_qmu.data.ForgetSplit.notes`.
        forgotten_ids: Ids of the forgotten rows; None if rows have no ids.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> report = qmu.audit(torch.nn.Linear(4, 3), split)
        >>> report.verdict, report.reason
        ('no oracle', 'without a retrained model there is nothing to compare with')
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

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the scores as JSON values."""
        return {
            "schema": 1,
            "kind": self.kind,
            "forgotten": self.forgotten,
            "verdict": self.verdict,
            "reason": self.reason,
            "notes": list(self.notes),
            "forgotten_ids": None if self.forgotten_ids is None else list(self.forgotten_ids),
            "rows": [dict(row) for row in self.rows],
        }

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
        return render_page(
            self.rows,
            kind=self.kind,
            scores=self.scores,
            evidence={
                "Audit": {"written": now(), "seed": self.rows[0]["seed"]},
                "What was forgotten": {
                    "forgotten": self.forgotten,
                    "ids": few_or_digest(self.forgotten_ids),
                    "notes": list(self.notes),
                },
            },
            environment=environment(),
            forgotten=self.forgotten,
            title="Audit of an unlearned model",
            does=summaries(),
        )

    def __repr__(self) -> str:
        models = ", ".join(row["method"] for row in self.rows)
        return f"AuditReport({self.forgotten} to forget, {models}: {self.verdict})"

    def _repr_html_(self) -> str:
        return render_results(self.rows, kind=self.kind)

    def __str__(self) -> str:
        table = text_table(self.rows, kind=self.kind)
        notes = "".join(f"\nnote: {note}" for note in self.notes)
        return f"{table}\n\nverdict: {self.verdict} ({self.reason}){notes}"


def audit(
    model: torch.nn.Module,
    split: ForgetSplit,
    *,
    oracle: torch.nn.Module | None = None,
    original: torch.nn.Module | None = None,
    attacks: Sequence[MembershipAttack] = DEFAULT_ATTACKS,
    objective: RowLoss | HasRowLosses | None = None,
    seed: int = 0,
) -> AuditReport:
    """Audit a model that should have forgotten.

    Members and never-seen rows are compared within a class where the model predicts classes, and
    all together where it does not.

    Args:
        model: Any module that the objective can be computed of; for classes one that returns
            logits.
        split: The task.
        oracle: A model retrained without the forgotten rows; without it there is no verdict.
        original: The model before unlearning; the paper's attack is fitted on it, and on the
            audited model where it is missing. A model with its weights is "unchanged".
        attacks: The first gives ``mia_auc``.
        objective: What the models learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy where labels are class numbers, and squared error where they are floats.
        seed: Seed of everything random in the attacks.

    Returns:
        The report.

    Raises:
        InputError: If there is no attack, the seed is negative, or a model's answers do not fit the
            objective, such as one that returns no logits for classes.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=0)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=30, batch_size=105, learning_rate=0.2)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> oracle = qmu.unlearning.Retrain(trainer=trainer)(model, split, generator=1).model
        >>> qmu.audit(model, split, oracle=oracle).verdict  # nothing was unlearned
        'remembered'
    """
    _check.not_empty(attacks=attacks)
    _check.at_least(0, seed=seed)
    given = {"original": original, "oracle": oracle, "audited": model}
    models = {name: module for name, module in given.items() if module is not None}
    for module in models.values():  # before any of them is observed
        check_module(module)
        learned = objective_for(objective, module, split.forget.y)
        x, y = as_tensors(module, split.forget.x, split.forget.y, learned.predicts)
        check_answers(module, x, y, learned)
    answers = submit_all_first(
        models.values(),
        [partial(observe_split, module, split, objective) for module in models.values()],
    )
    observed = dict(zip(models, answers, strict=True))
    auditor = Auditor(
        split,
        observed.get("original"),
        [observed["oracle"]] if oracle is not None else [],
        attacks=named_attacks(attacks),
        fit_on=observed.get("original", observed["audited"]),
        seed=seed,
    )
    records = {}
    for name, module in models.items():
        measured = auditor.measure(observed[name], name)
        unchanged = name == "audited" and _is_unchanged(module, original)
        records[name] = measured, auditor.judge(measured, unchanged=unchanged)
    rows = tuple(
        {
            **model_row(name, seed, measured, verdict),
            **{f"{part}_parameters": n for part, n in parameter_counts(models[name]).items()},
            "weights_sha256": weights_digest(models[name]),
        }
        for name, (measured, verdict) in records.items()
    )
    scores = (roc_scores(name, seed, measured) for name, (measured, _) in records.items())
    verdict = records["audited"][1]
    return AuditReport(
        rows=rows,
        scores=tuple(each for each in scores if each is not None),
        kind=split.kind,
        forgotten=in_words(split),
        verdict=verdict.name,
        reason=verdict.reason,
        notes=split.notes,
        forgotten_ids=None if split.forget.ids is None else tuple(split.forget.ids.tolist()),
    )


def _is_unchanged(model: torch.nn.Module, original: torch.nn.Module | None) -> bool:
    if original is None or not any(True for _ in model.parameters()):
        return False  # of a model without weights nobody can tell
    return largest_change(original, model) == 0.0


def in_words(split: ForgetSplit) -> str:
    """Say what a split forgets.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import in_words
        >>> in_words(qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1))
        'class 1 (35 of 105 training rows)'
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
        ('ga', 'no oracle')
    """
    return {
        "method": method,
        "seed": seed,
        **measured.to_row(),
        "num_classes": measured.evidence.observed.forget.num_classes,
        "verdict": verdict.name,
        "verdict_reason": verdict.reason,
        "decided_by": verdict.decided_by,
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
