"""Judging: what the numbers of models say, of one alone or of several together."""

from collections.abc import Mapping

from qiskit_qmu.evaluation.columns import AUC
from qiskit_qmu.evaluation.judged_case import JudgedCase
from qiskit_qmu.evaluation.suspicion import confirmed
from qiskit_qmu.evaluation.verdict import Beside, Case, Verdict
from qiskit_qmu.metrics import Interval


def judge(case: Case, beside: Beside) -> Verdict:
    """Judge a model alone; see `judge_together`.

    Args:
        case: The model.
        beside: What it is judged beside.

    Example:
        >>> from qiskit_qmu.evaluation import Evidence, SplitObservations, measure
        >>> from qiskit_qmu.evaluation import Beside, Case, judge
        >>> from qiskit_qmu.observation import Observations
        >>> knows, does_not = (
        ...     SplitObservations(forget=Observations(logits=[row] * 90, labels=[0] * 90))
        ...     for row in ([1, 0], [0, 1])
        ... )
        >>> oracle = measure(Evidence(observed=does_not, oracles=(does_not,)))
        >>> model = measure(Evidence(observed=knows, oracles=(does_not,)))
        >>> print(judge(Case(measured=model), Beside(kind="class", oracle=oracle)).reason)
        accuracy on the forgotten rows is 1.000 [0.943, 1.000] above the oracle's
    """
    return judge_together({"": case}, beside)[""]


def judge_together(cases: Mapping[str, Case], beside: Beside) -> dict[str, Verdict]:
    """Judge models of one task beside the same oracles and the same original.

    Every verdict rests on intervals. In this order:

    - "unchanged": every weight is the original's.
    - "invalid oracle": the oracles cannot be a reference.
    - "utility lost": the model is worse than the oracles, and than the original, on other rows, by
      more than the tolerance.
    - "remembered" or "over-forgotten": a test tells the rows from never-seen ones, and what it
      finds is not within the margin; of a class, the model names it more often than the oracles.
    - "harmful": its outputs are farther from the oracles' than the original's are.
    - "suppressed": it does not name the class, which is still inside.
    - "forgotten": what all tests can find lies within the margin, as shown by their intervals, in
      this model or by the strategy's test over many models, and doing nothing does not pass.
    - "unresolved": the tests cannot tell.

    What is found by chance alone is corrected for: all tests of all models together accuse a model
    of which nothing is left with a probability of at most `suspicion.SIGNIFICANCE`.

    Args:
        cases: The models by name.
        beside: What they are judged beside.

    Returns:
        Verdicts by name.
    """
    verdicts = {name: _without_test(case, beside) for name, case in cases.items()}
    judged = {
        name: JudgedCase.of(case, beside) for name, case in cases.items() if verdicts[name] is None
    }
    lost = confirmed({name: each.loss_suspected() for name, each in judged.items()})
    faults = confirmed({name: each.suspected for name, each in judged.items()})
    return {
        name: given or judged[name].verdict([*lost[name], *faults[name]])
        for name, given in verdicts.items()
    }


def _without_test(case: Case, beside: Beside) -> Verdict | None:
    """Return the verdict that needs no number; None where numbers decide."""
    if case.unchanged:
        return Verdict(
            name="unchanged", reason="every weight is the original's: nothing was forgotten"
        )
    if beside.invalid:
        return Verdict(name="invalid oracle", reason=beside.invalid)
    if beside.oracle is None:
        attack = case.measured[AUC.key]
        found = f"AUC of the attack {attack} lies off ½, but " if _is_off(attack) else ""
        return Verdict(
            name="unresolved",
            reason=f"{found}without a retrained model there is nothing to compare with: audit "
            "it beside oracles, models that are retrained without the rows",
        )
    if case.measured is beside.oracle:
        return Verdict(name="forgotten", reason="it never saw the rows")
    return None


def _is_off(auc: Interval | None) -> bool:
    return auc is not None and auc.excludes(0.5)
