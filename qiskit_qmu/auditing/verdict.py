"""What the numbers say: whether a model forgot, and whether it is still worth having."""

from dataclasses import dataclass
from typing import Literal, final

from qiskit_qmu.auditing.measure import Measurement
from qiskit_qmu.metrics import Interval

UTILITY_TOLERANCE = 0.05
"""Accuracy on never-seen retained rows that a model may lose against the oracle."""

FORGET_TOLERANCE = 0.05
"""Accuracy on the forgotten class that a model may have above the oracle's."""

Name = Literal[
    "forgotten",
    "remembered",
    "over-forgotten",
    "utility lost",
    "unchanged",
    "untested",
    "no oracle",
]


@final
@dataclass(frozen=True)
class Verdict:
    """A verdict and the numbers that it rests on."""

    name: Name
    reason: str

    def __str__(self) -> str:
        return self.name


def judge(
    measured: Measurement,
    oracle: Measurement | None,
    kind: Literal["class", "instances"],
    *,
    original: Measurement | None = None,
    unchanged: bool = False,
) -> Verdict:
    """Judge a model beside the oracle.

    A model with the original's weights did not forget, whatever was measured. Utility comes next: a
    model that was destroyed has forgotten nothing in particular. A class is forgotten where the
    model knows it no better than the oracle. Single rows are forgotten where no test tells them
    from rows that were never seen, on either side; with too few rows for a test nothing is known.

    Args:
        measured: The model's numbers.
        oracle: The oracle's; None where there is none.
        kind: What was forgotten.
        original: The numbers of the model before unlearning. Where the oracle has the easier task,
            with a class less to tell apart, utility is read against the lower of the two.
        unchanged: Whether every weight is the original's, in a model that should have forgotten.

    Returns:
        The verdict.
    """
    if unchanged:
        return Verdict("unchanged", "every weight is the original's: nothing was forgotten")
    if oracle is None:
        return Verdict("no oracle", "without a retrained model there is nothing to compare with")
    references = [oracle] if original is None else [oracle, original]
    where = "never-seen" if measured.acc_retain_test is not None else "training"
    lost = min(_lost(reference, measured) for reference in references)
    if lost > UTILITY_TOLERANCE:
        whose = "the oracle's" if original is None else "the oracle's and the original's"
        return Verdict(
            "utility lost", f"accuracy on {where} rows to retain is {lost:.3f} below {whose}"
        )
    if kind == "class":
        known = _gap(measured.acc_forget_train, oracle.acc_forget_train)
        if known > FORGET_TOLERANCE:
            return Verdict(
                "remembered", f"forgotten rows are right {known:.3f} more often than the oracle's"
            )
        return Verdict("forgotten", "the class is known no better than by the oracle")
    return _judge_rows(measured, oracle, original)


def _judge_rows(
    measured: Measurement, oracle: Measurement, original: Measurement | None
) -> Verdict:
    if measured is oracle:
        return Verdict("forgotten", "it never saw the rows")
    for name, auc in _tests(measured, oracle).items():
        if auc.low > 0.5:
            return Verdict("remembered", f"{name} AUC {auc} lies above 1/2")
        if auc.high < 0.5:
            return Verdict("over-forgotten", f"{name} AUC {auc} lies below 1/2")
    if measured.mia_auc is None:
        return Verdict("untested", "there are fewer than two rows, or never-seen ones, to compare")
    if original is not None and all(0.5 in auc for auc in _tests(original, oracle).values()):
        return Verdict("untested", "doing nothing passes the same tests: they need more rows")
    return Verdict("forgotten", "no test tells the rows from rows that were never seen")


def _tests(measured: Measurement, oracle: Measurement) -> dict[str, Interval]:
    """Return the AUCs that tell: the attack's only where it does not find the oracle's rows too."""
    tests = {"reference test": measured.reference_auc}
    if oracle.mia_auc is None or 0.5 in oracle.mia_auc:
        tests = {"attack": measured.mia_auc, **tests}
    return {name: auc for name, auc in tests.items() if auc is not None}


def _lost(reference: Measurement, measured: Measurement) -> float:
    if measured.acc_retain_test is None:
        return _gap(reference.acc_retain_train, measured.acc_retain_train)
    return _gap(reference.acc_retain_test, measured.acc_retain_test)


def _gap(high: Interval | None, low: Interval | None) -> float:
    if high is None or low is None:
        return 0.0
    return round(high.value - low.value, 9)  # 1 - 0.95 is a little more than 0.05
