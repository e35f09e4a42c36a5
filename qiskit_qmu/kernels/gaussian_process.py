"""Gaussian process regression, with exact deletion of rows."""

import math
from typing import final

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from qiskit_qmu.kernels.kernel_matrices import Kernel
from qiskit_qmu.kernels.kernel_model import KernelModel, Matrix
from qiskit_qmu.kernels.regularized_system import Indefinite


@final
class KernelGaussianProcess(RegressorMixin, KernelModel):
    """The posterior of a Gaussian process with mean zero, covariance k and noise of variance α.

    Mean k_z·(K + αI)⁻¹·Y, variance k(z, z) − k_z·(K + αI)⁻¹·k_zᵀ. Rasmussen and Williams, Gaussian
    Processes for Machine Learning, 2006, Algorithm 2.1, https://gaussianprocess.org/gpml/. See
    `KernelModel` for arguments.

    Args:
        kernel: The kernel.
        alpha: Variance of the noise, above zero.
        indefinite: What to do where a measured matrix is not positive definite.
        prior_variance: k(z, z) of every row: 1 for a fidelity kernel.

    Attributes:
        dual_coef_: (K + αI)⁻¹·Y, shape (n, outputs).

    Example:
        >>> from qiskit_qmu.kernels import KernelGaussianProcess
        >>> model = KernelGaussianProcess(alpha=0.01).fit([[0.1], [0.9]], [1.0, 2.0])
        >>> mean, deviation = model.predict([[0.9]], return_std=True)
        >>> record = model.delete([1])
        >>> bool(model.predict([[0.9]], return_std=True)[1] > deviation)  # it knows less
        True
    """

    def __init__(
        self,
        kernel: Kernel = None,
        *,
        alpha: float = 1.0,
        indefinite: Indefinite = "refuse",
        prior_variance: float = 1.0,
    ) -> None:
        super().__init__(kernel, alpha=alpha, indefinite=indefinite)
        self.prior_variance = prior_variance

    def predict(
        self,
        X: ArrayLike,  # noqa: N803
        *,
        return_std: bool = False,
    ) -> Matrix | tuple[Matrix, Matrix]:
        """Return means (m,) or (m, outputs), and on request standard deviations (m,).

        Args:
            X: Rows (m, features), or kernel entries (m, remaining rows).
            return_std: Whether deviations are returned, of the function without its noise.
        """
        entries = self._entries(X)
        means = entries @ self.dual_coef_
        if self._answers.ndim == 1:
            means = means[:, 0]
        if not return_std:
            return np.asarray(means)
        explained = (self._system.whitened(entries.T) ** 2).sum(axis=0)
        return means, np.sqrt(np.maximum(self.prior_variance - explained, 0.0))

    def log_marginal_likelihood(self) -> float:
        """Return ln p(Y) of the remaining rows: −½ yᵀ(K + αI)⁻¹y − Σ ln L_ii − n/2 ln 2π.

        Of several outputs, the sum.
        """
        targets = self._targets()
        fit = float((targets * self.dual_coef_).sum())
        scale = float(np.log(np.diag(self._system.factor)).sum())
        each = scale + len(targets) / 2 * math.log(2 * math.pi)
        return -fit / 2 - targets.shape[1] * each

    def _targets(self) -> Matrix:
        return self._answers.reshape(len(self._answers), -1)
