"""The reported accuracies of models that predict classes."""

from typing import Any

from qiskit_qmu.evaluation.columns.column import CHANCE, CHANCE_SHARE, DESTROYED, Column, Measure
from qiskit_qmu.evaluation.evidence import Evidence, Part
from qiskit_qmu.metrics import Interval, binomial_interval
from qiskit_qmu.observation import Observations


def accuracy(part: Part) -> Measure:
    """Return a function that measures the accuracy on a part."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        if seen is None or seen.labels is None:
            return None
        return binomial_interval(int((seen.predictions == seen.labels).sum()), len(seen))

    return measured


def _accuracy_column(key: str, group: str, part: Part, **options: Any) -> Column:
    side = "train" if part in ("forget", "retain") else "test"
    rows = {
        "forget": "the forgotten training rows",
        "retain": "the retained training rows",
        "test_forget": "never-seen rows like the forgotten ones",
        "test_retain": "never-seen rows like the retained ones",
    }[part]
    return Column(
        key=key,
        group=group,
        heading=side,
        unit="%",
        computed=f"share of {rows} classified correctly, with Clopper–Pearson limits",
        better="as the oracle" if group.startswith("forget") else "higher",
        applies="classes",
        measure=accuracy(part),
        factor=100.0,
        decimals=1,
        maximum=1.0,
        **options,
    )


_FORGET = "forget accuracy"
_RETAIN = "retain accuracy"

FORGET_TRAIN = _accuracy_column(
    "acc_forget_train",
    _FORGET,
    "forget",
    baselines={CHANCE: CHANCE_SHARE, DESTROYED: "0 or 100"},
    in_text="interval",
    with_gap=True,
)
FORGET_TEST = _accuracy_column("acc_forget_test", _FORGET, "test_forget", in_text="interval")
RETAIN_TRAIN = _accuracy_column("acc_retain_train", _RETAIN, "retain", in_text="interval")
RETAIN_TEST = _accuracy_column(
    "acc_retain_test",
    _RETAIN,
    "test_retain",
    baselines={CHANCE: CHANCE_SHARE, DESTROYED: f"about {CHANCE_SHARE}"},
    in_text="interval",
    with_gap=True,
)
