"""The reported numbers, one row each: to add a number, add its row (and its function)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from qiskit_qmu.attacks import ATTACKS
from qiskit_qmu.evaluation.column import Column
from qiskit_qmu.evaluation.formulas import (
    Part,
    accuracy,
    attack_auc,
    called_member,
    called_member_control,
    called_member_difference,
    exact_divergence,
    explained_variance,
    mean_loss,
    oracle_divergence,
    reference_auc,
)

ALWAYS, COIN, CHANCE, DESTROYED = "always “member”", "coin", "chance", "destroyed model"
BASELINE = "baseline"
"""Name of the row of uninformed baselines in a comparison of shot counts."""

BASELINES: Mapping[str, str] = {
    ALWAYS: "an attack that calls every row a member",
    COIN: "an attack that tosses a coin",
    CHANCE: "a model that guesses",
    DESTROYED: "the same output for every row",
}
"""Uninformed attacks and models, with their descriptions."""

CHANCE_SHARE = "{chance}"
"""Placeholder in `Column.baselines` for 1 / number of classes, in per cent."""


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
_MEMBER = "called a member"
_AUC = "AUC"
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


def _values_column(key: str, heading: str, part: Part, **options: Any) -> Column:
    return Column(
        key=key,
        group="R²",
        heading=heading,
        computed="1 − squared errors / squared deviations of the targets from their mean",
        applies="values",
        measure=explained_variance(part),
        decimals=3,
        minimum=-math.inf,
        maximum=1.0,
        in_text="interval",
        **options,
    )


R2_FORGET = _values_column(
    "r2_forget_train",
    "forgotten",
    "forget",
    better="as the oracle",
    reading="share of the targets’ variance that is explained; 0 = always the mean of the targets.",
    baselines={CHANCE: "0 or less", DESTROYED: "0 or less"},
    with_gap=True,
)
R2_RETAIN_TRAIN = _values_column("r2_retain_train", "retained", "retain", better="higher")
R2_RETAIN_TEST = _values_column(
    "r2_retain_test",
    "never seen",
    "test_retain",
    better="higher",
    baselines={CHANCE: "0 or less", DESTROYED: "0 or less"},
    with_gap=True,
)


def _loss_column(key: str, heading: str, part: Part, **options: Any) -> Column:
    return Column(
        key=key,
        group="mean loss",
        heading=heading,
        computed="mean of the rows' losses, with Student's t limits",
        applies="values",
        measure=mean_loss(part),
        decimals=3,
        minimum=-math.inf,
        in_text="interval",
        **options,
    )


LOSS_FORGET = _loss_column(
    "loss_forget_train",
    "forgotten",
    "forget",
    better="as the oracle",
    reading="mean loss of the rows, in the units of the objective.",
    with_gap=True,
)
LOSS_RETAIN_TRAIN = _loss_column("loss_retain_train", "retained", "retain", better="lower")
LOSS_RETAIN_TEST = _loss_column(
    "loss_retain_test", "never seen", "test_retain", better="lower", with_gap=True
)


def _member_column(key: str, **options: Any) -> Column:
    return Column(
        key=key,
        group=_MEMBER,
        unit="%",
        applies="classes",
        factor=100.0,
        decimals=1,
        maximum=1.0,
        **options,
    )


PAPER_RATE = _member_column(
    "mia_paper_rate",
    heading="forgotten",
    computed="share of forgotten rows that the attack of arXiv:2509.06086 calls members",
    better="as the oracle",
    reading="compare it with the control, never-seen rows of the same classes: only the difference "
    "of the two indicates membership. Each rate alone also depends on how the model performs on "
    "that class.",
    baselines={ALWAYS: "100", COIN: "50", DESTROYED: "0 or 100"},
    measure=called_member,
    in_text="interval",
)
PAPER_CONTROL = _member_column(
    "mia_paper_control",
    heading="control",
    computed="the same share of never-seen rows of the same classes",
    better="as the oracle",
    baselines={ALWAYS: "100", COIN: "50", DESTROYED: "the same"},
    measure=called_member_control,
    in_text="interval",
)
PAPER_EXCESS = _member_column(
    "mia_paper_excess",
    heading="difference",
    computed="the first share minus the second, limits by Newcombe's method",
    better="0",
    baselines={ALWAYS: "0", COIN: "0", DESTROYED: "0"},
    measure=called_member_difference,
    minimum=-1.0,
)


def auc_column(key: str, heading: str, computed: str, **options: Any) -> Column:
    """Return the column of an attack's AUC.

    Args:
        key: Its name in result rows.
        heading: Its heading under "AUC".
        computed: What the attack does, in one line.
        **options: Further fields of `Column`.
    """
    return Column(
        **{
            "key": key,
            "group": _AUC,
            "heading": heading,
            "computed": computed,
            "better": "½",
            "baselines": dict.fromkeys(BASELINES, "0.50"),
            "measure": attack_auc(key),
            "decimals": 2,
            "maximum": 1.0,
            **options,
        }
    )


ATTACK_AUCS: dict[str, Column] = {
    key: auc_column(
        key, attack.heading, f"AUC of forgotten against never-seen rows; {attack.summary}"
    )
    for key, attack in ATTACKS.items()
}
"""The AUCs of the attacks, by their keys."""

AUC = replace(
    ATTACK_AUCS["mia_auc"],
    reading="how well forgotten rows rank above never-seen rows of their class, by an attack or by "
    "how much better a row is answered than by the oracle. ½ = no leak, more = they still stand "
    "out, less = over-forgotten, which leaks too.",
    in_text="interval",
)
REFERENCE_AUC = auc_column(
    "reference_auc",
    "beside oracle",
    "AUC of the score's difference from the oracle's: sharper, but available to auditors only",
    measure=reference_auc,
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
    R2_FORGET,
    R2_RETAIN_TRAIN,
    R2_RETAIN_TEST,
    LOSS_FORGET,
    LOSS_RETAIN_TRAIN,
    LOSS_RETAIN_TEST,
    PAPER_RATE,
    PAPER_CONTROL,
    PAPER_EXCESS,
    AUC,
    REFERENCE_AUC,
    JS_FORGET,
    JS_RETAIN,
)
"""Columns of a method's results, in the order of the tables."""

SHOT_RESULTS: tuple[Column, ...] = (
    RETAIN_TEST,
    FORGET_TRAIN,
    JS_EXACT,
    *(ATTACK_AUCS | {AUC.key: AUC}).values(),
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
