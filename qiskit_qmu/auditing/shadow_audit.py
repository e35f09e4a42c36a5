"""What shadow models add to an audit: a test of the strategy, and a stronger attack."""

from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu.attacks import choose_attack
from qiskit_qmu.auditing.shadow_pool import PoolPlaces
from qiskit_qmu.auditing.strategy_test import StrategyTest, strategy_test
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import Finding, RowFinding
from qiskit_qmu.metrics import Interval, stratified_auroc
from qiskit_qmu.models import observe
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.shadows import ReferenceAttack, ShadowModels
from qiskit_qmu.unlearning import UnlearningStrategy


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ShadowAudit:
    """What shadow models say of a strategy and of one model that it made.

    Attributes:
        findings: Those of the `strategy_test`, and ``"model_auc"``: the audited model attacked with
            the unlearned shadow models as references, beside single retrained models.
        per_row: The forgotten rows one by one.
        test: The test of the strategy.
    """

    findings: tuple[Finding, ...]
    per_row: tuple[RowFinding, ...] = field(repr=False)
    test: StrategyTest = field(repr=False)


def shadow_audit(
    model: torch.nn.Module,
    split: ForgetSplit,
    shadows: ShadowModels[Any],
    strategy: UnlearningStrategy,
    *,
    objective: RowLoss | HasRowLosses | None = None,
    seed: int = 0,
    progress: RunProgress = no_progress,
) -> ShadowAudit:
    """Test the strategy that made a model, and attack the model with what that gives.

    Args:
        model: The unlearned model.
        split: The task.
        shadows: Models of the original's recipe, trained on halves of a `shadow_pool`.
        strategy: How the model was made to forget.
        objective: What the models learned; None as in `audit`.
        seed: Seed of everything random.
        progress: Called with what is done and the share of the whole.

    Raises:
        InputError: If the pool lacks rows of the task, or there are too few shadow models.
        NonFiniteError: If the strategy leaves the range of numbers.
    """
    places = PoolPlaces.of(split, shadows.pool, seed=seed)
    test = strategy_test(
        shadows,
        strategy,
        places.audited,
        label=places.label,
        validation=split.validation if len(split.validation) else None,
        own=places.forgotten,
        seed=seed,
        progress=progress,
    )
    scores, name = _attacked(model, shadows, test, places, objective)
    return ShadowAudit(
        findings=(*test.findings, _model_auc(scores, name, shadows, test, places)),
        per_row=_own_rows(test, split, scores[: len(places.forgotten)]),
        test=test,
    )


def _attacked(
    model: torch.nn.Module,
    shadows: ShadowModels[Any],
    test: StrategyTest,
    places: PoolPlaces,
    objective: RowLoss | HasRowLosses | None,
) -> tuple[NDArray[np.float64], str]:
    """Return the model's scores on forgotten rows and controls, with the unlearned references."""
    rows = np.concatenate([places.forgotten, places.controls])
    own = shadows.pool.take(rows)
    target = observe(model, own.x, own.y, objective).membership_score
    among = np.searchsorted(test.unlearned.audited, rows)
    references = test.unlearned.references().rows(among)
    attack = choose_attack(
        outside=int(references.outside().min()), inside=int(references.inside().min())
    )
    assert isinstance(attack, ReferenceAttack)  # strategy_test refuses fewer models
    return attack.scores(target, references), type(attack).__name__


def _model_auc(
    scores: NDArray[np.float64],
    name: str,
    shadows: ShadowModels[Any],
    test: StrategyTest,
    places: PoolPlaces,
) -> Finding:
    count = len(places.forgotten)
    strata = shadows.pool.strata
    auc = stratified_auroc(
        scores[:count], strata[places.forgotten], scores[count:], strata[places.controls]
    )
    single = np.quantile(test.single_models, [0.5, 0.025, 0.975])
    null = Interval(float(single[0]), low=float(single[1]), high=float(single[2]))
    agrees = null.low <= auc.value <= null.high
    return Finding(
        key="model_auc",
        group="model",
        name=f"{name} on the audited model, with {len(shadows)} unlearned references",
        value=auc,
        null=null,
        reading="The audited model shows no more than single retrained models do."
        if agrees
        else "The audited model lies outside of what single retrained models show.",
        num_models=1,
        num_rows=len(scores),
    )


def _own_rows(
    test: StrategyTest, split: ForgetSplit, scores: NDArray[np.float64]
) -> tuple[RowFinding, ...]:
    """Return the rows with their positions, ids and classes in the task."""
    own, names = split.forget, split.class_names
    return tuple(
        replace(
            row,
            position=int(own.indices[place]),
            id=None if own.ids is None else str(own.ids[place]),
            label=row.label if names is None else names[int(own.y[place])],
            scores={**row.scores, "audited model": float(scores[place])},
        )
        for place, row in enumerate(test.per_row)
    )
