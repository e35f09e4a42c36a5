"""Which rows of recorded outputs a model was trained on, as a split."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.auditing.arrays.reading import Recorded
from qiskit_qmu.data import ForgetSplit, Rows

PARTS = ("forget", "retain", "test", "test_forget", "test_retain")
"""What the part of a row may be; the last two are never-seen rows, as ``"test"`` is."""

Kind = Literal["class", "instances"]

Mask = NDArray[np.bool_]

_MEMBERSHIP = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def split_of(
    recorded: Recorded,
    labels: NDArray[np.int64] | None,
    num_classes: int | None,
    class_names: tuple[str, ...] | None,
    kind: Kind | None,
) -> ForgetSplit:
    """Return the rows by what is known of their membership; positions are those in the source.

    Raises:
        InputError: If membership is missing or one-sided, or an id occurs twice.
    """
    forget, retain, unseen = _membership(recorded)
    strata = np.zeros(len(forget), dtype=np.int64) if labels is None else labels
    if kind is None:
        kind = _kind(strata, forget, retain, unseen) if labels is not None else "instances"
    counterpart = unseen & np.isin(strata, strata[forget])
    if not counterpart.any():
        raise InputError(
            "never-seen rows must include some of the forgotten rows' classes, to compare them "
            "with; got none"
        )
    ids = recorded.arrays.get("ids")
    _check_ids(ids, forget | retain, unseen)
    y = np.zeros(len(forget)) if labels is None else labels
    rows = Rows(
        x=np.arange(len(forget), dtype=np.float32)[:, None],
        y=y,
        indices=np.arange(len(forget)),
        ids=None if ids is None else ids.astype(str),
    )
    found = np.unique(strata[forget])
    return ForgetSplit(
        kind=kind,
        label=int(found[0]) if kind == "class" and len(found) == 1 else None,
        num_classes=num_classes,
        forget=_taken(rows, forget),
        retain=_taken(rows, retain),
        validation=rows.take(np.arange(0)),
        test_forget=_taken(rows, counterpart),
        test_retain=_taken(rows, unseen & ~counterpart if kind == "class" else unseen),
        class_names=class_names,
    )


def _membership(recorded: Recorded) -> tuple[Mask, Mask, Mask]:
    """Return which rows are forgotten or under test, which retained, and which never seen."""
    member, part = recorded.arrays.get("member"), recorded.arrays.get("part")
    if (member is None) == (part is None):
        raise InputError(
            "membership must be given by member (1 for rows that were trained on, 0 for others) or "
            f"by part ({', '.join(PARTS)}), got {'neither' if part is None else 'both'}"
        )
    if member is not None:
        forget = _truths(member)
        retain, unseen = np.zeros(len(forget), dtype=np.bool_), ~forget
        rule = "member must be 1 for some rows and 0 for others"
    else:
        assert part is not None
        texts = part.astype(str)
        for text in np.unique(texts):
            _check.one_of(PARTS, part=str(text))
        forget, retain = texts == "forget", texts == "retain"
        unseen = ~(forget | retain)
        rule = "part must be 'forget' for some rows and 'test' for others"
    for mask, what in ((forget, "trained on"), (unseen, "never seen")):
        if not mask.any():
            raise InputError(f"{rule}; got no row that was {what}")
    return forget, retain, unseen


def _truths(member: NDArray[Any]) -> Mask:
    if member.dtype.kind in "iuf":
        _check.finite(member=member)
        texts = [f"{value:g}" for value in member.astype(np.float64)]
    else:
        texts = [str(value).strip().lower() for value in member]
    odd = [text for text in texts if text not in _MEMBERSHIP]
    if odd:
        raise InputError(f"member must be 1 or 0, or true or false, got {odd[0]!r}")
    return np.array([_MEMBERSHIP[text] for text in texts], dtype=np.bool_)


def _kind(strata: NDArray[np.int64], forget: Mask, retain: Mask, unseen: Mask) -> Kind:
    """Return "class" where retained rows have none of the forgotten rows' one class."""
    classes = np.unique(strata[forget])
    alone = len(classes) == 1 and retain.any() and not (strata[retain] == classes[0]).any()
    return "class" if alone and (strata[unseen] != classes[0]).any() else "instances"


def _check_ids(ids: NDArray[Any] | None, members: Mask, unseen: Mask) -> None:
    if ids is None:
        return
    texts = ids.astype(str)
    both = np.intersect1d(texts[members], texts[unseen])
    if len(both):
        raise InputError(
            f"a row is either a member or never seen, got {len(both)} ids that are both, such as "
            f"{both[0]}"
        )
    found, counts = np.unique(texts, return_counts=True)
    if counts.max() > 1:
        raise InputError(f"ids must not repeat, got {found[counts > 1][0]} more than once")


def _taken(rows: Rows, mask: Mask) -> Rows:
    return rows.take(np.flatnonzero(mask))
