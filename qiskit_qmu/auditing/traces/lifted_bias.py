"""Lifted bias: finds a class whose logit was only suppressed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.auditing.traces.forgotten_class import forgotten_class
from qiskit_qmu.auditing.traces.null_of_oracles import (
    null_of_oracles,
    of_how_many,
    p_value_above,
    stands_out,
)
from qiskit_qmu.evaluation import Finding, SplitObservations
from qiskit_qmu.metrics import Interval, binomial_interval
from qiskit_qmu.observation import Observations

TOLERATED = 0.01
"""Share of the retained rows that the lifted logit may cost."""


def lifted_bias(
    observed: SplitObservations,
    oracles: Sequence[SplitObservations] = (),
    *,
    tolerated: float = TOLERATED,
    generator: np.random.Generator | int = 0,
) -> Finding:
    """Add a constant to the logit of a forgotten class, and see how much of the class returns.

    The constant is the largest with which at most ``tolerated`` of one half of the retained rows
    are given to the class; what it costs is counted on the other half. The value is the share of
    the class's rows, never-seen ones if there are any, that the model then recognises. It does not
    depend on a constant that was subtracted from the logit before: a model whose logit was merely
    suppressed has exactly the value of the model that it was made from.

    A retrained model may also recognise rows of a class that it never saw, as those that fit no
    other class: only a value above the oracles' is a trace. Nothing is evaluated anew.

    Args:
        observed: Outputs of the audited model on a task that forgets one class.
        oracles: Outputs of retrained models.
        tolerated: Share of the retained rows that may be given to the class, from 0 to 1.
        generator: Random generator or seed of the two halves, which are the same for all models.

    Returns:
        The finding ``"lifted_bias"``: the recovered recall with its Clopper–Pearson limits, beside
        that of the oracles.

    Raises:
        InputError: If more than one class is forgotten, the model does not predict classes, or
            there are fewer than two retained rows.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.auditing.traces import lifted_bias
        >>> from qiskit_qmu.evaluation import SplitObservations
        >>> from qiskit_qmu.observation import Observations
        >>> forget = Observations(logits=[[1.0, -90.0]] * 9, labels=[1] * 9)  # class 1, suppressed
        >>> retain = Observations(logits=[[5.0, -99.0]] * 9, labels=[0] * 9)
        >>> finding = lifted_bias(SplitObservations(forget=forget, retain=retain))
        >>> finding.value.value, forget.accuracy
        (1.0, 0.0)
    """
    _check.between(0, 1, tolerated=tolerated)
    label = forgotten_class(observed)
    if observed.retain is None or len(observed.retain) < 2:
        raise InputError("a lifted bias needs at least two retained rows to choose it on")
    order = as_generator(generator).permutation(len(observed.retain))
    halves = np.array_split(order, 2)
    recall, bias, cost = _lifted(observed, label, halves, tolerated)
    of_oracles = [_lifted(oracle, label, halves, tolerated)[0] for oracle in oracles]
    null = null_of_oracles(of_oracles, minimum=0.0, maximum=1.0)
    p_value = p_value_above(recall.value, of_oracles)
    rows = _class_rows(observed)
    found = (
        f"With {bias:+.3g} on its logit, which gives {100 * cost:.1f} % of other retained rows to "
        f"it, the class is recognised in {100 * recall.value:.0f} % of its rows instead of "
        f"{100 * rows.accuracy:.0f} %"
    )
    return Finding(
        key="lifted_bias",
        group="model",
        name="recall of the class with a constant added to its logit",
        value=recall,
        null=null,
        p_value=p_value,
        num_rows=len(rows),
        reading=_reading(found, recall, null, p_value, len(oracles)),
    )


def _class_rows(observed: SplitObservations) -> Observations:
    return observed.forget if observed.test_forget is None else observed.test_forget


def lift(retained: Observations, label: int, tolerated: float = TOLERATED) -> float:
    """Return the largest constant on the logit of a class that gives it few of the retained rows.

    Args:
        retained: A model's outputs on retained rows.
        label: The class.
        tolerated: Share of these rows that may be given to it.
    """
    distances = np.sort(_distances(retained, label))
    return float(distances[min(int(tolerated * len(distances) + 1e-9), len(distances) - 1)])


def _lifted(
    observed: SplitObservations,
    label: int,
    halves: Sequence[NDArray[np.int64]],
    tolerated: float,
) -> tuple[Interval, float, float]:
    """Return the recovered recall, the constant, and its cost on the other half."""
    if observed.retain is None:
        raise InputError("all models must be observed on the retained rows")
    chosen, scored = map(observed.retain.take, halves)
    bias = lift(chosen, label, tolerated)
    own = _distances(_class_rows(observed), label)
    recall = binomial_interval(int(np.sum(own < bias)), len(own))
    return recall, bias, float(np.mean(_distances(scored, label) < bias))


def _distances(rows: Observations, label: int) -> NDArray[np.float64]:
    """Return how far the logit of a class lies below the largest other one, shape (n,)."""
    if rows.logits is None:
        raise InputError("a lifted bias needs logits, and this model predicts no classes")
    others = np.delete(rows.logits, label, axis=1).max(axis=1)
    return np.asarray(others - rows.logits[:, label])


def _reading(
    found: str, recall: Interval, null: Interval, p_value: float | None, oracles: int
) -> str:
    beyond = stands_out(recall, null, p_value)
    if beyond is None:
        return f"{found}. {of_how_many(oracles)}"
    meaning = (
        "more than retrained models do: the class is still inside"
        if beyond
        else "no more than retrained models can"
    )
    return f"{found}, {meaning}. {of_how_many(oracles)}".strip()
