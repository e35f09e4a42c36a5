"""ForgetRequest: which training rows are to be forgotten, as one value that a file can hold."""

import numbers
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.data.rows import as_integers
from qiskit_qmu.data.sampling import check_share


@final
@dataclass(frozen=True, kw_only=True)
class ForgetRequest:
    """Which training rows to forget; exactly one of the first seven is given.

    Args:
        label: All rows of this class: its name, the label that the caller's own rows give it, or
            its number.
        fraction: A share of the rows, between 0 and 1, both excluded, drawn uniformly at random.
        indices: Positions of training rows, each once, in any order.
        ids: Identifiers of rows, as texts; whole numbers are taken as the text that they print.
            That each is the identifier of a training row, and is given once, is checked where rows
            are looked up.
        mask: One boolean for each training row, True for a row to forget; at least one is True.
        where: A condition on columns such as ``"region == 'EU' and age >= 40"``.
        owner: All rows of one of several data owners: a column and its value, as a pair or as text
            such as "hospital=St. Mary".
        duplicates: Also forget the other training rows with the same features as one of the rows.
        skip_untrained_ids: Go on without the ids of rows that no model is trained on, which are
            refused otherwise; the split says which these are and why.

    Raises:
        InputError: If not exactly one is given, the fraction is out of range, indices are missing,
            repeated or not integers, ids or mask are empty or of another type, or an option does
            not go with what is given.

    Example:
        >>> from qiskit_qmu.data import ForgetRequest
        >>> ForgetRequest(label=4).to_dict()
        {'label': 4}
        >>> ForgetRequest.from_dict({"indices": [159, 3]}).indices
        (159, 3)
        >>> ForgetRequest(mask=[True, False, True]).to_dict()
        {'mask': '101'}
    """

    label: int | str | None = None
    fraction: float | None = None
    indices: tuple[int, ...] | None = None
    ids: tuple[str, ...] | None = None
    mask: tuple[bool, ...] | None = None
    where: str | None = None
    owner: tuple[str, str] | None = None
    duplicates: bool = False
    skip_untrained_ids: bool = False

    def __post_init__(self) -> None:
        given = [name for name in WAYS if getattr(self, name) is not None]
        if len(given) != 1:
            raise InputError(
                "exactly one of a class, a fraction, indices, ids, a mask, a condition and an "
                f"owner must be given to forget, got {' and '.join(given) or 'none'}"
            )
        checked = _CHECKED[given[0]](getattr(self, given[0]))
        object.__setattr__(self, given[0], checked)
        self._check_options()

    def _check_options(self) -> None:
        for name in ("duplicates", "skip_untrained_ids"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name} must be true or false, got {getattr(self, name)!r}")
        if self.duplicates and self.label is not None:
            raise InputError(
                "duplicates of a class's rows have labels of other classes, which are retained; "
                "leave duplicates out, or name the rows by ids, indices or a condition"
            )
        if self.skip_untrained_ids and self.ids is None:
            raise InputError("skip_untrained_ids applies to ids, and none are given")

    @property
    def way(self) -> str:
        """Which of the first seven fields is given."""
        return next(name for name in WAYS if getattr(self, name) is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are given, as JSON values; a mask as a text of 0 and 1."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        content = {k: v for k, v in values.items() if v is not None and v is not False}
        if self.mask is not None:
            content["mask"] = "".join("01"[chosen] for chosen in self.mask)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in content.items()}

    @staticmethod
    def from_dict(values: Any) -> "ForgetRequest":
        """Return the request that `to_dict` wrote.

        Raises:
            InputError: If it is no such table, or the request is not possible.
        """
        try:
            return ForgetRequest(**values)
        except TypeError as error:
            raise InputError(
                "a request to forget must hold a label, a fraction, indices, ids, a mask, a "
                f"condition or an owner, got {values!r}"
            ) from error


def _label(label: Any) -> int | str:
    if isinstance(label, str):
        return label
    if isinstance(label, bool | np.bool_) or not isinstance(label, numbers.Integral):
        raise InputTypeError(f"label must be the name or number of a class, got {label!r}")
    return int(label)


def _share(fraction: Any) -> float:
    check_share("fraction", fraction)
    return float(fraction)


def _each_once(indices: Any) -> tuple[int, ...]:
    positions = as_integers("indices", indices)
    _check.not_empty(indices=positions)
    values, counts = np.unique(positions, return_counts=True)
    if counts.max() > 1:
        raise InputError(f"indices must not repeat, got {values[counts > 1][0]} more than once")
    return tuple(positions.tolist())


def _texts(ids: Any) -> tuple[str, ...]:
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise InputTypeError(f"ids must be a list of texts, got {ids!r}")
    texts = tuple(_text(each) for each in ids)
    _check.not_empty(ids=texts)
    return texts


def _text(value: Any) -> str:
    # A number with decimals may have been a text such as 0042.0 once, and no longer say which.
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)
    if not whole and not isinstance(value, str):
        raise InputTypeError(f"ids must be texts or whole numbers, got {value!r}")
    return str(value)


def _booleans(mask: Any) -> tuple[bool, ...]:
    if isinstance(mask, str):
        if set(mask) - {"0", "1"}:
            raise InputError("mask must be a list of true and false, or a text of 0 and 1")
        mask = [letter == "1" for letter in mask]
    array = np.asarray(mask)
    if array.ndim != 1 or array.dtype != bool:
        raise InputError(
            f"mask must be a one-dimensional array of booleans, got shape {array.shape} and dtype "
            f"{array.dtype}"
        )
    if not array.any():
        raise InputError("mask selects no row")
    return tuple(array.tolist())


def _condition(where: Any) -> str:
    if not isinstance(where, str):
        raise InputTypeError(f"where must be a condition as text, got {where!r}")
    return where


def _owner(owner: Any) -> tuple[str, str]:
    pair = owner.partition("=")[::2] if isinstance(owner, str) else owner
    texts = isinstance(pair, tuple | list) and [str(each).strip() for each in pair]
    if not texts or len(texts) != 2 or not all(texts):
        raise InputError(f"owner must be COLUMN=VALUE, such as hospital=St. Mary, got {owner!r}")
    return texts[0], texts[1]


_CHECKED: dict[str, Callable[[Any], Any]] = {
    "label": _label,
    "fraction": _share,
    "indices": _each_once,
    "ids": _texts,
    "mask": _booleans,
    "where": _condition,
    "owner": _owner,
}
"""What checks and converts each field of which exactly one is given."""

WAYS = tuple(_CHECKED)
"""The fields of a request of which exactly one is given."""
