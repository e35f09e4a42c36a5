"""ForgetRequest: which training rows are to be forgotten, as one value that a file can hold."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data.rows import as_integers
from qiskit_qmu.data.sampling import check_share


@final
@dataclass(frozen=True, kw_only=True)
class ForgetRequest:
    """Which training rows to forget; exactly one of the three is given.

    Args:
        label: All rows of this class.
        fraction: A share of the rows, between 0 and 1, both excluded, drawn uniformly at random.
        indices: Positions of training rows, each once, in any order.

    Raises:
        InputError: If not exactly one is given, the fraction is out of range, or the indices are
            missing, repeated or not integers.

    Example:
        >>> from qiskit_qmu.data import ForgetRequest
        >>> ForgetRequest(label=4).to_dict()
        {'label': 4}
        >>> ForgetRequest.from_dict({"indices": [159, 3]}).indices
        (159, 3)
    """

    label: int | None = None
    fraction: float | None = None
    indices: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        given = [v for v in (self.label, self.fraction, self.indices) if v is not None]
        if len(given) != 1:
            raise InputError(
                "exactly one of a class, a fraction and indices must be given to forget, "
                f"got {len(given)}"
            )
        if self.fraction is not None:
            check_share("fraction", self.fraction)
        if self.indices is not None:
            object.__setattr__(self, "indices", _each_once(self.indices))

    def to_dict(self) -> dict[str, Any]:
        """Return the field that is given, as a JSON value."""
        if self.indices is not None:
            return {"indices": list(self.indices)}
        return {"label": self.label} if self.label is not None else {"fraction": self.fraction}

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
                f"a request to forget must hold a label, a fraction or indices, got {values!r}"
            ) from error


def _each_once(indices: Any) -> tuple[int, ...]:
    positions = as_integers("indices", indices)
    _check.not_empty(indices=positions)
    values, counts = np.unique(positions, return_counts=True)
    if counts.max() > 1:
        raise InputError(f"indices must not repeat, got {values[counts > 1][0]} more than once")
    return tuple(positions.tolist())
