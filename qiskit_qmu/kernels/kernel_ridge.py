"""Kernel ridge regression and classification, with exact deletion of rows."""

from typing import final

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from qiskit_qmu.kernels.kernel_classifier import KernelClassifier
from qiskit_qmu.kernels.kernel_model import KernelModel, Matrix


@final
class KernelRidgeRegressor(RegressorMixin, KernelModel):
    """f(z) = k_z·(K + αI)⁻¹·Y, as scikit-learn's `KernelRidge`; see `KernelModel` for arguments.

    Attributes:
        dual_coef_: (K + αI)⁻¹·Y, shape (n, outputs).

    Example:
        >>> from qiskit.circuit.library import z_feature_map
        >>> from qiskit_machine_learning.kernels import FidelityQuantumKernel
        >>> from qiskit_qmu.kernels import KernelRidgeRegressor
        >>> kernel = FidelityQuantumKernel(feature_map=z_feature_map(1, reps=1))
        >>> x, y = [[0.0], [0.4], [0.8]], [0.0, 1.0, 0.0]
        >>> model = KernelRidgeRegressor(kernel, alpha=0.1).fit(x, y)
        >>> model.unfit([[0.4]], [1.0]).predict(x)  # as if it had been fitted to the zeros
        array([0., 0., 0.])
    """

    def predict(self, X: ArrayLike) -> Matrix:  # noqa: N803
        """Return values (m,) or (m, outputs).

        Args:
            X: Rows (m, features), or kernel entries (m, remaining rows).
        """
        outputs = self._outputs(X)
        return outputs[:, 0] if self._answers.ndim == 1 else outputs

    def _targets(self) -> Matrix:
        return self._answers.reshape(len(self._answers), -1)


@final
class KernelRidgeClassifier(KernelClassifier):
    """Kernel ridge regression on one-hot labels; see `KernelModel` for arguments.

    Attributes:
        dual_coef_: (K + αI)⁻¹·Y for one-hot rows Y, shape (n, classes).

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.kernels import KernelRidgeClassifier
        >>> iris = qmu.load_dataset("iris")
        >>> model = KernelRidgeClassifier(alpha=0.01).fit(iris.x_train, iris.y_train)
        >>> record = model.delete([0, 1, 2])
        >>> model.score(iris.x_test, iris.y_test) > 0.5, record.usage.circuits
        (True, 0)
    """

    def predict_proba(self, X: ArrayLike) -> Matrix:  # noqa: N803
        """Return class probabilities (m, classes): outputs without their negative part, normalised.

        This is the least-squares probabilistic classifier of Sugiyama, Superfast-Trainable
        Multi-Class Probabilistic Classifier by Least-Squares Posterior Fitting, 2010,
        https://doi.org/10.1587/transinf.E93.D.2690. A row with no positive output has uniform ones.

        Args:
            X: Rows (m, features), or kernel entries (m, remaining rows).
        """
        positive = np.maximum(self._outputs(X), 0.0)
        positive[positive.sum(axis=1) == 0] = 1.0
        return np.asarray(positive / positive.sum(axis=1, keepdims=True))

    def _targets(self) -> Matrix:
        return self._one_hot()
