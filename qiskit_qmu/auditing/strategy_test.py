"""Tests of a strategy over shadow models, beside retrained twins."""

from dataclasses import dataclass, field
from typing import final

from numpy.typing import ArrayLike

from qiskit_qmu.data import Rows
from qiskit_qmu.evaluation import Finding, RowFinding
from qiskit_qmu.models.parameters import Module
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of
from qiskit_qmu.shadows import (
    ReferenceAttack,
    ShadowModels,
    UnlearnedShadows,
    leave_one_out_attack,
    unlearn_shadows,
)
from qiskit_qmu.unlearning import Retrain, UnlearningStrategy


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class StrategyTest:
    """What a strategy leaves behind in models of one recipe, each number beside its null.

    Attributes:
        findings: The tests; their keys are ``"strategy_auc"``, ``"strategy_auc_before"``,
            ``"retained_auc_before"``, ``"retained_auc_after"``, ``"klom"`` and
            ``"epsilon_estimate"``.
        per_row: The audited rows one by one.
        unlearned: The unlearned models' answers, references for an attack on another model that
            went through the same strategy.
        retrained: Those of their retrained twins.
    """

    findings: tuple[Finding, ...]
    per_row: tuple[RowFinding, ...] = field(repr=False)
    unlearned: UnlearnedShadows = field(repr=False)
    retrained: UnlearnedShadows = field(repr=False)

    def __getitem__(self, key: str) -> Finding:
        """Return the finding with a key."""
        return next(finding for finding in self.findings if finding.key == key)


def strategy_test(
    shadows: ShadowModels[Module],
    strategy: UnlearningStrategy,
    audited: ArrayLike,
    *,
    null: UnlearningStrategy | None = None,
    attack: ReferenceAttack | None = None,
    label: int | None = None,
    validation: Rows | None = None,
    seed: int = 0,
    progress: RunProgress = no_progress,
) -> StrategyTest:
    """Test what a strategy leaves behind of rows, over many models at once.

    Args:
        shadows: Models of the audited model's recipe.
        strategy: How rows are forgotten.
        audited: Positions of rows in the pool; each model forgets those that it was trained on.
        null: What leaves nothing behind; `Retrain` with the shadows' trainer if None.
        attack: What the models are attacked with; `BaVarIA` if None.
        label: The class that is forgotten, where a whole class is.
        validation: Rows on which no model was trained, for strategies that choose by them.
        seed: Seed of strategy and null.
        progress: Called with what is done and the share of the whole.

    Raises:
        InputError: If there are too few models, or the rows cannot be forgotten.
        NonFiniteError: If the strategy leaves the range of numbers.
    """
    null = Retrain(trainer=shadows.trainer) if null is None else null
    unlearned, retrained = (
        unlearn_shadows(
            shadows,
            each,
            audited,
            label=label,
            validation=validation,
            seed=seed,
            progress=part_of(progress, start, start + 0.5),
        )
        for each, start in ((strategy, 0.0), (null, 0.5))
    )
    before = leave_one_out_attack(shadows.references().rows(unlearned.audited), attack).auc
    after = leave_one_out_attack(unlearned.references(), attack).auc
    twins = leave_one_out_attack(retrained.references(), attack).auc
    findings = (
        Finding(
            key="strategy_auc",
            group="strategy",
            name=f"U-LiRA over {len(shadows)} shadow models",
            value=after,
            null=twins,
            num_models=len(shadows),
            num_rows=len(unlearned.audited),
        ),
        Finding(
            key="strategy_auc_before",
            group="strategy",
            name="the same before unlearning",
            value=before,
            null=twins,
            num_models=len(shadows),
            num_rows=len(unlearned.audited),
        ),
    )
    return StrategyTest(findings=findings, per_row=(), unlearned=unlearned, retrained=retrained)
