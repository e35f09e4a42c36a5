"""The words that say how to read a result, for a forgotten class and for forgotten instances.

The two are never mixed: after forgetting a class nothing of it should be recognised, after
forgetting instances the model should do what it would do had it never seen them
(https://arxiv.org/abs/2604.07962).
"""

from collections.abc import Sequence
from typing import get_args

from qiskit_qmu._check import one_of
from qiskit_qmu.evaluation import Column, Kind
from qiskit_qmu.evaluation.columns import BASELINES, CHANCE_SHARE
from qiskit_qmu.evaluation.method_summary import MethodSummary


def check_kind(kind: str) -> None:
    """Raise InputError unless the kind of forgetting is ``"class"`` or ``"instances"``."""
    one_of(get_args(Kind), kind=kind)


def intervals(summaries: Sequence[MethodSummary]) -> str:
    """Say what the ranges of these summaries are, on a terminal."""
    seeds = sorted({summary.seeds for summary in summaries})
    if seeds == [1]:
        return "±: the longer arm of the 95 % interval over the examples. " + few_seeds(seeds[-1])
    count = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    text = (
        f"±: the longer arm of the 95 % t-interval over the seeds ({count} a method), over the "
        "examples where all seeds agree."
    )
    return f"{text} {few_seeds(seeds[-1])}".strip()


_CELL = (
    "and its gap to the oracle, bold where the gap’s interval excludes 0; of cells without any "
    "real gap one in twenty does so by chance. A dash is a number that was not measured."
)


def page_intervals(summaries: Sequence[MethodSummary]) -> str:
    """Say what the ranges of these summaries are, on the page."""
    text = (
        "Under each number: its 95 % interval, over the seeds (t) where there are two or more and "
        f"they differ, otherwise over the examples; {_CELL}"
    )
    return f"{text} {few_seeds(max(summary.seeds for summary in summaries))}".strip()


AUDIT_INTERVALS = f"Under each number: its 95 % interval over the examples; {_CELL}"
"""What the ranges of one audit are, on the page."""


def few_seeds(seeds: int) -> str:
    """Say what fewer than three seeds cannot tell; empty for three or more."""
    if seeds == 1:
        return "One seed does not tell how other seeds would end: three or more do."
    if seeds == 2:
        return (
            "Two seeds hardly tell how far seeds differ: their t-interval is 12.7 standard errors "
            "wide on each side, so take three or more before reading it."
        )
    return ""


_GAP: dict[Kind, str] = {
    "class": "minus the oracle, which was retrained without the class. Its forget accuracy is 0, "
    "and so is that of any method that works: compare retain accuracy and cost.",
    "instances": "minus the oracle, which was retrained without these rows. A good method ends "
    "where the oracle is: gaps near 0, not forget accuracy near 0.",
}


def legend(columns: Sequence[Column], kind: Kind) -> tuple[tuple[str, str], ...]:
    """Return what to compare: terms and what is to be known of them.

    Args:
        columns: The columns that are shown.
        kind: What was forgotten.
    """
    groups = dict.fromkeys(column.group for column in columns)
    said = {column.group: column.reading for column in columns if column.reading}
    terms = ((f"{group[:1].upper()}{group[1:]}", said[group]) for group in groups if group in said)
    return (("Gap", _GAP[kind]), *terms)


def baselines(columns: Sequence[Column]) -> str:
    """Say in one line what attacks and models score that look at nothing; empty without any.

    Args:
        columns: The columns that are shown.
    """
    scores = []
    for name in BASELINES:
        by_group: dict[str, list[str]] = {}
        for column in columns:
            if name in column.baselines:
                text = column.baselines[name].replace(CHANCE_SHARE, "100/classes")
                by_group.setdefault(column.group, []).append(text)
        found = (f"{group} {' and '.join(texts)}" for group, texts in by_group.items())
        if text := ", ".join(found):
            scores.append(f"{name}: {text}")
    return f"Baselines: {'; '.join(scores)}." if scores else ""


_ACCURACY = (
    "Blue is accuracy on rows that the original was trained on, orange on rows that no model has "
    "seen; whiskers are 95 % intervals and the dashed lines are the oracle’s values."
)
_MEMBERSHIP = (
    "Left, the share of forgotten rows that the paper’s attack calls members (blue) beside the "
    "same share of never-seen rows (orange); right, the AUC of the attack, where ½ is "
    "no leak and below ½ is over-forgetting, which leaks too."
)
_ROC = (
    "Each curve shows how many forgotten rows the attack finds (up) at the price of how many "
    "false alarms on never-seen rows of the same class (right); the band is the 95 % "
    "interval, the grey curve the oracle’s and the dashed diagonal a coin."
)
_COST = (
    "Each dot is a cost divided by the oracle’s, so 1 is the price of retraining; on hardware "
    "circuits times shots is what is paid. "
    "A method to the right of 1 costs more than the retraining that it is meant to save, however "
    "well it forgets."
)

CAPTIONS: dict[Kind, dict[str, str]] = {
    "class": {
        "accuracy": f"{_ACCURACY} The oracle never saw the class, so forget accuracy is about 0 "
        "for it and for every method that works: methods differ in how near their retain accuracy "
        "stays to the oracle’s lines.",
        "membership": f"{_MEMBERSHIP} On a forgotten class both rates move with how the model "
        "answers that class at all, so a small rate alone proves nothing: only the distance "
        "between blue and orange is about membership.",
        "roc": f"{_ROC} On a forgotten class a curve on the diagonal says that trained-on rows "
        "look like other rows of the class, not that the class is forgotten; a curve below it "
        "says over-forgotten.",
        "cost": _COST,
    },
    "instances": {
        "accuracy": f"{_ACCURACY} A good method ends on the oracle’s lines in both panels: "
        "forget accuracy above the line is memory that is left, below it is damage, and 0 is "
        "not the aim.",
        "membership": f"{_MEMBERSHIP} The distance between blue and orange is what counts, not "
        "the height of either, and a method has done its work when both panels look like the "
        "oracle’s row.",
        "roc": f"{_ROC} Where the curve runs with the oracle’s the withdrawn rows look like rows "
        "that were never seen; a curve above it is memory that is left, below the diagonal is "
        "over-forgotten.",
        "cost": _COST,
    },
}
"""Two sentences under each figure."""
