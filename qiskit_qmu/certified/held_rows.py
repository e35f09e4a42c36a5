"""HeldRows: the rows that a classifier holds to remove them again."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class HeldRows:
    """Base class of a classifier that holds its rows.

    Attributes:
        classes_: Labels, in order.
    """

    classes_: NDArray[Any]
    _rows: NDArray[np.float64]
    _numbers: NDArray[np.int64]

    @property
    def num_rows(self) -> int:
        """Rows that are left."""
        return len(self._rows)

    def fitted_rows(self, rows: ArrayLike) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Return rows (m, features) as they were fitted, and their labels.

        Args:
            rows: Positions (m,) among the rows that are left, in the order of ``fit``.
        """
        places = np.asarray(rows)
        return self._rows[places], self.classes_[self._numbers[places]]
