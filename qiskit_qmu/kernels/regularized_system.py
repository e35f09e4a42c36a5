"""The linear system of a kernel model, from which rows are deleted exactly."""

from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Matrix = NDArray[np.float64]

Indefinite = Literal["refuse", "clip"]
"""What is done with a kernel matrix whose eigenvalues the ridge does not make positive."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class RegularizedSystem:
    """K + αI with its Cholesky factor; rows can be deleted without any new kernel entry.

    Attributes:
        kernel: The symmetric kernel matrix K (n, n), as it was measured.
        ridge: α, above zero.
        indefinite: "refuse" requires K + αI to be positive definite; "clip" sets the negative
            eigenvalues of K to zero, again after each deletion.
        factor: Lower triangular L (n, n) with L·Lᵀ = K + αI.

    Example:
        >>> from qiskit_qmu.kernels import RegularizedSystem
        >>> system = RegularizedSystem.of([[1.0, 0.5], [0.5, 1.0]], ridge=1.0)
        >>> system.without([0]).solve([3.0])
        array([1.5])
    """

    kernel: Matrix
    ridge: float
    indefinite: Indefinite
    factor: Matrix

    @classmethod
    def of(
        cls, kernel: ArrayLike, *, ridge: float, indefinite: Indefinite = "refuse"
    ) -> "RegularizedSystem":
        """Factorise a kernel matrix.

        Args:
            kernel: K (n, n), finite. The mean of K and Kᵀ is used: of two measured entries (i, j)
                and (j, i), the average.
            ridge: α, above zero.
            indefinite: What is done if K + αI is not positive definite.

        Raises:
            InputError: If K is not square or not finite, α is not positive, or K + αI is not
                positive definite and ``indefinite`` is "refuse".
        """
        _check.positive(alpha=ridge)
        _check.one_of(get_args(Indefinite), indefinite=indefinite)
        matrix = np.asarray(kernel, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
            raise InputError(f"the kernel matrix must have shape (n, n), got {matrix.shape}")
        _check.finite(kernel=matrix)
        matrix = (matrix + matrix.T) / 2
        factor = _factor(_made_definite(matrix, indefinite), ridge)
        return cls(kernel=matrix, ridge=float(ridge), indefinite=indefinite, factor=factor)

    def __len__(self) -> int:
        return len(self.kernel)

    def solve(self, right: ArrayLike) -> Matrix:
        """Return (K + αI)⁻¹ applied to (n,) or (n, columns)."""
        return np.asarray(cho_solve((self.factor, True), np.asarray(right, dtype=np.float64)))

    def whitened(self, right: Matrix) -> Matrix:
        """Return L⁻¹ applied to (n, columns)."""
        from scipy.linalg import solve_triangular

        return np.asarray(solve_triangular(self.factor, right, lower=True))

    def residual(self, solution: Matrix, right: Matrix) -> float:
        """Return the largest entry of ``|(K + αI)·solution − right|``."""
        matrix = _made_definite(self.kernel, self.indefinite)
        return float(np.abs(matrix @ solution + self.ridge * solution - right).max())

    def without(self, positions: ArrayLike) -> "RegularizedSystem":
        """Return the system of the other rows, as if the deleted ones had never been there.

        The factor's rows before the first deleted one stay valid. The rest is factorised anew from
        K, by the same steps as a factorisation from scratch, so that rounding errors do not add up
        over deletions; an inverse that is updated in place would collect them. K + αI stays
        positive definite, since the eigenvalues of a principal submatrix lie between those of the
        whole (Cauchy's interlacing theorem). A clipped matrix is clipped again: clipping mixes all
        rows, and what is left of a clipped matrix would depend on the deleted ones.

        Args:
            positions: Positions (m,) among the rows of this system, each once.
        """
        deleted = np.asarray(positions, dtype=np.int64)
        kept = np.setdiff1d(np.arange(len(self)), deleted)
        kernel = self.kernel[np.ix_(kept, kept)]
        if self.indefinite == "clip" or not len(deleted):
            return RegularizedSystem.of(kernel, ridge=self.ridge, indefinite=self.indefinite)
        first = int(deleted.min())
        factor = np.zeros_like(kernel)
        factor[:first, :first] = self.factor[:first, :first]
        side = self.factor[kept[first:], :first]
        factor[first:, :first] = side
        factor[first:, first:] = _factor(kernel[first:, first:] - side @ side.T, self.ridge)
        return RegularizedSystem(
            kernel=kernel, ridge=self.ridge, indefinite=self.indefinite, factor=factor
        )


def _made_definite(kernel: Matrix, indefinite: Indefinite) -> Matrix:
    """Return K, or K with its negative eigenvalues set to zero."""
    if indefinite == "refuse":
        return kernel
    values, vectors = np.linalg.eigh(kernel)
    if values[0] >= 0:
        return kernel
    return np.asarray((vectors * np.maximum(values, 0)) @ vectors.T)


def _factor(kernel: Matrix, ridge: float) -> Matrix:
    shifted = kernel + ridge * np.eye(len(kernel))
    if not len(kernel):
        return shifted
    try:
        return np.asarray(cholesky(shifted, lower=True, check_finite=False))
    except LinAlgError as error:
        smallest = float(np.linalg.eigvalsh(kernel)[0])
        raise InputError(
            f"the kernel matrix has the eigenvalue {smallest:.3g}, which alpha={ridge} does not "
            f"make positive; take alpha above {-smallest:.3g}, or indefinite='clip'"
        ) from error
