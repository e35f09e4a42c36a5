"""The findings of a strategy's test: each a number over many models, beside its null."""

import math

import numpy as np
import scipy
from numpy.typing import ArrayLike

from qiskit_qmu._seeds import stream
from qiskit_qmu.auditing.row_tests import FALSE_DISCOVERIES, row_aucs, row_p_values
from qiskit_qmu.auditing.twin_distances import (
    RowDistance,
    normal_divergence,
    smoothed_epsilon,
    twin_distance,
)
from qiskit_qmu.evaluation import Finding, RowFinding
from qiskit_qmu.metrics import Interval, benjamini_hochberg, mean_interval, mutual_mean
from qiskit_qmu.models.parameters import Module
from qiskit_qmu.shadows import (
    LeaveOneOutAttack,
    ReferenceAttack,
    ShadowModels,
    UnlearnedShadows,
    accuracies,
    leave_one_out_attack,
)
from qiskit_qmu.shadows.shadow_models import references_of

U_LIRA = "U-LiRA"
"""Name of the attack in `RowFinding.seen_by`."""

_SIGNIFICANT = 0.05


def forgotten_rows(
    shadows: ShadowModels[Module],
    unlearned: UnlearnedShadows,
    twins: LeaveOneOutAttack,
    attack: ReferenceAttack,
) -> tuple[Finding, Finding]:
    """Return how well forgotten rows are told from never-seen ones, after unlearning and before."""
    before = leave_one_out_attack(shadows.references().rows(unlearned.audited), attack)
    after = leave_one_out_attack(unlearned.references(), attack)
    kind, count = type(attack).__name__, len(unlearned.audited)
    return (
        _auc_finding(
            "strategy_auc",
            f"{U_LIRA} with {kind}, over {len(shadows)} models that were made to forget",
            after,
            twins,
            count,
            _reading(after.auc, "Forgotten rows"),
        ),
        _auc_finding(
            "strategy_auc_before",
            "the same models before they forgot",
            before,
            twins,
            count,
            _reading(before.auc, "Before unlearning, trained rows"),
        ),
    )


def retained_rows(
    shadows: ShadowModels[Module],
    unlearned: UnlearnedShadows,
    retrained: UnlearnedShadows,
    attack: ReferenceAttack,
) -> tuple[Finding, Finding]:
    """Return the same of the retained rows, before unlearning and after."""
    before = leave_one_out_attack(shadows.references().rows(unlearned.others), attack)
    after = leave_one_out_attack(unlearned.retained_references(), attack)
    twins = leave_one_out_attack(retrained.retained_references(), attack)
    change = mutual_mean((after.model_aucs - before.model_aucs).reshape(-1, 2) / 2 + 0.5)
    more, count = 2 * (change.value - 0.5), len(unlearned.others)
    sentence = f"Unlearning changed what is seen of retained rows by {more:+.3f}"
    sentence += "." if change.excludes(0.5) else ", which is within what chance gives."
    return (
        _auc_finding(
            "retained_auc_before",
            "retained rows, before unlearning",
            before,
            twins,
            count,
            _reading(before.auc, "Before unlearning, retained rows"),
        ),
        _auc_finding(
            "retained_auc_after",
            "retained rows, after unlearning; the null is that of retrained models",
            after,
            twins,
            count,
            sentence,
        ),
    )


def _auc_finding(
    key: str,
    name: str,
    found: LeaveOneOutAttack,
    twins: LeaveOneOutAttack,
    num_rows: int,
    reading: str,
) -> Finding:
    return Finding(
        key=key,
        group="retained rows" if key.startswith("retained") else "strategy",
        name=name,
        value=found.auc,
        null=twins.auc,
        reading=reading,
        p_value=_p_value(found),
        num_models=len(found.model_aucs),
        num_rows=num_rows,
    )


def twin_distances(
    unlearned: UnlearnedShadows, retrained: UnlearnedShadows, seed: int
) -> tuple[Finding, ...]:
    """Return how far unlearned models answer from their retrained twins, less what chance gives."""
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


def rows_seen(
    shadows: ShadowModels[Module], retrained: UnlearnedShadows, rows: tuple[RowFinding, ...]
) -> Finding:
    """Return the share of the withdrawn rows that are seen one by one."""
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


def accuracy_kept(unlearned: UnlearnedShadows, retrained: UnlearnedShadows) -> tuple[Finding, ...]:
    """Return the accuracy on never-seen rows, where classes are predicted."""
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
    after = references_of(unlearned.observations, unlearned.included).rows(places)
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
