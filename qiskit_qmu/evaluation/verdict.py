"""What the numbers say: whether a model forgot, and whether it is still worth having."""

from dataclasses import dataclass
from typing import Literal, final

from qiskit_qmu.evaluation.attack_columns import AUC, PAPER_EXCESS, REFERENCE_AUC
from qiskit_qmu.evaluation.column import Column
from qiskit_qmu.evaluation.columns import FORGET_TRAIN, RETAIN_TEST, RETAIN_TRAIN
from qiskit_qmu.evaluation.measure import Measurement
from qiskit_qmu.evaluation.value_columns import (
    LOSS_RETAIN_TEST,
    LOSS_RETAIN_TRAIN,
    R2_RETAIN_TEST,
    R2_RETAIN_TRAIN,
)
from qiskit_qmu.metrics import Interval

MARGIN = 0.05
"""How far from ½ an AUC may lie where nothing is left."""

UTILITY_TOLERANCE = 0.05
"""Accuracy or R² on never-seen retained rows that a model may lose against the oracle."""

LOSS_TOLERANCE = 0.1
"""Share by which the mean loss on such rows may lie above the oracle's, where there is neither."""

FORGET_TOLERANCE = 0.05
"""Accuracy on the forgotten class that a model may have above the oracle's."""

UTILITY: tuple[tuple[Column, Column], ...] = (
    (RETAIN_TEST, RETAIN_TRAIN),
    (R2_RETAIN_TEST, R2_RETAIN_TRAIN),
    (LOSS_RETAIN_TEST, LOSS_RETAIN_TRAIN),
)
"""What tells whether a model is still worth having, on never-seen rows and where there are none on
training rows: the first of these that is known."""

Name = Literal[
    "forgotten",
    "remembered",
    "over-forgotten",
    "utility lost",
    "unchanged",
    "untested",
    "no oracle",
]

Kind = Literal["class", "instances"]


@final
@dataclass(frozen=True)
class Verdict:
    """A verdict and the numbers that it rests on.

    Example:
        >>> from qiskit_qmu.evaluation import Verdict
        >>> verdict = Verdict("over-forgotten", "AUC 0.310 [0.220, 0.410] lies below ½", "mia_auc")
        >>> print(f"{verdict}: {verdict.reason}")
        over-forgotten: AUC 0.310 [0.220, 0.410] lies below ½
    """

    name: Name
    reason: str
    decided_by: str = ""
    """Key of the column that decided; empty where none did."""

    def __str__(self) -> str:
        return self.name


def judge(
    measured: Measurement,
    oracle: Measurement | None,
    kind: Kind,
    *,
    original: Measurement | None = None,
    unchanged: bool = False,
) -> Verdict:
    """Judge a model beside the oracle.

    A model with the original's weights did not forget, whatever was measured. Utility comes next: a
    model that was destroyed has forgotten nothing in particular. A class is forgotten where the
    model knows it no better than the oracle. Single rows are forgotten where no test tells them
    from rows that were never seen, on either side. Where the original passes the same test, or
    there are too few rows for one, nothing is known.

    Args:
        measured: The model's numbers.
        oracle: The oracle's; None if there is none.
        kind: What was forgotten.
        original: The numbers of the model before unlearning. Where the oracle has the easier task,
            with a class less to tell apart, utility is read against the lower of the two.
        unchanged: Whether every weight is the original's, in a model that should have forgotten.

    Returns:
        The verdict.

    Example:
        >>> from qiskit_qmu.evaluation import Evidence, SplitObservations, judge, measure
        >>> from qiskit_qmu.observation import Observations
        >>> answers = [Observations(logits=[row] * 9, labels=[0] * 9) for row in ([1, 0], [0, 1])]
        >>> evidence = [Evidence(observed=SplitObservations(forget=rows)) for rows in answers]
        >>> model, oracle = map(measure, evidence)
        >>> print(judge(model, oracle, "class").reason)
        accuracy on the forgotten rows is 1.000 above the oracle's (at most 0.05 is tolerated)
    """
    if unchanged:
        return Verdict("unchanged", "every weight is the original's: nothing was forgotten")
    if oracle is None:
        return Verdict("no oracle", "without a retrained model there is nothing to compare with")
    if measured is oracle:
        return Verdict("forgotten", "it never saw the rows")
    lost, column = _lost_utility(measured, oracle, original)
    if lost:
        return Verdict("utility lost", lost, column.key)
    judge_kind = _judge_class if kind == "class" else _judge_rows
    return judge_kind(measured, oracle, original)


def _judge_class(
    measured: Measurement, oracle: Measurement, original: Measurement | None
) -> Verdict:
    known = _difference(measured, oracle, FORGET_TRAIN)
    if known > FORGET_TOLERANCE:
        return Verdict(
            "remembered",
            f"accuracy on the forgotten rows is {known:.3f} above the oracle's "
            f"(at most {FORGET_TOLERANCE} is tolerated)",
            FORGET_TRAIN.key,
        )
    if original is not None and _difference(original, oracle, FORGET_TRAIN) <= FORGET_TOLERANCE:
        return Verdict(
            "untested",
            f"doing nothing passes the same test: on the forgotten rows the original is not more "
            f"than {FORGET_TOLERANCE} more accurate than the oracle",
            FORGET_TRAIN.key,
        )
    reason = f"accuracy on the forgotten rows is at most {FORGET_TOLERANCE} above the oracle's"
    traces = _traces(measured, oracle)
    return Verdict("forgotten", f"{reason}, but {traces}" if traces else reason, FORGET_TRAIN.key)


def _traces(measured: Measurement, oracle: Measurement) -> str:
    """Say what still tells rows of a class that were trained on from never-seen ones."""
    found = [
        f"{_NAMES[key]} {auc} excludes ½"
        for key, auc in _tests(measured, oracle).items()
        if 0.5 not in auc
    ]
    excess, own = measured[PAPER_EXCESS.key], oracle[PAPER_EXCESS.key]
    if excess is not None and excess.excludes(0.0) and not (own and own.excludes(0.0)):
        found.append(f"the paper's attack calls them members {excess} more often than the control")
    return " and ".join(found)


def _judge_rows(
    measured: Measurement, oracle: Measurement, original: Measurement | None
) -> Verdict:
    tests = _tests(measured, oracle)
    for key, auc in tests.items():
        if auc.low > 0.5:
            return Verdict("remembered", f"{_NAMES[key]} {auc} lies above ½", key)
        if auc.high < 0.5:
            return Verdict("over-forgotten", f"{_NAMES[key]} {auc} lies below ½", key)
    if measured[AUC.key] is None:
        return Verdict("untested", "there are fewer than two rows, or never-seen ones, to compare")
    passed = " and ".join(f"{_NAMES[key]} {auc}" for key, auc in tests.items())
    sharpest = next(reversed(tests), "")
    if original is not None and all(0.5 in auc for auc in _tests(original, oracle).values()):
        return Verdict(
            "untested",
            f"doing nothing passes the same tests: they need more rows ({passed})",
            sharpest,
        )
    return Verdict(
        "forgotten",
        f"no test tells the rows from rows that were never seen: {passed}",
        sharpest,
    )


_NAMES = {AUC.key: "AUC of the attack", REFERENCE_AUC.key: "AUC beside the oracle"}


def _tests(measured: Measurement, oracle: Measurement) -> dict[str, Interval]:
    """Return the AUCs that tell, the sharper last.

    The attack's is one of them only where it does not find the oracle's rows too.
    """
    of_oracle = oracle[AUC.key]
    tests = {REFERENCE_AUC.key: measured[REFERENCE_AUC.key]}
    if of_oracle is None or 0.5 in of_oracle:
        tests = {AUC.key: measured[AUC.key], **tests}
    return {key: auc for key, auc in tests.items() if auc is not None}


def _lost_utility(
    measured: Measurement, oracle: Measurement, original: Measurement | None
) -> tuple[str, Column]:
    """Say how much utility was lost, empty where a model may lose as much, and in which column."""
    references = [oracle] if original is None else [oracle, original]
    whose = "the oracle's" if original is None else "the oracle's and the original's"
    for never_seen, trained, rows in (
        (RETAIN_TEST, RETAIN_TRAIN, "accuracy"),
        (R2_RETAIN_TEST, R2_RETAIN_TRAIN, "R²"),
    ):
        column = never_seen if measured[never_seen.key] is not None else trained
        if measured[column.key] is not None:
            lost = min(_difference(reference, measured, column) for reference in references)
            where = "never-seen" if column is never_seen else "training"
            text = f"{rows} on {where} rows to retain is {lost:.3f} below {whose}"
            return text if lost > UTILITY_TOLERANCE else "", column
    column = LOSS_RETAIN_TEST if measured[LOSS_RETAIN_TEST.key] is not None else LOSS_RETAIN_TRAIN
    lost = min(_relative_rise(reference, measured, column) for reference in references)
    where = "never-seen" if column is LOSS_RETAIN_TEST else "training"
    text = f"mean loss on {where} rows to retain is {100 * lost:.0f} % above {whose}"
    return text if lost > LOSS_TOLERANCE else "", column


def _difference(high: Measurement, low: Measurement, column: Column) -> float:
    first, second = high[column.key], low[column.key]
    if first is None or second is None:
        return 0.0
    return round(first.value - second.value, 9)  # 1 - 0.95 is a little more than 0.05


def _relative_rise(reference: Measurement, measured: Measurement, column: Column) -> float:
    rise, base = _difference(measured, reference, column), reference[column.key]
    if base is None or rise <= 0:
        return 0.0
    return rise / abs(base.value) if base.value else float("inf")
