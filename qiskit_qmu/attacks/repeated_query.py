"""repeated_query: what an attacker knows who asks the same rows again, within a total of shots."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.observation import Observations


def repeated_query(answers: Sequence[Observations], *, total_shots: int) -> Observations:
    """Put the answers to several queries of the same rows together, within a total of shots.

    Counts add up, and outputs and logits are averaged: k queries of N independent shots are one of
    kN shots, exactly for counts and outputs, and for logits and values that are linear in the
    outputs, as those of a linear head. So a limit of shots per query does not protect rows from
    someone who may ask again; a limit of all shots does, and so does a cache that answers the same
    row with the same shots.

    Args:
        answers: Observations of the same rows by the same model, each with its own shots. They are
            taken in order as long as the total lasts.
        total_shots: Shots per row that the attacker may use in all.

    Returns:
        Observations with the shots of all answers that were used.

    Raises:
        InputError: If there is no answer, one has no shots, they differ in rows or kind, or the
            total does not suffice for the first.

    Example:
        >>> from qiskit_qmu.attacks import repeated_query
        >>> from qiskit_qmu.observation import Observations
        >>> first, second, third = (
        ...     Observations(row_losses=[0.0], counts=[counts], expectations=[[z]], shots=10)
        ...     for counts, z in (([6, 4], 0.2), ([8, 2], 0.6), ([9, 1], 0.8))
        ... )
        >>> both = repeated_query([first, second, third], total_shots=25)
        >>> both.counts, both.expectations, both.shots
        (array([[14,  6]]), array([[0.4]]), 20)
    """
    _check.not_empty(answers=answers)
    _check.at_least(1, total_shots=total_shots)
    shots = [_shots(each) for each in answers]
    used = int(np.searchsorted(np.cumsum(shots), total_shots, side="right"))
    if not used:
        raise InputError(f"a query takes {shots[0]} shots, more than the total of {total_shots}")
    first, weights = answers[0], np.array(shots[:used]) / sum(shots[:used])
    arrays = [each.arrays() for each in answers[:used]]
    _check_same(arrays)
    averaged: dict[str, Any] = {
        name: sum(w * of[name] for w, of in zip(weights, arrays, strict=True))
        for name in _AVERAGED
        if name in arrays[0]
    }
    summed: dict[str, Any] = (
        {"counts": sum(of["counts"] for of in arrays)} if "counts" in arrays[0] else {}
    )
    return replace(first, **averaged, **summed, shots=sum(shots[:used]))


_AVERAGED = ("logits", "expectations", "outputs", "row_losses")
_OF_THE_ROWS = ("labels", "targets", "inputs")


def _shots(answer: Observations) -> int:
    if answer.shots is None:
        raise InputError("an exact answer repeats itself; repeated queries need shots")
    return answer.shots


def _check_same(arrays: Sequence[dict[str, np.ndarray]]) -> None:
    for of in arrays[1:]:
        kinds = [{name: array.shape for name, array in each.items()} for each in (arrays[0], of)]
        if kinds[0] != kinds[1]:
            raise InputError(f"answers differ in their arrays: {kinds[0]} and {kinds[1]}")
        for name in _OF_THE_ROWS:
            if name in of and not np.array_equal(of[name], arrays[0][name]):
                raise InputError(f"answers must be to the same rows, got different {name}")
