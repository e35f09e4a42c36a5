"""QuantumClassifier: base class of all classifiers of this package."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu.backends import Backend
from qiskit_qmu.models.labels import Label, numbers_of
from qiskit_qmu.models.observing import predicted_logits
from qiskit_qmu.models.quantum_model import QuantumModel
from qiskit_qmu.models.tensors import class_numbers
from qiskit_qmu.objectives import Predicts


class QuantumClassifier(QuantumModel, ABC):
    """A torch module that returns logits, with the methods of scikit-learn's classifiers.

    Args:
        labels: Labels in the order of the logits; numbers if None.
        backend: Backend of its circuits; None to keep the networks' own.
        preprocess: Whether rows are imputed and standardised; see `Preprocessing`.

    Attributes:
        labels: Labels in the order of the logits; None if they are numbers.
        backend: Backend of its circuits; None if it keeps the networks' own.
        preprocessing: Imputation and standardisation of rows; None for none.
        predicts: "classes", whatever the type of the labels.

    Example:
        >>> import qiskit_qmu as qmu
        >>> iris = qmu.load_dataset("iris")
        >>> model = qmu.HybridQNN((4,), 3, num_qubits=2, num_layers=1, labels=("se", "ve", "vi"))
        >>> trainer = qmu.Trainer(epochs=5, learning_rate=0.05)
        >>> history = trainer.fit(model, iris.x_train, iris.y_train, generator=0)
        >>> model.predict_proba(iris.x_test).shape
        (45, 3)
        >>> sorted(set(model.predict(iris.x_train).tolist()) - {"se", "ve", "vi"})
        []
    """

    predicts: ClassVar[Predicts] = "classes"
    score_name: ClassVar[str] = "accuracy"

    labels: tuple[Label, ...] | None

    def __init__(
        self, labels: Sequence[Label] | None, backend: Backend | None, *, preprocess: bool
    ) -> None:
        super().__init__(backend, preprocess=preprocess)
        self.labels = None if labels is None else tuple(labels)

    @property
    @abstractmethod
    def num_classes(self) -> int:
        """Number of classes."""

    @abstractmethod
    def check_labels(self, labels: NDArray[np.int64]) -> None:
        """Check training labels against the number of classes, if known.

        Raises:
            InputError: If classes are missing.
        """

    def class_numbers(self, y: ArrayLike) -> ArrayLike:
        """Return the indices of the logits of labels (n,).

        Indices are returned unchanged.

        Raises:
            InputError: If a label is unknown to the model.
        """
        return numbers_of(self.labels, y)

    def predict(self, x: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row.

        Args:
            x: Rows (n, …); NaN for missing values if the model has preprocessing.

        Returns:
            Labels (n,), or class numbers if the model has no labels.

        Raises:
            InputError: If there are no rows, or a value is infinite or missing.
        """
        numbers = predicted_logits(self, x).argmax(axis=1)
        return np.asarray(numbers if self.labels is None else np.asarray(self.labels)[numbers])

    def predict_proba(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities (n, classes) of the classes, in the order of ``labels``.

        Args:
            x: Rows (n, …), as for ``predict``.

        Raises:
            InputError: If there are no rows, or a value is infinite or missing.
        """
        logits = predicted_logits(self, x)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def score(self, x: ArrayLike, y: ArrayLike) -> float:
        """Return the accuracy on rows.

        Args:
            x: Rows (n, …), as for ``predict``.
            y: Labels (n,) of the model, or class numbers.

        Raises:
            InputError: If there are no rows, lengths differ, or a label is unknown.
        """
        numbers, logits = class_numbers(self, y), predicted_logits(self, x)
        _check.same_length(x=logits, y=numbers)
        return float((logits.argmax(axis=1) == numbers).mean())
