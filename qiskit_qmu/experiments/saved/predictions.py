"""Predictions of rows, as tables and JSON values."""

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class _OfClasses(ABC):
    """Rows with a number for each class, the largest of which decides."""

    rows: tuple[str, ...]
    id_name: str
    classes: tuple[str, ...]

    @property
    @abstractmethod
    def _numbers(self) -> tuple[str, str, NDArray[np.float64]]:
        """What the numbers are called in a heading and in JSON, and the numbers (n, k)."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The class of each row with the largest number."""
        _, _, numbers = self._numbers
        return tuple(self.classes[place] for place in numbers.argmax(axis=1))

    def to_csv(self) -> str:
        """Return a table with a line for each row: its id, its class and the numbers of all."""
        what, _, numbers = self._numbers
        heading = [self.id_name, "label", *(f"{what}_{name}" for name in self.classes)]
        lines = zip(self.rows, self.labels, numbers, strict=True)
        return _csv(heading, ([row, label, *_short(own)] for row, label, own in lines))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return JSON values for each row."""
        _, what, numbers = self._numbers
        return [
            {self.id_name: row, "label": label, what: dict(zip(self.classes, own, strict=True))}
            for row, label, own in zip(self.rows, self.labels, numbers.tolist(), strict=True)
        ]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions(_OfClasses):
    """Predicted classes of rows.

    Attributes:
        rows: Ids of the rows (n,), or their numbers in the file, from 0.
        id_name: Heading of the ids; "row" for numbers.
        classes: Names of the classes (k,), or their numbers as text.
        probabilities: Their probabilities (n, k).

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.experiments import Predictions
        >>> predicted = Predictions(
        ...     rows=("C17",),
        ...     id_name="customer",
        ...     classes=("no", "yes"),
        ...     probabilities=np.array([[0.2, 0.8]]),
        ... )
        >>> predicted.labels
        ('yes',)
    """

    probabilities: NDArray[np.float64]

    @property
    def _numbers(self) -> tuple[str, str, NDArray[np.float64]]:
        return "probability", "probabilities", self.probabilities


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PredictedScores(_OfClasses):
    """Predicted classes of rows by a model that has outputs and no probabilities.

    Attributes:
        rows: Ids of the rows (n,), or their numbers in the file, from 0.
        id_name: Heading of the ids; "row" for numbers.
        classes: Names of the classes (k,), or their numbers as text.
        scores: Outputs of the classes (n, k); the largest one decides.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.experiments import PredictedScores
        >>> scores = np.array([[-0.5, 0.5]])
        >>> predicted = PredictedScores(
        ...     rows=("C17",), id_name="customer", classes=("no", "yes"), scores=scores
        ... )
        >>> print(predicted.to_csv())
        customer,label,score_no,score_yes
        C17,yes,-0.5,0.5
        <BLANKLINE>
    """

    scores: NDArray[np.float64]

    @property
    def _numbers(self) -> tuple[str, str, NDArray[np.float64]]:
        return "score", "scores", self.scores


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PredictedValues:
    """Predicted values of rows.

    Attributes:
        rows: Ids of the rows (n,), or their numbers in the file, from 0.
        id_name: Heading of the ids; "row" for numbers.
        values: The values (n, outputs).

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.experiments import PredictedValues
        >>> values = np.array([[151.5], [75.0]])
        >>> print(PredictedValues(rows=("C17", "C23"), id_name="customer", values=values).to_csv())
        customer,value
        C17,151.5
        C23,75
        <BLANKLINE>
    """

    rows: tuple[str, ...]
    id_name: str
    values: NDArray[np.float64]

    @property
    def names(self) -> tuple[str, ...]:
        """Headings of the values."""
        outputs = self.values.shape[1]
        return ("value",) if outputs == 1 else tuple(f"value_{i}" for i in range(outputs))

    def to_csv(self) -> str:
        """Return a table with a line for each row: its id and its values."""
        answers = zip(self.rows, self.values, strict=True)
        return _csv([self.id_name, *self.names], ([row, *_short(own)] for row, own in answers))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return JSON values for each row."""
        answers = zip(self.rows, self.values.tolist(), strict=True)
        return [
            {self.id_name: row, **dict(zip(self.names, own, strict=True))} for row, own in answers
        ]


def _short(values: NDArray[np.float64]) -> list[str]:
    return [f"{value:.6g}" for value in values]


def _csv(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([heading, *lines])
    return text.getvalue()
