"""Tests of a strategy over shadow models, beside retrained twins."""

import math
from dataclasses import dataclass, field
from typing import final

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import child_seed, stream
from qiskit_qmu.attacks import References, choose_attack
from qiskit_qmu.auditing.row_tests import FALSE_DISCOVERIES, row_aucs, row_p_values
from qiskit_qmu.auditing.twin_distances import (
    RowDistance,
    normal_divergence,
    smoothed_epsilon,
    twin_distance,
)
from qiskit_qmu.data import Rows
from qiskit_qmu.evaluation import Finding, RowFinding
from qiskit_qmu.metrics import Interval, benjamini_hochberg, mean_interval, mutual_mean
from qiskit_qmu.models.parameters import Module
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of
from qiskit_qmu.shadows import (
    LeaveOneOutAttack,
    ReferenceAttack,
    ShadowModels,
    UnlearnedShadows,
    accuracies,
    leave_one_out_attack,
    unlearn_shadows,
)
from qiskit_qmu.unlearning import Retrain, UnlearningStrategy

U_LIRA = "U-LiRA"
"""Name of the attack in `RowFinding.seen_by`."""

_SIGNIFICANT = 0.05


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
        *_forgotten(shadows, unlearned, twins, attack),
        *_retained(shadows, unlearned, retrained, attack),
        *_distances(unlearned, retrained, seed),
        _rows_seen(shadows, retrained, per_row),
        *_accuracy(unlearned, retrained),
    )
    return StrategyTest(
        findings=findings,
        per_row=per_row,
        unlearned=unlearned,
        retrained=retrained,
        single_models=twins.model_aucs,
    )


def row_findings(
    shadows: ShadowModels[Module], unlearned: UnlearnedShadows, rows: ArrayLike
) -> tuple[RowFinding, ...]:
    """Return which rows are still seen over models, corrected for all of them.

    Args:
        shadows: The models before unlearning.
        unlearned: What they answer after it.
        rows: Positions in the pool of audited rows.
    """
    places = np.asarray(rows, dtype=np.int64)
    after = references_at(unlearned, places)
    before = row_aucs(shadows.references().rows(places))
    scores, p_values = row_aucs(after), row_p_values(after)
    adjusted = benjamini_hochberg(p_values)
    named = shadows.pool.take(places)
    return tuple(
        RowFinding(
            position=int(named.indices[row]),
            id=None if named.ids is None else str(named.ids[row]),
            label=str(named.y[row]) if named.y.dtype.kind == "i" else None,
            scores={U_LIRA: float(scores[row]), f"{U_LIRA} before": float(before[row])},
            p_value=float(p_values[row]),
            adjusted_p_value=float(adjusted[row]),
            seen_by=(U_LIRA,) if adjusted[row] <= FALSE_DISCOVERIES else (),
        )
        for row in range(len(places))
    )


def references_at(unlearned: UnlearnedShadows, places: NDArray[np.int64]) -> References:
    """Return the unlearned models' scores on rows of the pool."""
    scores = np.stack([found.membership_score for found in unlearned.observations])
    return References(
        scores=scores[:, places],
        included=unlearned.included[:, places],
        log_odds=unlearned.observations[0].row_losses is None,
    )


def _chosen_attack(references: int) -> ReferenceAttack:
    found = choose_attack(outside=references // 2, inside=references // 2)
    if not isinstance(found, ReferenceAttack):
        raise InputError(f"a test of a strategy needs at least 6 models, got {references + 2}")
    return found


def _forgotten(
    shadows: ShadowModels[Module],
    unlearned: UnlearnedShadows,
    twins: LeaveOneOutAttack,
    attack: ReferenceAttack,
) -> tuple[Finding, Finding]:
    before = leave_one_out_attack(shadows.references().rows(unlearned.audited), attack)
    after = leave_one_out_attack(unlearned.references(), attack)
    kind = type(attack).__name__
    return (
        Finding(
            key="strategy_auc",
            group="strategy",
            name=f"{U_LIRA} with {kind}, over {len(shadows)} models that were made to forget",
            value=after.auc,
            null=twins.auc,
            reading=_reading(after.auc, "Forgotten rows"),
            p_value=_p_value(after),
            num_models=len(shadows),
            num_rows=len(unlearned.audited),
        ),
        Finding(
            key="strategy_auc_before",
            group="strategy",
            name="the same models before they forgot",
            value=before.auc,
            null=twins.auc,
            reading=_reading(before.auc, "Before unlearning, trained rows"),
            p_value=_p_value(before),
            num_models=len(shadows),
            num_rows=len(unlearned.audited),
        ),
    )


def _retained(
    shadows: ShadowModels[Module],
    unlearned: UnlearnedShadows,
    retrained: UnlearnedShadows,
    attack: ReferenceAttack,
) -> tuple[Finding, Finding]:
    before = leave_one_out_attack(shadows.references().rows(unlearned.others), attack)
    after = leave_one_out_attack(unlearned.retained_references(), attack)
    twins = leave_one_out_attack(retrained.retained_references(), attack)
    change = mutual_mean((after.model_aucs - before.model_aucs).reshape(-1, 2) / 2 + 0.5)
    more = 2 * (change.value - 0.5)
    sentence = f"Unlearning changed what is seen of retained rows by {more:+.3f}"
    sentence += "." if change.excludes(0.5) else ", which is within what chance gives."
    return (
        Finding(
            key="retained_auc_before",
            group="retained rows",
            name="retained rows, before unlearning",
            value=before.auc,
            null=twins.auc,
            reading=_reading(before.auc, "Before unlearning, retained rows"),
            p_value=_p_value(before),
            num_models=len(shadows),
            num_rows=len(unlearned.others),
        ),
        Finding(
            key="retained_auc_after",
            group="retained rows",
            name="retained rows, after unlearning; the null is that of retrained models",
            value=after.auc,
            null=twins.auc,
            reading=sentence,
            p_value=_p_value(after),
            num_models=len(shadows),
            num_rows=len(unlearned.others),
        ),
    )


def _distances(
    unlearned: UnlearnedShadows, retrained: UnlearnedShadows, seed: int
) -> tuple[Finding, ...]:
    first, second = unlearned.references(), retrained.references()
    tests: dict[str, tuple[str, RowDistance]] = {
        "klom": ("KLoM, divergence of margins from retrained twins, nats", normal_divergence),
        "epsilon_estimate": ("ε-estimate beside retrained twins", smoothed_epsilon),
    }
    found = []
    for key, (name, distance) in tests.items():
        result = twin_distance(
            distance,
            first.scores,
            second.scores,
            first.included,
            generator=stream(seed, "twins", key),
        )
        found.append(
            Finding(
                key=key,
                group="strategy",
                name=f"{name}, less {result.raw - result.excess.value:.2f} that chance gives",
                value=result.excess,
                null=result.null,
                reading="Models that forgot the rows answer them unlike retrained ones."
                if result.p_value <= _SIGNIFICANT
                else "No distance from retrained models beyond what chance gives.",
                p_value=result.p_value,
                num_models=len(unlearned),
                num_rows=len(unlearned.audited),
            )
        )
    return tuple(found)


def _rows_seen(
    shadows: ShadowModels[Module], retrained: UnlearnedShadows, rows: tuple[RowFinding, ...]
) -> Finding:
    pairs = len(shadows) // 2
    seen = sum(bool(row.seen_by) for row in rows)
    nulls = benjamini_hochberg(row_p_values(retrained.references()))
    share = float((nulls <= FALSE_DISCOVERIES).mean())
    smallest = 2 / 2**pairs * len(rows)
    sentence = f"{seen} of {len(rows)} rows are seen one by one, at a false discovery rate of 10 %."
    if smallest > FALSE_DISCOVERIES:
        enough = 2 * math.ceil(math.log2(2 * len(rows) / FALSE_DISCOVERIES))
        sentence += f" {2 * pairs} models cannot name a single one of them; {enough} can."
    return Finding(
        key="rows_seen",
        group="strategy",
        name="share of the withdrawn rows that are still seen one by one",
        value=Interval(seen / len(rows)),
        null=Interval(share, low=share, high=share),
        reading=sentence,
        num_models=len(shadows),
        num_rows=len(rows),
    )


def _accuracy(unlearned: UnlearnedShadows, retrained: UnlearnedShadows) -> tuple[Finding, ...]:
    unseen = ~unlearned.included
    unseen[:, unlearned.audited] = False
    after = accuracies(unlearned.observations, unseen)
    twins = accuracies(retrained.observations, unseen)
    if after is None or twins is None:
        return ()
    value, null = mean_interval(after), mean_interval(twins)
    worse = value.has_limits and null.has_limits and value.high < null.low
    return (
        Finding(
            key="strategy_accuracy",
            group="strategy",
            name="accuracy on rows that were never seen",
            value=value,
            null=null,
            reading="The strategy costs accuracy; a destroyed model hides its rows too."
            if worse
            else "As accurate as retrained models, as far as so many models can tell.",
            num_models=len(unlearned),
            num_rows=len(unlearned.others),
        ),
    )


def _reading(auc: Interval, rows: str) -> str:
    if not auc.has_limits:
        return "Too few models for an interval."
    if auc.low > 0.5:
        return f"{rows} are told from rows that were never trained on."
    if auc.high < 0.5:
        return f"{rows} stand out as answered worse than rows that were never trained on."
    return f"{rows} are not told from rows that were never trained on."


def _p_value(found: LeaveOneOutAttack) -> float | None:
    """Return the two-sided p-value that belongs to the interval of the mean over pairs."""
    auc, degrees = found.auc, len(found.model_aucs) // 2 - 1
    if not auc.has_limits or degrees < 1:
        return None
    error = auc.spread / float(scipy.stats.t.ppf((1 + auc.level) / 2, degrees))
    if error == 0.0:
        return 1.0 if auc.value == 0.5 else 0.0
    return float(2 * scipy.stats.t.sf(abs(auc.value - 0.5) / error, degrees))
