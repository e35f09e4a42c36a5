"""audit(): a model on one task, beside the original and the oracle, with a verdict."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import MembershipAttack
from qiskit_qmu.auditing.assembly import assembled_report
from qiskit_qmu.auditing.audit_report import AuditReport
from qiskit_qmu.auditing.auditor import DEFAULT_ATTACKS, Auditor
from qiskit_qmu.auditing.model_tests import ObservedModel, model_tests
from qiskit_qmu.auditing.named_attacks import named_attacks
from qiskit_qmu.auditing.oracles import (
    AuditProgress,
    Oracles,
    oracle_models,
    trained_on_forgotten,
)
from qiskit_qmu.auditing.protocols import strategy_needs_of
from qiskit_qmu.auditing.shadow_audit import shadow_audit
from qiskit_qmu.auditing.split_rows import observe_split
from qiskit_qmu.backends import Backend, submit_all_first
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.evaluation.verdict import MARGIN
from qiskit_qmu.models import (
    as_tensors,
    check_answers,
    check_module,
    largest_change,
    parameter_counts,
    weights_digest,
)
from qiskit_qmu.models.other_rows import warn_of_other_rows
from qiskit_qmu.objectives import HasRowLosses, RowLoss, objective_for
from qiskit_qmu.runs.display import progress_display
from qiskit_qmu.runs.progress import RunProgress, part_of
from qiskit_qmu.shadows import ShadowModels
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import UnlearningStrategy

_SHARE_OF_ORACLES = 0.5
"""Share of the progress of an audit with shadow models at which the oracles are there."""


def audit(
    model: torch.nn.Module,
    split: ForgetSplit,
    *,
    original: torch.nn.Module | None = None,
    oracle: torch.nn.Module | None = None,
    oracles: Oracles | None = None,
    shadows: ShadowModels[Any] | None = None,
    strategy: UnlearningStrategy | None = None,
    trainer: Trainer | None = None,
    margin: float = MARGIN,
    attacks: Sequence[MembershipAttack] = DEFAULT_ATTACKS,
    objective: RowLoss | HasRowLosses | None = None,
    seed: int = 0,
    progress: bool | AuditProgress = False,
) -> AuditReport:
    """Audit a model that should have forgotten.

    Members and never-seen rows are compared within a class where the model predicts classes, and
    all together where it does not.

    Args:
        model: Any module that the objective can be computed of; for classes one that returns
            logits.
        split: The task.
        original: The model before unlearning; the paper's attack is fitted on it, and on the
            audited model where it is missing. A model with its weights is "unchanged". Without it
            no model is "forgotten": nobody can tell whether there was anything to forget.
        oracle: A model retrained without the forgotten rows, the same as one of `oracles`.
        oracles: Models retrained without the forgotten rows, one or several, or how many to train.
            None for 4 where there is a trainer.
        shadows: Shadow models of the recipe, for a test of the strategy.
        strategy: How the audited model was made to forget.
        trainer: The recipe with which the original was trained.
        margin: How far from ½ an AUC, or from the oracles' an accuracy on a forgotten class, may
            lie where nothing is left.
        attacks: The first gives ``mia_auc``.
        objective: What the models learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy where labels are class numbers, and squared error where they are floats.
        seed: Seed of everything random in the attacks, and of the oracles that are trained here.
        progress: True for a bar on a terminal and lines elsewhere; False for nothing; or a function
            that is called with what is being done and the share that is done.

    Returns:
        The report.

    Raises:
        InputError: If there is no attack, the seed is negative, or a model's answers do not fit the
            objective, such as one that returns no logits for classes.

    Warns:
        RowsWarning: If the original, or the model where there is none, knows that the split is of
            other rows than it was trained on.

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
    _check.instance(ForgetSplit, split=split)
    _check.not_empty(attacks=attacks)
    for attack in attacks:
        _check.instance(MembershipAttack, attack=attack)
    _check.at_least(0, seed=seed)
    if oracle is not None and oracles is not None:
        raise InputError("give either oracle, for one model, or oracles")
    if (shadows is None) != (strategy is None):
        raise InputError("a test of the strategy needs both shadows=… and strategy=…")
    before = model if original is None else original
    check_module(before)
    warn_of_other_rows(before, split, knows_forgotten=original is not None)
    with _shown(progress) as show:
        references = oracle_models(
            oracles if oracle is None else (oracle,),
            like=before,
            split=split,
            trainer=trainer,
            seed=seed,
            progress=part_of(show, 0.0, 1.0 if shadows is None else _SHARE_OF_ORACLES),
        )
    oracle_names = [f"oracle {number}" for number in range(1, len(references) + 1)]
    given = {"original": original, **dict(zip(oracle_names, references, strict=True))}
    given["audited"] = model
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
    for name, module in zip(oracle_names, references, strict=True):
        if module is model:
            observed["audited"] = observed[name]  # an oracle is judged as what it is
    auditor = Auditor(
        split,
        observed.get("original"),
        [observed[name] for name in oracle_names],
        attacks=named_attacks(attacks),
        fit_on=observed.get("original", observed["audited"]),
        margin=margin,
        never_saw=isinstance(oracles, int) or (oracles is None and oracle is None),
        fault=trained_on_forgotten(references, split),
        seed=seed,
    )
    tested = model_tests(
        ObservedModel(module=model, outputs=observed["audited"]),
        split,
        original=_observed(original, observed.get("original")),
        oracles=[ObservedModel(module=models[n], outputs=observed[n]) for n in oracle_names],
        trainer=trainer,
        seed=seed,
    )
    over_models = None
    if shadows is not None and strategy is not None:
        with _shown(progress) as show:
            over_models = shadow_audit(
                model,
                split,
                shadows,
                strategy,
                objective=objective,
                seed=seed,
                progress=part_of(show, _SHARE_OF_ORACLES, 1.0),
            )
    case = auditor.case(
        auditor.measure(observed["audited"], "audited"),
        unchanged=_is_unchanged(model, original),
        findings=(*tested.findings, *(() if over_models is None else over_models.findings)),
    )
    modules = {"original": original, "oracle": next(iter(references), None), "audited": model}

    def describe(name: str) -> dict[str, Any]:
        module = modules[name]
        assert module is not None
        counts = parameter_counts(module).items()
        return {
            **{f"{part}_parameters": number for part, number in counts},
            "weights_sha256": weights_digest(module),
            **_observed_on(module),
        }

    return assembled_report(
        auditor,
        case,
        split,
        observed,
        margin=margin,
        seed=seed,
        describe=describe,
        per_row=() if over_models is None else over_models.per_row,
        skipped=tested.skipped,
        strategy_needs=strategy_needs_of(strategy),
    )


def _shown(progress: bool | AuditProgress) -> AbstractContextManager[RunProgress]:
    return nullcontext(progress) if callable(progress) else progress_display(quiet=not progress)


def _observed(
    module: torch.nn.Module | None, outputs: SplitObservations | None
) -> ObservedModel | None:
    if module is None or outputs is None:
        return None
    return ObservedModel(module=module, outputs=outputs)


def _observed_on(module: torch.nn.Module) -> dict[str, Any]:
    """Return the columns of where a model was observed; none of a module without a backend."""
    backend = getattr(module, "backend", None)
    if not isinstance(backend, Backend):
        return {}
    return {"observed_on": backend.name, "observed_shots": backend.shots}


def _is_unchanged(model: torch.nn.Module, original: torch.nn.Module | None) -> bool:
    if original is None or not any(True for _ in model.parameters()):
        return False  # of a model without weights nobody can tell
    return largest_change(original, model) == 0.0
