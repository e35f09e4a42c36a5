"""ForgetRequest: which training rows are to be forgotten, as one value that a file can hold."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data.rows import as_integers
from qiskit_qmu.data.sampling import check_share, rows_of_share

if TYPE_CHECKING:
    from qiskit_qmu.data.datasets import Dataset


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

    def positions(
        self, dataset: "Dataset", trained: NDArray[np.int64], seed: int
    ) -> NDArray[np.int64]:
        """Return the positions of the rows to forget, in ascending order.

        Args:
            dataset: The dataset.
            trained: Positions (n,) of the rows that a model trains on, in ascending order; only
                these can be forgotten.
            seed: Seed of the draw of a fraction.

        Raises:
            InputError: If a row was not trained on, the class does not occur, or the fraction
                rounds to no row.
        """
        if self.label is not None:
            labels = dataset.y_train[trained]
            _check.one_of(np.unique(labels).tolist(), label=self.label)
            return np.asarray(trained[labels == self.label])
        if self.fraction is not None:
            size = rows_of_share("fraction", self.fraction, len(trained))
            return np.sort(stream(seed, "forget").choice(trained, size=size, replace=False))
        indices = np.sort(np.asarray(self.indices, dtype=np.int64))
        unknown = np.setdiff1d(indices, trained)
        if unknown.size:
            raise InputError(
                "indices must be positions of rows that the model is trained on, from 0 to "
                f"{len(dataset.y_train) - 1}; got {unknown[0]}"
            )
        return indices

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
