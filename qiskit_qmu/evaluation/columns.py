"""The reported numbers, one row each: to add a number, add its row (and its function)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_qmu.attacks import SHOT_ATTACKS
from qiskit_qmu.evaluation.attack_columns import (
    ATTACK_AUCS,
    ATTACK_COLUMNS,
    AUC,
    REFERENCE_AUC,
    auc_column,
)
from qiskit_qmu.evaluation.column import CHANCE, CHANCE_SHARE, DESTROYED, Column
from qiskit_qmu.evaluation.formulas import (
    Part,
    accuracy,
    exact_divergence,
    oracle_divergence,
)
from qiskit_qmu.evaluation.value_columns import VALUE_COLUMNS

BASELINE = "baseline"
"""Name of the row of uninformed baselines in a comparison of shot counts."""


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
_DISTANCE = "JS"

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


def _distance_column(key: str, heading: str, part: Part, **options: Any) -> Column:
    return Column(
        key=key,
        group=_DISTANCE,
        heading=heading,
        unit="nats",
        computed="mean Jensen–Shannon divergence from the oracle's outputs on the same rows",
        better="0",
        applies="classes",
        measure=oracle_divergence(part),
        decimals=3,
        maximum=math.log(2),
        in_text="value",
        **options,
    )


JS_FORGET = _distance_column(
    "js_oracle_forget",
    "forget",
    "forget",
    reading="mean Jensen–Shannon divergence from the oracle’s outputs on the same rows; 0 = equal "
    "outputs, ln 2 = 0.693 = disjoint outputs.",
)
JS_RETAIN = _distance_column("js_oracle_retain", "retain", "retain")

JS_EXACT = Column(
    key="js_exact",
    group=_DISTANCE,
    heading="to exact",
    unit="10⁻³ nats",
    computed="mean Jensen–Shannon divergence from the same model's exact outputs",
    better="0",
    reading="mean Jensen–Shannon divergence from the same model’s exact outputs on the same "
    "backend; it falls as 1/shots.",
    applies="classes",
    measure=exact_divergence,
    factor=1000.0,
    decimals=3,
    maximum=math.log(2),
)


def _cost_column(key: str, unit: str, computed: str, decimals: int = 0) -> Column:
    return Column(
        key=key,
        group="cost",
        heading=unit,
        computed=computed,
        better="lower",
        decimals=decimals,
    )


GRADIENTS = _cost_column(
    "gradient_evaluations", "gradients", "gradients of rows; for the original, of its training"
)
CIRCUITS = _cost_column("circuits", "circuits", "circuits that a device would run for it")
SHOTS = _cost_column("shots", "shots", "total shots of all circuits")
SECONDS = _cost_column("seconds", "seconds", "wall-clock time on this machine", decimals=1)

RESULTS: tuple[Column, ...] = (
    FORGET_TRAIN,
    FORGET_TEST,
    RETAIN_TRAIN,
    RETAIN_TEST,
    *VALUE_COLUMNS,
    *ATTACK_COLUMNS,
    JS_FORGET,
    JS_RETAIN,
)
"""Columns of a method's results, in the order of the tables."""

SHOT_RESULTS: tuple[Column, ...] = (
    RETAIN_TEST,
    FORGET_TRAIN,
    JS_EXACT,
    AUC,
    *(ATTACK_AUCS[key] for key in SHOT_ATTACKS if key != AUC.key),
)
"""Columns of a comparison of shot counts, in the order of tables and figures."""

COSTS: tuple[Column, ...] = (GRADIENTS, CIRCUITS, SHOTS, SECONDS)
"""Columns of a method's cost, in the order of the tables."""


def result_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Return the columns of result rows: `RESULTS`, and the AUCs of additional attacks.

    Args:
        rows: Result rows; ``mia_auc_NAME`` is the AUC of the attack NAME.

    Returns:
        The columns, with additional AUCs next to the others.

    Example:
        >>> from qiskit_qmu.evaluation import RESULTS, result_columns
        >>> columns = result_columns([{"method": "ga", "mia_auc": 0.6, "mia_auc_mine": 0.7}])
        >>> [column.name for column in columns if column not in RESULTS]
        ['AUC, mine']
    """
    known = {column.key for column in RESULTS}
    keys = dict.fromkeys(key for row in rows for key in row if key.startswith(f"{AUC.key}_"))
    others = [key for key in keys if not key.endswith(("_low", "_high")) and key not in known]
    further = [ATTACK_AUCS[key] if key in ATTACK_AUCS else _unknown_auc(key) for key in others]
    place = RESULTS.index(REFERENCE_AUC) + 1
    return (*RESULTS[:place], *further, *RESULTS[place:])


def _unknown_auc(key: str) -> Column:
    name = key.removeprefix(f"{AUC.key}_")
    return auc_column(key, name, f"AUC of the attack {name}")
