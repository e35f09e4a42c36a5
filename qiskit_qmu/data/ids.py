"""Looks rows up by their ids, and says of each id that cannot be forgotten why not."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.row_record import listed

Reason = Literal["test", "validation", "forgotten", "unknown", "repeated"]
"""Why an id is not looked up: it is that of a row that no model is trained on, of one held out for
validation, of one forgotten before, of no row; or it is given more than once."""

_WORDS: dict[Reason, str] = {
    "test": "in the test rows, which no model is trained on",
    "validation": "held out for validation, not trained on",
    "forgotten": "already forgotten",
    "unknown": "unknown",
    "repeated": "repetitions of",
}


class UntrainedId(NamedTuple):
    """An id that cannot be forgotten as it is given.

    Attributes:
        id: The id.
        reason: Why.
        near: An id that may have been meant; None where none is alike.
    """

    id: str
    reason: Reason
    near: str | None = None


def sort_ids(
    ds: Dataset,
    ids: Sequence[str],
    trained: NDArray[np.int64],
    validation: NDArray[np.int64],
    forgotten_ids: Collection[str] = (),
) -> tuple[NDArray[np.int64], tuple[UntrainedId, ...]]:
    """Return the positions of ids that can be forgotten, and the other ids with the reason.

    Args:
        ds: The dataset.
        ids: Ids, in any order.
        trained: Positions of the rows that a model trains on, or still knows.
        validation: Positions of rows held out; training rows that are neither have been forgotten.
        forgotten_ids: Ids of rows that were forgotten before, if still in the data or not.

    Returns:
        Positions in ascending order, each once; an id that is given twice is in both results.

    Raises:
        InputError: If the dataset has no ids.
    """
    if ds.ids_train is None:
        raise InputError(
            f"{ds.name} has no ids: name the column that holds them when its rows are read "
            "(id_column), or forget rows by their positions"
        )
    own = Ids(ds.ids_train.tolist(), [] if ds.ids_test is None else ds.ids_test.tolist())
    return sort_among(own, ids, trained, validation, forgotten_ids)


class Ids(NamedTuple):
    """Ids of the training and the test rows of a dataset."""

    train: Sequence[str]
    test: Sequence[str]


def sort_among(
    own: Ids,
    ids: Sequence[str],
    trained: NDArray[np.int64],
    validation: NDArray[np.int64],
    forgotten_ids: Collection[str] = (),
) -> tuple[NDArray[np.int64], tuple[UntrainedId, ...]]:
    """Do what `sort_ids` does by the ids of a dataset's rows alone."""
    positions = {each: position for position, each in enumerate(own.train)}
    tested = set(own.test)
    known, held_out = set(trained.tolist()), set(validation.tolist())
    gone = set(forgotten_ids)
    found, untrained = [], []
    for each, times in Counter(ids).items():
        position = positions.get(each)
        reason: Reason
        if position not in known and each in gone:
            reason = "forgotten"
        elif position is None:
            reason = "test" if each in tested else "unknown"
        elif position not in known:
            reason = "validation" if position in held_out else "forgotten"
        else:
            found.append(position)
            if times == 1:
                continue
            reason = "repeated"
        untrained.append(UntrainedId(each, reason))
    return np.array(sorted(found), dtype=np.int64), _with_near(untrained, [*positions, *tested])


def untrained_ids(values: Any) -> tuple[UntrainedId, ...]:
    """Return the ids that were written as a list of dictionaries of their fields.

    Raises:
        InputError: If they are something else.
    """
    try:
        read = tuple(UntrainedId(**each) for each in values)
    except TypeError as error:
        raise InputError(f"skipped ids must be a list of tables, got {values!r}") from error
    texts = all(isinstance(each.id, str) and isinstance(each.reason, str) for each in read)
    if not texts or any(each.reason not in _WORDS for each in read):
        raise InputError(f"skipped ids must be texts with one of {', '.join(_WORDS)}")
    return read


def untrained_ids_in_words(untrained: Iterable[UntrainedId]) -> str:
    """Name ids by their reasons; of each reason the first few.

    Example:
        >>> from qiskit_qmu.data.ids import UntrainedId, untrained_ids_in_words
        >>> untrained_ids_in_words([UntrainedId("42", "unknown", "0042"), UntrainedId("7", "test")])
        'in the test rows, which no model is trained on: 7; unknown: 42 (did you mean 0042?)'
    """
    by_reason: dict[Reason, list[str]] = {reason: [] for reason in _WORDS}
    for each in untrained:
        meant = "" if each.near is None else f" (did you mean {each.near}?)"
        by_reason[each.reason].append(f"{each.id}{meant}")
    return "; ".join(f"{_WORDS[reason]}: {listed(own)}" for reason, own in by_reason.items() if own)


def untrained_ids_counted(untrained: Iterable[UntrainedId]) -> tuple[str, ...]:
    """Say how many ids there are for each reason, without naming them.

    Example:
        >>> from qiskit_qmu.data.ids import UntrainedId, untrained_ids_counted
        >>> untrained_ids_counted([UntrainedId("42", "unknown"), UntrainedId("43", "unknown")])
        ('2 ids left out: unknown',)
    """
    counts = Counter(each.reason for each in untrained)
    return tuple(
        f"{count} {'id' if count == 1 else 'ids'} left out: {_WORDS[reason]}"
        for reason, count in counts.items()
    )


def _with_near(untrained: list[UntrainedId], known: list[str]) -> tuple[UntrainedId, ...]:
    """Add to each unknown id the known one that differs in zeros in front, case or spaces alone."""
    if not any(each.reason == "unknown" for each in untrained):
        return tuple(untrained)
    bare = {_bare(each): each for each in known}
    return tuple(
        each._replace(near=bare.get(_bare(each.id))) if each.reason == "unknown" else each
        for each in untrained
    )


def _bare(text: str) -> str:
    return text.strip().casefold().lstrip("0")


def ids_in_words(ids: Iterable[str]) -> str:
    """Return what follows a number of rows: their ids, or of many the SHA-256 of the sorted ids.

    Example:
        >>> from qiskit_qmu.data.ids import ids_in_words
        >>> ids_in_words(["b", "a"])
        ': a, b'
    """
    known = sorted(ids)
    if len(known) <= _FEW_IDS:
        return f": {', '.join(known)}"
    digest = hashlib.sha256("\n".join(known).encode()).hexdigest()
    return f", ids with SHA-256 {digest[:16]}"


_FEW_IDS = 8
