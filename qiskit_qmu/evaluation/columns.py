"""The reported numbers, one row for each: to add a number, add its row (and its function)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.attacks import ATTACKS
from qiskit_qmu.evaluation.column import Column
from qiskit_qmu.evaluation.evidence import Evidence, Scores
from qiskit_qmu.metrics import (
    Interval,
    binomial_interval,
    difference_interval,
    jensen_shannon_interval,
    mean_interval,
    r2_interval,
    stratified_auroc,
)
from qiskit_qmu.observation import Observations, concatenate

Part = Literal["forget", "retain", "test_forget", "test_retain"]
Measure = Callable[[Evidence], Interval | None]

ALWAYS, COIN, CHANCE, DESTROYED = "always “member”", "coin", "chance", "destroyed model"
BASELINE = "baseline"
"""Name of the row that answers score that look at nothing, in a comparison of shot counts."""

BASELINES: Mapping[str, str] = {
    ALWAYS: "an attack that looks at nothing",
    COIN: "an attack that tosses a coin",
    CHANCE: "a model that guesses",
    DESTROYED: "the same output for every row",
}
"""The attacks and models that look at nothing, and how each answers."""

CHANCE_SHARE = "{chance}"
"""Stands in `Column.baselines` for one in so many classes, in per cent."""


def accuracy(part: Part) -> Measure:
    """Return what measures the share of rows of a part whose class is right."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        if seen is None or seen.labels is None:
            return None
        return binomial_interval(int((seen.predictions == seen.labels).sum()), len(seen))

    return measured


def explained_variance(part: Part) -> Measure:
    """Return what measures R² on a part; None without predicted values."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        if seen is None or seen.targets is None or seen.outputs is None:
            return None
        return r2_interval(seen.targets, seen.outputs)

    return measured


def mean_loss(part: Part) -> Measure:
    """Return what measures the mean loss of the rows of a part, with Student's limits."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        return None if seen is None else mean_interval(seen.losses)

    return measured


def called_member(evidence: Evidence) -> Interval | None:
    """Return the share of forgotten rows that the paper's attack calls members."""
    return None if evidence.called is None else _share(evidence.called.forget)


def called_member_control(evidence: Evidence) -> Interval | None:
    """Return the same share of their never-seen counterparts."""
    called = evidence.called
    return None if called is None or called.control is None else _share(called.control)


def called_member_difference(evidence: Evidence) -> Interval | None:
    """Return how much more often forgotten rows are called members than the control."""
    rate, control = called_member(evidence), called_member_control(evidence)
    return None if rate is None or control is None else difference_interval(rate, control)


def attack_auc(key: str) -> Measure:
    """Return what measures the AUC of the attack whose scores have a key."""

    def measured(evidence: Evidence) -> Interval | None:
        return _auc(evidence, evidence.scores[key]) if key in evidence.scores else None

    return measured


def reference_auc(evidence: Evidence) -> Interval | None:
    """Score each row by how much better the model answers it than the oracle.

    The oracle tells which rows are easy, so the same rows say far more than without it. Only an
    auditor has it: this is no attack, but the sharpest test of whether a trace is left.
    """
    observed, oracle = evidence.observed, evidence.oracle
    if oracle is None or observed.test_forget is None or oracle.test_forget is None:
        return None
    members = observed.forget.membership_score - oracle.forget.membership_score
    others = observed.test_forget.membership_score - oracle.test_forget.membership_score
    if not members.any() and not others.any():
        return None  # the oracle beside itself
    return _auc(evidence, (members, others))


def oracle_divergence(part: Part) -> Measure:
    """Return what measures the divergence of a part's outputs from the oracle's."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        oracle: Observations | None = evidence.oracle and getattr(evidence.oracle, part)
        if seen is None or oracle is None:
            return None
        # Itself: 0 for any rows, not only for those that were looked at.
        return _ZERO if seen is oracle else _divergence(seen, oracle)

    return measured


def exact_divergence(evidence: Evidence) -> Interval | None:
    """Return the divergence from the model's own exact outputs, on what accuracies are read on."""
    if evidence.exact is None:
        return None
    if evidence.observed.forget.shots is None:
        return _ZERO  # from itself, whatever the rows
    pair = []
    for outputs in (evidence.observed, evidence.exact):
        parts = [part for part in (outputs.forget, outputs.test_retain) if part is not None]
        pair.append(concatenate(*parts))
    return _divergence(*pair)


_ZERO = Interval(0.0, 0.0, 0.0)


def _divergence(first: Observations, second: Observations) -> Interval | None:
    if first.logits is None:
        return None
    return jensen_shannon_interval(first.probabilities, second.probabilities)


def _share(called: NDArray[np.bool_]) -> Interval:
    return binomial_interval(int(called.sum()), len(called))


def comparable(members: NDArray[np.int64], nonmembers: NDArray[np.int64]) -> bool:
    """Return whether two groups, given by their strata, hold enough rows of a common one."""
    return min(len(members), len(nonmembers)) > 1 and bool(np.isin(members, nonmembers).any())


def _auc(evidence: Evidence, scores: Scores) -> Interval | None:
    forget, control = evidence.observed.forget, evidence.observed.test_forget
    if control is None or not comparable(forget.strata, control.strata):
        return None
    members, nonmembers = scores
    return stratified_auroc(members, forget.strata, nonmembers, control.strata)


def _accuracy_column(key: str, group: str, part: Part, **options: Any) -> Column:
    side = "train" if part in ("forget", "retain") else "test"
    rows = {
        "forget": "the forgotten training rows",
        "retain": "the retained training rows",
        "test_forget": "never-seen rows like the forgotten ones",
        "test_retain": "never-seen rows of what is retained",
    }[part]
    return Column(
        key=key,
        group=group,
        heading=side,
        unit="%",
        computed=f"share of {rows} whose class is right, Clopper–Pearson limits",
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
        computed="mean of the rows' losses, Student's limits",
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

PAPER_RATE = Column(
    key="mia_paper_rate",
    group=_MEMBER,
    heading="forgotten",
    unit="%",
    computed="share of forgotten rows that the attack of arXiv:2509.06086 calls members",
    better="as the oracle",
    reading="read it against the control, never-seen rows of the same classes: only the difference "
    "of the two is about membership. For a forgotten class either number by itself is nearly the "
    "accuracy on that class.",
    baselines={ALWAYS: "100", COIN: "50", DESTROYED: "0 or 100"},
    applies="classes",
    measure=called_member,
    factor=100.0,
    decimals=1,
    maximum=1.0,
    in_text="interval",
)
PAPER_CONTROL = Column(
    key="mia_paper_control",
    group=_MEMBER,
    heading="control",
    unit="%",
    computed="the same share of never-seen rows of the same classes",
    better="as the oracle",
    baselines={ALWAYS: "100", COIN: "50", DESTROYED: "the same"},
    applies="classes",
    measure=called_member_control,
    factor=100.0,
    decimals=1,
    maximum=1.0,
    in_text="interval",
)
PAPER_EXCESS = Column(
    key="mia_paper_excess",
    group=_MEMBER,
    heading="difference",
    unit="%",
    computed="the first share minus the second, limits by Newcombe's method",
    better="0",
    baselines={ALWAYS: "0", COIN: "0", DESTROYED: "0"},
    applies="classes",
    measure=called_member_difference,
    factor=100.0,
    decimals=1,
    minimum=-1.0,
    maximum=1.0,
)


def auc_column(key: str, heading: str, computed: str, **options: Any) -> Column:
    """Return the column of an attack's AUC.

    Args:
        key: Its name in result rows.
        heading: Its heading under "AUC".
        computed: What the attack does, in one line.
        **options: Other fields of `Column`.
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
    "AUC of the score's difference from the oracle's: sharper, but only an auditor can do it",
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
    reading="mean Jensen–Shannon divergence from the oracle’s outputs on the same rows; 0 = the "
    "same outputs, ln 2 = 0.693 = nothing in common.",
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
    "gradient_evaluations", "gradients", "rows whose gradient was computed; of original, training"
)
CIRCUITS = _cost_column("circuits", "circuits", "circuits that a device would run for it")
SHOTS = _cost_column("shots", "shots", "shots of all circuits together")
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
"""What a method achieved, in the order of the tables."""

SHOT_RESULTS: tuple[Column, ...] = (
    RETAIN_TEST,
    FORGET_TRAIN,
    JS_EXACT,
    *(ATTACK_AUCS | {AUC.key: AUC}).values(),
)
"""What is measured with a number of shots, in the order of tables and figures."""

COSTS: tuple[Column, ...] = (GRADIENTS, CIRCUITS, SHOTS, SECONDS)
"""What a method cost, in the order of the tables."""


def result_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Return the columns of result rows: those of `RESULTS`, and the AUCs of further attacks.

    Args:
        rows: Result rows; ``mia_auc_NAME`` is the AUC of the attack NAME.

    Returns:
        The columns, further AUCs beside the others.
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
