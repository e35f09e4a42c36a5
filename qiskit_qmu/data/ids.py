"""Looks ids up, and says of each id that cannot be forgotten why not."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from qiskit_qmu._check import InputError
from qiskit_qmu.data.row_record import listed

Reason = Literal["test", "validation", "forgotten", "unknown", "repeated"]
"""Why an id is not looked up: it is that of a row that no model is trained on, of one held out for
validation, of one forgotten before, of no row; or it is given more than once."""

_WORDS: dict[Reason, str] = {
    "test": "in the test rows, which no model is trained on",
    "validation": "held out for validation, not trained on",
    "forgotten": "already forgotten",
    "unknown": "unknown",
    "repeated": "given more than once",
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


class KnownIds(NamedTuple):
    """Ids of the rows of a dataset, as a model knows them.

    Attributes:
        trained: Of the rows that it trains on, or still knows.
        validation: Of rows held out.
        forgotten: Of rows that it has forgotten, still in the data or not; those of other training
            rows may be among them.
        test: Of test rows.
    """

    trained: Sequence[str]
    validation: Sequence[str]
    forgotten: Sequence[str]
    test: Sequence[str]


def sort_ids(ids: Sequence[str], known: KnownIds) -> tuple[frozenset[str], tuple[UntrainedId, ...]]:
    """Divide ids into those that can be forgotten and others, with the reason.

    Args:
        ids: Ids, in any order.
        known: Where to look.

    Returns:
        An id that can be forgotten and is given twice is in both results.

    Example:
        >>> from qiskit_qmu.data.ids import KnownIds, sort_ids
        >>> found, others = sort_ids(["C1", "c2"], KnownIds(["C1", "C2"], [], [], []))
        >>> sorted(found), others
        (['C1'], (UntrainedId(id='c2', reason='unknown', near='C2'),))
    """
    reasons: dict[str, Reason] = {
        **dict.fromkeys(known.test, "test"),
        **dict.fromkeys(known.forgotten, "forgotten"),
        **dict.fromkeys(known.validation, "validation"),
        **dict.fromkeys(known.trained, "repeated"),
    }
    trained = frozenset(known.trained)
    untrained = tuple(
        UntrainedId(each, reasons.get(each, "unknown"))
        for each, times in Counter(ids).items()
        if times > 1 or each not in trained
    )
    return trained.intersection(ids), _with_near(untrained, reasons)


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


def _with_near(untrained: tuple[UntrainedId, ...], known: Iterable[str]) -> tuple[UntrainedId, ...]:
    """Add to each unknown id the known one that differs in zeros in front, case or spaces alone."""
    if not any(each.reason == "unknown" for each in untrained):
        return untrained
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
