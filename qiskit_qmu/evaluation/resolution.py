"""What would resolve a verdict that these rows cannot give."""

import math
from typing import Literal

import numpy as np

from qiskit_qmu.evaluation.evidence import Evidence
from qiskit_qmu.evaluation.power_plan import rows_of_a_side, shadows_needed
from qiskit_qmu.metrics import (
    detectable_auc,
    models_needed_for_equivalence,
    rows_needed_for_equivalence,
)

RETRAIN = "retrain"
"""What is left where nothing resolves a verdict."""

OTHERWISE = f"otherwise {RETRAIN}"
"""What is left where nothing else does."""

LARGEST_LEAK = 0.995
"""AUC beyond which a leak is the largest that there can be."""

MOST_MODELS = 128
"""Shadow models beyond which retraining is the better advice."""


def what_would_resolve(
    evidence: Evidence, kind: Literal["class", "instances"], margin: float, *, has_strategy: bool
) -> str:
    """Say what these rows could have shown, and how to know more.

    Args:
        evidence: The model's evidence.
        kind: What was forgotten.
        margin: How far from ½ an AUC, or above the oracles' an accuracy, may lie where nothing is
            left.
        has_strategy: Whether the strategy was tested over shadow models.

    Returns:
        The smallest leak that these rows show, the number of rows or models that would resolve the
        verdict and the command, or that only retraining does.

    Example:
        >>> from qiskit_qmu.evaluation import Evidence, SplitObservations
        >>> from qiskit_qmu.evaluation.resolution import what_would_resolve
        >>> from qiskit_qmu.observation import Observations
        >>> rows = {
        ...     name: Observations(logits=[[1.0, 0.0]] * number, labels=[0] * number)
        ...     for name, number in {"forget": 90, "test_forget": 500}.items()
        ... }
        >>> evidence = Evidence(observed=SplitObservations(**rows))
        >>> print(what_would_resolve(evidence, "instances", 0.05, has_strategy=False))
        in one model, with 90 rows beside 500, leaks with an AUC of 0.59 or more are found in four
        of five cases; to show that the AUC lies within 0.05 of ½ takes about 702 rows on each side,
        or a test of the strategy over 20 shadow models (of a saved model: qmu audit NEW --original
        MODEL --shadows 20); otherwise retrain
    """
    if kind == "class":
        return _of_class(evidence, margin)
    members, others = _comparable(evidence)
    if min(members, others) < 2:
        return f"too few rows share a class with never-seen ones; {RETRAIN}"
    leak = detectable_auc(members, others)
    seen_leaks = (
        "no leak is found reliably"
        if leak > LARGEST_LEAK
        else f"leaks with an AUC of {leak:.2f} or more are found in four of five cases"
    )
    text = (
        f"in one model, with {members} rows beside {others}, {seen_leaks}; to show that "
        f"the AUC lies within {margin} of ½ takes "
    )
    rows = rows_needed_for_equivalence(margin)
    ways = [] if rows is None else [f"about {rows} rows on each side"]
    side = rows_of_a_side(members, others)
    even = shadows_needed(models_needed_for_equivalence(margin, side, side, mutual=True))
    if even is not None and even <= MOST_MODELS:
        more = "more than those that were tested, " if has_strategy else ""
        ways.append(
            f"a test of the strategy over {even} shadow models ({more}of a saved model: qmu audit "
            f"NEW --original MODEL --shadows {even})"
        )
    return f"{text}{', or '.join(ways)}; {OTHERWISE}" if ways else f"{text}retraining"


def _of_class(evidence: Evidence, margin: float) -> str:
    """Say how many rows of a class are recognised, and whether more rows would help."""
    seen = evidence.observed.forget
    rows, own = len(seen), seen.accuracy
    theirs = float(np.mean([oracle.forget.accuracy for oracle in evidence.oracles] or [0.0]))
    counted = f"{own * rows:.0f} of {rows} rows of the class are recognised, by retrained models "
    counted += f"{theirs * rows:.3g}"
    aim = f"an accuracy within {margin} of the oracle's"
    if own - theirs >= margin:
        return f"{counted}, and more rows recognised as often would not show {aim}; {RETRAIN}"
    fewest = math.ceil(math.log(0.025) / math.log(1 - margin))
    if rows < fewest:
        takes = f"at least {fewest} rows of the class, none of them recognised"
    else:
        takes = "more rows of the class, or fewer of them recognised"
    return f"{counted}; {aim} takes {takes}; {OTHERWISE}"


def _comparable(evidence: Evidence) -> tuple[int, int]:
    """Return how many rows, and never-seen ones, have the other in their class."""
    forget, control = evidence.observed.forget, evidence.observed.test_forget
    if control is None:
        return 0, 0
    return (
        int(np.isin(forget.strata, control.strata).sum()),
        int(np.isin(control.strata, forget.strata).sum()),
    )
