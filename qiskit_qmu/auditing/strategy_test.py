"""Tests of a strategy over shadow models, beside retrained twins."""

from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import child_seed
from qiskit_qmu.attacks import choose_attack
from qiskit_qmu.auditing.strategy_findings import (
    accuracy_kept,
    forgotten_rows,
    retained_rows,
    row_findings,
    rows_seen,
    twin_distances,
)
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
        findings: The tests by their keys:

            - ``"strategy_auc"``: U-LiRA, how well models that forgot a row are told from models
              that never saw it; ½ is what retraining has.
            - ``"strategy_auc_before"``: the same before unlearning.
            - ``"retained_auc_before"``, ``"retained_auc_after"``: the same of the rows that were
              not forgotten.
            - ``"klom"``, ``"epsilon_estimate"``: how far the forgotten rows' scores are from those
              of retrained twins, less what chance gives; 0 is what retraining has.
            - ``"rows_seen"``: the share of audited rows that are still seen one by one.
            - ``"strategy_accuracy"``: the accuracy on rows that were never seen, where classes are
              predicted. A destroyed model hides its rows too.
        per_row: The audited rows one by one, with the AUC over models as score. A row is seen where
            its two-sided p-value, adjusted for all rows, is at most 0.1; with few models no row
            can be.
        unlearned: The unlearned models' answers, references for an attack on another model that
            went through the same strategy.
        retrained: Those of their retrained twins.
        single_models: AUCs of the retrained twins one by one, the null of one model's AUC.
    """

    findings: tuple[Finding, ...]
    per_row: tuple[RowFinding, ...] = field(repr=False)
    unlearned: UnlearnedShadows = field(repr=False)
    retrained: UnlearnedShadows = field(repr=False)
    single_models: NDArray[np.float64] = field(repr=False)

    def __getitem__(self, key: str) -> Finding:
        """Return the finding with a key.

        Raises:
            KeyError: If there is none.
        """
        return {finding.key: finding for finding in self.findings}[key]


def strategy_test(
    shadows: ShadowModels[Module],
    strategy: UnlearningStrategy,
    audited: ArrayLike,
    *,
    null: UnlearningStrategy | None = None,
    attack: ReferenceAttack | None = None,
    label: int | None = None,
    validation: Rows | None = None,
    own: ArrayLike | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: RunProgress = no_progress,
) -> StrategyTest:
    """Test what a strategy leaves behind of rows, over many models at once.

    Args:
        shadows: Models of the audited model's recipe, at least 6 and best 32 or more.
        strategy: How rows are forgotten.
        audited: Positions of rows in the pool; each model forgets those that it was trained on.
        null: What leaves nothing behind; `Retrain` with the shadows' trainer if None.
        attack: What the models are attacked with; what `choose_attack` chooses if None.
        label: The class that is forgotten, where a whole class is; the audited rows are then all
            rows of the pool of that class.
        validation: Rows on which no model was trained, for strategies that choose by them.
        own: Positions in the pool of the audited rows that are reported one by one; all if None.
        seed: Seed of strategy, null and permutations.
        workers: Processes; see `train_shadows`.
        progress: Called with what is done and the share of the whole.

    Raises:
        InputError: If there are too few models, or the rows cannot be forgotten.
        NonFiniteError: If the strategy leaves the range of numbers.
        RunError: If one of the processes was ended from outside.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import strategy_test
        >>> from qiskit_qmu.shadows import train_shadows
        >>> pool = qmu.load_dataset("iris").train.take(range(60))
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=2, batch_size=16)
        >>> shadows = train_shadows(model, pool, count=6, trainer=trainer, audited=range(20))
        >>> found = strategy_test(shadows, qmu.unlearning.FineTune(epochs=1), range(20))
        >>> found["strategy_auc"].num_models, len(found.per_row)
        (6, 20)
    """
    null = Retrain(trainer=shadows.trainer) if null is None else null
    if attack is None:
        attack = _chosen_attack(len(shadows) - 2)
    retrained, unlearned = (
        unlearn_shadows(
            shadows,
            each,
            audited,
            label=label,
            validation=validation,
            seed=own_seed,
            workers=workers,
            progress=part_of(progress, start, start + 0.5),
        )
        for each, own_seed, start in (
            (null, child_seed(seed, "twins"), 0.0),
            (strategy, seed, 0.5),
        )
    )
    twins = leave_one_out_attack(retrained.references(), attack)
    per_row = row_findings(shadows, unlearned, unlearned.audited if own is None else own)
    findings = (
        *forgotten_rows(shadows, unlearned, twins, attack),
        *retained_rows(shadows, unlearned, retrained, attack),
        *twin_distances(unlearned, retrained, seed),
        rows_seen(shadows, retrained, per_row),
        *accuracy_kept(unlearned, retrained),
    )
    return StrategyTest(
        findings=findings,
        per_row=per_row,
        unlearned=unlearned,
        retrained=retrained,
        single_models=twins.model_aucs,
    )


def _chosen_attack(references: int) -> ReferenceAttack:
    found = choose_attack(outside=references // 2, inside=references // 2)
    if not isinstance(found, ReferenceAttack):
        raise InputError(f"a test of a strategy needs at least 6 models, got {references + 2}")
    return found
