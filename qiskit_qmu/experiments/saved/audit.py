"""Audits a saved unlearned model beside its original and its oracle."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from qiskit_qmu import _check
from qiskit_qmu.attacks import registered_attacks
from qiskit_qmu.auditing import AuditReport, audit, strategy_needs_of
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.experiments.saved.lineage import check_oracle, deletions_since
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.experiments.saved.shadows import (
    ShadowRequest,
    shadows_of,
    strategy_of,
    trainer_of,
)
from qiskit_qmu.models import load_model
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of


def audit_saved(
    path: str | Path,
    *,
    original: str | Path,
    oracle: str | Path | None = None,
    oracles: int | None = None,
    shadows: ShadowRequest | None = None,
    attacks: Sequence[str] = (),
    source: RowSource | None = None,
    seed: int = 0,
    backend: Backend | None = None,
    progress: RunProgress = no_progress,
) -> AuditReport:
    """Audit a saved unlearned model beside its original and, where there is one, the oracle.

    What is audited is everything that the model was made to forget since the original, in one
    deletion or in several in a row.

    Args:
        path: Folder of the unlearned model; it says which rows were forgotten.
        original: Folder of the model before unlearning, or before the first of several deletions.
        oracle: Folder of a model retrained without all of these rows.
        oracles: How many to retrain here instead, with the original's recipe.
        shadows: How many shadow models to train for a test of the strategy that made the model.
        attacks: Further attacks, by the names of their AUCs in `qiskit_qmu.attacks.ATTACKS`.
        source: Where the rows are now, those that were forgotten since the original among them;
            where None, as the model remembers it.
        seed: Seed of everything random in the attacks.
        backend: Where the models are observed; where None, the simulator on which the first was
            trained.
        progress: Called with what is done and the share of the whole.

    Returns:
        The report.

    Raises:
        InputError: If a model or its data cannot be read, or they do not belong together.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import ForgetRequest
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = qmu.experiments.train_and_save(experiment, "before")
        >>> result = qmu.experiments.unlearn_saved("before", ForgetRequest(label=1), "gd", "after")
        >>> qmu.experiments.audit_saved("after", original="before").forgotten
        'class versicolor (32 of 95 training rows)'
    """
    _check.at_least(0, seed=seed)
    since = partial(deletions_since, path=path, original=original)
    saved = SavedModel.read(path, backend, "audit", str(seed), source=source, forgotten_since=since)
    first = since(saved.provenance)
    if oracle is not None:
        check_oracle(saved.provenance, path, oracle, first)
    return audit_read(
        saved,
        Path(path).resolve().name,
        saved.forgotten_split(first),
        first,
        original=original,
        oracle=oracle,
        oracles=oracles,
        shadows=shadows,
        attacks=attacks,
        seed=seed,
        progress=progress,
    )


def audit_read(
    saved: SavedModel,
    name: str,
    split: ForgetSplit,
    first: int,
    *,
    original: str | Path,
    oracle: str | Path | None,
    oracles: int | None,
    shadows: ShadowRequest | None,
    attacks: Sequence[str] = (),
    seed: int,
    progress: RunProgress,
) -> AuditReport:
    """Audit an unlearned model that was read; the other arguments are those of `audit_saved`.

    Args:
        saved: The model.
        name: Its name in the report.
        split: What it was made to forget.
        first: The first of its deletions that count.
        original: Folder of the model before that deletion.
        oracle: Folder of an oracle that belongs to it.
        oracles: How many to retrain.
        shadows: Shadow models of a test of the strategy.
        attacks: Further attacks by name.
        seed: Seed of everything random.
        progress: Called with what is done and the share of the whole.
    """
    over_models: dict[str, Any] = {"attacks": registered_attacks(attacks)}
    before, reference = (
        None if each is None else load_model(each, backend=saved.model.backend)
        for each in (original, oracle)
    )
    if oracles is not None or reference is not None:
        over_models |= {"oracles": oracles, "trainer": trainer_of(saved)}
    with nullcontext() if shadows is None else shadows.parallel():
        half = part_of(progress, 0.0, 0.4)
        if shadows is not None:
            over_models |= {
                "strategy": strategy_of(saved, first, shadows.strategy),
                "shadows": shadows_of(saved, original, split, shadows, seed=seed, progress=half),
                "progress": part_of(progress, 0.4, 1.0),
            }
        report = audit(
            saved.model,
            split,
            oracle=reference,
            original=before,
            seed=seed,
            **over_models,
        )
    made = _made_by(saved, first)
    rows = [{**row, **made} if row["method"] == "audited" else row for row in report.rows]
    used = {
        need
        for step in saved.provenance.deletions[first:]
        for need in strategy_needs_of(step.strategy)
    }
    return replace(
        report,
        rows=tuple(rows),
        strategy_needs=tuple(sorted(used)),
        subject=_subject(saved, name, made["made_by"]),
    )


def _subject(saved: SavedModel, name: str, made_by: Sequence[str]) -> dict[str, Any]:
    """Return which model is audited, and where it is observed, without paths."""
    backend = saved.model.backend
    return {
        "model": name,
        "kind": type(saved.model).__name__,
        "made_by": list(made_by),
        "dataset": saved.experiment.dataset_name,
        "backend": None
        if backend is None
        else {**backend.settings(), "noise": _noise_of(backend.name)},
    }


def _noise_of(backend: str) -> str | None:
    """Return what noise a backend of this name has; None where the name does not say it."""
    known = {"exact": "none", "fake_": "the device's, simulated", "ibm": "the device's own"}
    return next((noise for start, noise in known.items() if backend.startswith(start)), None)


def _made_by(saved: SavedModel, first: int) -> dict[str, Any]:
    """Return the strategies that made a model since an original, and the strength if one chose."""
    strategies = [step.strategy for step in saved.provenance.deletions[first:]]
    strength = saved.provenance.content.get("strength") if len(strategies) == 1 else None
    return {"made_by": strategies, **({} if strength is None else {"strength": strength})}
