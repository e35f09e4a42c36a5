"""The reported numbers of attacks: rates at which rows are called members, and AUCs."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.attacks import ATTACKS
from qiskit_qmu.evaluation.columns.column import (
    ALWAYS,
    BASELINES,
    COIN,
    DESTROYED,
    Column,
    Measure,
)
from qiskit_qmu.evaluation.evidence import Evidence
from qiskit_qmu.evaluation.forgotten_auc import auc_of
from qiskit_qmu.evaluation.reference_scores import reference_scores
from qiskit_qmu.metrics import Interval, binomial_interval, difference_interval


def called_member(evidence: Evidence) -> Interval | None:
    """Return the share of forgotten rows that the paper's attack classifies as members."""
    return None if evidence.called is None else _share(evidence.called.forget)


def called_member_control(evidence: Evidence) -> Interval | None:
    """Return the same share of their unseen counterparts."""
    called = evidence.called
    return None if called is None or called.control is None else _share(called.control)


def called_member_difference(evidence: Evidence) -> Interval | None:
    """Return the difference of the two shares."""
    rate, control = called_member(evidence), called_member_control(evidence)
    return None if rate is None or control is None else difference_interval(rate, control)


def attack_auc(key: str) -> Measure:
    """Return a function that measures the AUC of the attack with a key."""

    def measured(evidence: Evidence) -> Interval | None:
        return auc_of(evidence, evidence.scores[key]) if key in evidence.scores else None

    return measured


def reference_auc(evidence: Evidence) -> Interval | None:
    """Score each row by how much better the model predicts it than the oracles do on average.

    The oracles show which rows are easy, which makes the comparison much more sensitive. Only an
    auditor has oracles: this is not an attack, but the sharpest test for remaining traces.
    """
    scores = reference_scores(evidence)
    return None if scores is None else auc_of(evidence, scores)


def _share(called: NDArray[np.bool_]) -> Interval:
    return binomial_interval(int(called.sum()), len(called))


def _member_column(key: str, **options: Any) -> Column:
    return Column(
        key=key,
        group="called a member",
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
            "group": "AUC",
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


def further_auc(key: str) -> Column:
    """Return the column of an attack that is not in the tables by itself.

    Args:
        key: Its name in result rows, ``mia_auc_NAME``.
    """
    name = key.removeprefix(f"{AUC.key}_")
    return ATTACK_AUCS.get(key) or auc_column(key, name, f"AUC of the attack {name}")


REFERENCE_AUC = auc_column(
    "reference_auc",
    "beside oracle",
    "AUC of the score's difference from the oracles' mean: sharper, but available to auditors only",
    measure=reference_auc,
    in_text="interval",
)

ATTACK_COLUMNS: tuple[Column, ...] = (
    PAPER_RATE,
    PAPER_CONTROL,
    PAPER_EXCESS,
    AUC,
    REFERENCE_AUC,
)
"""In the order of the tables."""
