"""Least-squares support vector classification, with exact deletion of rows."""

from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from qiskit_qmu.kernels.kernel_classifier import KernelClassifier
from qiskit_qmu.kernels.regularized_system import Matrix


@final
class LeastSquaresSVC(KernelClassifier):
    """Support vector machine with squared errors, which is one linear system.

    For labels y of ±1 it solves K·a + αa + b = y and Σa = 0, with α = 1/γ, and answers
    f(z) = k_z·a + b. With A = (K + αI)⁻¹, b = 1ᵀAy / 1ᵀA1 and a = A(y − b). Of more than two
    classes each is told from all others. See `KernelModel` for arguments. Suykens and Vandewalle,
    Least Squares Support Vector Machine Classifiers, 1999,
    https://doi.org/10.1023/A:1018628609742.

    Attributes:
        dual_coef_: The coefficients a, shape (n, 1) or (n, classes).
        intercept_: The constants b, shape (1,) or (classes,).

    Example:
        >>> from qiskit_qmu.kernels import LeastSquaresSVC
        >>> x, y = [[0.0], [0.2], [0.7], [0.9]], ["left", "left", "right", "right"]
        >>> model = LeastSquaresSVC(alpha=0.1).fit(x, y)
        >>> model.unfit([[0.2]], ["left"]).predict([[0.1], [0.8]])
        array(['left', 'right'], dtype='<U5')
    """

    def decision_function(self, X: ArrayLike) -> Matrix:  # noqa: N803
        """Return the outputs: (m, classes), or (m,) of two classes, positive for the second.

        Args:
            X: Rows (m, features), or kernel entries (m, remaining rows).
        """
        outputs = self._outputs(X)
        return outputs if outputs.shape[1] > 1 else outputs[:, 0]

    def class_outputs(self, X: ArrayLike) -> Matrix:  # noqa: N803
        """Return one output (m, classes) per class; of two classes f and -f.

        Args:
            X: Rows (m, features), or kernel entries (m, remaining rows).
        """
        outputs = self._outputs(X)
        return outputs if outputs.shape[1] > 1 else np.hstack([-outputs, outputs])

    def _targets(self) -> Matrix:
        signs = 2 * self._one_hot() - 1
        return signs if len(self.classes_) > 2 else signs[:, 1:]

    def _solve(self) -> None:
        targets = self._targets()
        ones, free = self._system.solve(np.ones(len(targets))), self._system.solve(targets)
        self.intercept_ = np.asarray(free.sum(axis=0) / ones.sum())
        self.dual_coef_ = free - np.outer(ones, self.intercept_)

    def _residual(self) -> float:
        right = self._targets() - self.intercept_
        sums = float(np.abs(self.dual_coef_.sum(axis=0)).max())
        return max(sums, self._system.residual(self.dual_coef_, right))

    def _outputs(self, x: Any) -> Matrix:
        return np.asarray(super()._outputs(x) + self.intercept_)
