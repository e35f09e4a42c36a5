"""KernelClassifier: what kernel models of classes share."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin

from qiskit_qmu._check import InputError
from qiskit_qmu.data.validated_classes import validated_classes
from qiskit_qmu.kernels.kernel_model import KernelModel
from qiskit_qmu.kernels.regularized_system import Matrix
from qiskit_qmu.observation import Observations


class KernelClassifier(ClassifierMixin, KernelModel):
    """Base class of kernel models with one output per class, or one for two classes.

    Attributes:
        classes_: The labels of ``fit``, in order. A label all of whose rows are deleted stays
            among them.
    """

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Return the class (m,) with the largest output.

        Args:
            X: Rows (m, features), or kernel entries (m, remaining rows).
        """
        numbers = self.class_outputs(X).argmax(axis=1)
        return np.asarray(self.classes_[numbers])

    def class_outputs(self, X: ArrayLike) -> Matrix:  # noqa: N803
        """Return one output (m, classes) per class.

        Args:
            X: Rows (m, features), or kernel entries (m, remaining rows).
        """
        return self._outputs(X)

    def observe(self, X: ArrayLike, y: ArrayLike) -> Observations:  # noqa: N803
        """Return the outputs of all classes, as logits, with labels, for attacks and audits.

        Args:
            X: Rows (m, features), or kernel entries (m, remaining rows).
            y: Their labels, of ``classes_``.
        """
        return Observations(logits=self.class_outputs(X), labels=self._encoded(y))

    def fitted_rows(self, rows: ArrayLike) -> tuple[Matrix, NDArray[Any]]:
        """Return rows (m, features) that the model holds, as they were fitted, and their labels.

        Args:
            rows: Positions (m,) in the rows of ``fit``, of rows that are left.

        Raises:
            InputError: If the kernel is precomputed, so that the model has no rows.
        """
        if self._fitted_x is None:
            raise InputError("a model of a precomputed kernel has no rows")
        places = np.searchsorted(self.rows_, rows)
        return self._fitted_x[places], self.classes_[self._answers[places]]

    def _validated(self, x: Any, y: Any) -> tuple[Matrix, NDArray[Any]]:
        rows, self.classes_, numbers = validated_classes(self, x, y, np.float64)
        return rows, numbers

    def _encoded(self, y: ArrayLike) -> NDArray[Any]:
        labels = np.asarray(y)
        known = np.isin(labels, self.classes_)
        if not known.all():
            raise InputError(f"label {labels[~known][0]} is none of the fitted classes")
        return np.searchsorted(self.classes_, labels)

    def _one_hot(self) -> Matrix:
        """Return a column (n, classes) of ones and zeros for each class."""
        return np.asarray(self._answers[:, None] == np.arange(len(self.classes_)), dtype=np.float64)
