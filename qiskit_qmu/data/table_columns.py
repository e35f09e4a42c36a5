"""The columns of a table that a dataset was read from: what they hold, and where."""

from dataclasses import dataclass, field
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

ColumnKind = Literal["number", "boolean", "date", "category"]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TableColumn:
    """One column of a table, other than those of the ids and the labels.

    Args:
        name: Its heading.
        kind: What it holds: a "date" as days since 1970-01-01, a "boolean" as 0 or 1.
        features: First and last plus one of the features that stand for it; None where it is no
            feature.
        categories: The texts that training rows hold, in sorted order; empty unless it is a
            category.
        values: What the training rows hold where it is no feature, shape (n,): float64, or texts.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.data.table_columns import TableColumn
        >>> region = TableColumn(
        ...     name="region", kind="category", features=(1, 3), categories=("EU", "US")
        ... )
        >>> region.feature_names
        ('region=EU', 'region=US')
        >>> region.of(np.array([[7.0, 0, 1], [8.0, 1, 0], [9.0, 0, 0]], dtype=np.float32))
        array(['US', 'EU', ''], dtype='<U2')
    """

    name: str
    kind: ColumnKind
    features: tuple[int, int] | None = None
    categories: tuple[str, ...] = ()
    values: NDArray[Any] | None = field(default=None, repr=False)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of its features: its own, or one for each category; empty if it is none."""
        if self.features is None:
            return ()
        if self.kind == "category":
            return tuple(f"{self.name}={category}" for category in self.categories)
        return (self.name,)

    def of(self, x: NDArray[np.float32]) -> NDArray[Any]:
        """Return what the training rows hold: numbers as a view of x, categories as texts.

        Args:
            x: The training rows' features, shape (n, features).

        Returns:
            Shape (n,): dates as days, booleans as 0 and 1. A missing number is NaN, a missing
            category an empty text, or None where it is no feature.
        """
        if self.features is None:
            assert self.values is not None
            return self.values
        first, end = self.features
        if self.kind != "category":
            return x[:, first]
        names = np.array((*self.categories, ""))
        hot = x[:, first:end]
        texts: NDArray[Any] = names[np.where(hot.any(1), hot.argmax(1), len(self.categories))]
        return texts
