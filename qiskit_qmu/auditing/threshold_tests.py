"""What an attacker gains who calls rows members above a threshold: rates, precision, and ε."""

from collections.abc import Iterator, Sequence

import numpy as np
import scipy

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.auditing.model_tests import ModelTests
from qiskit_qmu.auditing.oracle_checks import averaged
from qiskit_qmu.evaluation import Finding, Measurement, Scores
from qiskit_qmu.evaluation.columns import AUC
from qiskit_qmu.metrics import (
    PRIORS,
    Interval,
    OperatingPoint,
    cross_fitted_point,
    epsilon_lower_bound,
    precision_at_prior,
    simultaneous_level,
)

RATES = (0.01, 0.05)
"""False positive rates at which the true positive rate is given."""

_LEVEL = simultaneous_level(0.95, len(RATES) + 1)
"""Level of the limits at each threshold, so that those at all of them hold at once."""

_DIFFERENT_MIX = 0.01


def threshold_tests(
    measured: Measurement, oracles: Sequence[Measurement] = (), *, seed: int = 0
) -> ModelTests:
    """Return what the first attack of an audit gains at thresholds that come from other rows.

    - ``"tpr_at_fpr_1"``, ``"tpr_at_fpr_5"``: share of the forgotten rows that are found at 1 % and
      5 % false positives; skipped where the never-seen rows do not support the rate.
    - ``"advantage"``: true less false positive rate at the best threshold.
    - ``"precision_at_prior_1"``, ``"precision_at_prior_10"``, ``"precision_at_prior_50"``: at that
      threshold the share of members among the rows that are called members, where 1, 10 and 50 %
      of all rows are.
    - ``"epsilon_lower_bound"``: the privacy loss that the scores show, at 95 % confidence.

    Each row's threshold comes from the other half of the rows, and the limits at all thresholds
    hold at once. The null is what retrained models have on the same rows, the mean of their numbers
    and of the limits; without any it is the number of an attack that knows nothing.

    One threshold serves all classes. Where forgotten and never-seen rows differ in their classes it
    tells classes apart, which only retrained models show; without them nothing is tested then.

    Args:
        measured: The audited model.
        oracles: Retrained models.
        seed: Seed of the halves.

    Returns:
        The findings, and what was skipped; nothing without never-seen rows.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import Auditor
        >>> from qiskit_qmu.auditing.threshold_tests import threshold_tests
        >>> split = qmu.ForgetSplit.by_fraction(qmu.load_dataset("iris"), fraction=0.2, seed=0)
        >>> tests = threshold_tests(Auditor(split).measure(torch.nn.Linear(4, 3)))
        >>> [finding.key for finding in tests.findings][:2], list(tests.skipped)[0]
        (['advantage', 'precision_at_prior_1'], 'true positive rate at 1 % false positives')
    """
    scores = measured.evidence.scores.get(AUC.key)
    if scores is None:
        return ModelTests()
    if not oracles and _differ_in_classes(measured):
        reason = (
            "forgotten and never-seen rows differ in their classes, and without a retrained model "
            "one threshold cannot tell membership from class"
        )
        return ModelTests(skipped={"rates, precision and ε at one threshold": reason})
    retrained = [oracle.evidence.scores[AUC.key] for oracle in oracles]
    skipped: dict[str, str] = {}

    def point(fpr: float | None, own: Scores) -> OperatingPoint:
        generator = stream(seed, "halves", str(fpr))  # of the same rows for every model
        return cross_fitted_point(*own, generator=generator, fpr=fpr, level=_LEVEL)

    def findings() -> Iterator[Finding]:
        for fpr in RATES:
            name = f"true positive rate at {_percent(fpr)} false positives"
            try:
                yield _rate(name, fpr, point(fpr, scores), [point(fpr, own) for own in retrained])
            except InputError as error:
                skipped[name] = str(error)
        try:
            best, others = point(None, scores), [point(None, own) for own in retrained]
        except InputError as error:
            skipped["advantage and precision"] = str(error)
        else:
            yield _advantage(best, others)
            yield from _precisions(best, others)
        yield _epsilon(scores, retrained)

    found = tuple(finding for finding in findings() if finding.value.known)
    return ModelTests(findings=found, skipped=skipped)


def _differ_in_classes(measured: Measurement) -> bool:
    """Whether shares of classes differ by more than chance between forgotten and unseen rows."""
    observed = measured.evidence.observed
    assert observed.test_forget is not None
    strata = observed.forget.strata, observed.test_forget.strata
    classes = np.unique(np.concatenate(strata))
    if len(classes) == 1:
        return False
    table = [[int((part == label).sum()) for label in classes] for part in strata]
    return bool(scipy.stats.chi2_contingency(table, correction=False).pvalue < _DIFFERENT_MIX)


def _rate(
    name: str, fpr: float, point: OperatingPoint, oracles: Sequence[OperatingPoint]
) -> Finding:
    return Finding(
        key=f"tpr_at_fpr_{100 * fpr:.0f}",
        group="model",
        name=name,
        value=point.tpr,
        null=_null([each.tpr for each in oracles], fpr),
        num_rows=point.num_members,
        reading=(
            f"{point.true_positives} of {point.num_members} forgotten rows are found at the price "
            f"of {point.false_positives} false alarms among {point.num_nonmembers} never-seen rows."
        ),
    )


def _advantage(point: OperatingPoint, oracles: Sequence[OperatingPoint]) -> Finding:
    return Finding(
        key="advantage",
        group="model",
        name="advantage, true less false positive rate",
        value=point.advantage,
        null=_null([each.advantage for each in oracles], 0.0),
        num_rows=point.num_members,
        reading=(
            f"At the best threshold {_percent(point.tpr.value)} of the forgotten rows are called "
            f"members, and {_percent(point.fpr.value)} of the never-seen ones."
        ),
    )


def _precisions(point: OperatingPoint, oracles: Sequence[OperatingPoint]) -> Iterator[Finding]:
    for prior in PRIORS:
        value = precision_at_prior(point, prior)
        others = [precision_at_prior(each, prior) for each in oracles]
        yield Finding(
            key=f"precision_at_prior_{100 * prior:.0f}",
            group="model",
            name=f"precision where {_percent(prior)} of the rows are members",
            value=value,
            null=_null([each for each in others if each.known], prior),
            num_rows=point.num_members,
            reading=(
                f"Of 1,000 rows that are called members there, {1000 * value.value:.0f} are; of "
                f"rows drawn blindly {1000 * prior:.0f} would be."
            )
            if value.known
            else "",
        )


def _epsilon(scores: Scores, oracles: Sequence[Scores]) -> Finding:
    bound = epsilon_lower_bound(*scores)
    return Finding(
        key="epsilon_lower_bound",
        group="model",
        name="privacy loss ε, lower bound at 95 % confidence",
        value=Interval(bound),
        null=_null([Interval(epsilon_lower_bound(*own)) for own in oracles], 0.0),
        num_rows=len(scores[0]),
        reading=(
            f"No training with a privacy loss below {bound:.2f} leaves such scores."
            if bound > 0
            else "These scores show no privacy loss, which does not prove that there is none."
        ),
    )


def _null(oracles: Sequence[Interval], design: float) -> Interval:
    """Return what retrained models have; without any, what the test's design gives."""
    return averaged(oracles) or Interval(design, low=design, high=design)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
