"""The columns of a table that a dataset was read from: what they hold, and where."""

from dataclasses import dataclass, field
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

ColumnKind = Literal["number", "boolean", "date", "category"]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
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
        >>> from qiskit_qmu.data.columns import Column
        >>> region = Column(
        ...     name="region", kind="category", features=(1, 3), categories=("EU", "US")
        ... )
        >>> region.feature_names
        ('region=EU', 'region=US')
        >>> region.of(np.array([[7.0, 0, 1], [8.0, 1, 0], [9.0, 0, 0]], dtype=np.float32))
        array(['US', 'EU', None], dtype=object)
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
        """Return what the training rows hold.

        Args:
            x: The training rows' features, shape (n, features).

        Returns:
            Shape (n,): numbers, as a view of x where it is a feature; dates as datetime64, to a few
            minutes where they have times; booleans; or texts. A missing number is NaN, a missing
            date NaT, a missing boolean or text None.
        """
        if self.features is None:
            assert self.values is not None
            return _typed(self.values, self.kind)
        first, end = self.features
        if self.kind != "category":
            return _typed(x[:, first], self.kind)
        hot = x[:, first:end]
        texts = np.array(self.categories)[hot.argmax(1)]
        known = hot.any(1)
        return texts if known.all() else _with_none(texts, known)


def _typed(values: NDArray[Any], kind: ColumnKind) -> NDArray[Any]:
    """Return days as dates, and 0 and 1 as booleans."""
    if kind not in ("date", "boolean"):
        return values
    missing = np.isnan(values)
    filled = np.where(missing, 0, values).astype(np.float64)
    if kind == "date":
        dates = np.round(filled * _SECONDS_OF_A_DAY).astype("datetime64[s]")
        dates[missing] = np.datetime64("NaT")
        return dates
    truths = filled != 0
    return _with_none(truths, ~missing) if missing.any() else truths


def _with_none(values: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[Any]:
    found = values.astype(object)
    found[~known] = None
    return found


_SECONDS_OF_A_DAY = 86_400
