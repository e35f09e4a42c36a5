"""KernelModel: what the kernel models share: fitting, prediction and exact deletion."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import entry
from qiskit_qmu.data import withdrawn_positions
from qiskit_qmu.data.rows import as_integers
from qiskit_qmu.kernels.deletion import Deletion
from qiskit_qmu.kernels.kernel_matrices import Kernel, kernel_function
from qiskit_qmu.kernels.model_file import Arrays, write_kernel_model
from qiskit_qmu.kernels.regularized_system import Indefinite, Matrix, RegularizedSystem
from qiskit_qmu.observation import Observations


class KernelModel(BaseEstimator):
    """Base class of models that solve (K + αI)·solution = targets.

    Args:
        kernel: A kernel of Qiskit ML, such as `FidelityQuantumKernel` with the sampler of any
            device; a function of two arrays of rows; "precomputed" if ``fit`` gets the kernel
            matrix (n, n) and ``predict`` the entries (m, n) of new rows and fitted ones; or None
            for the exact fidelity kernel of the ZZ feature map.
        alpha: α, above zero: the ridge, or the variance of the noise.
        indefinite: What to do where a measured matrix has an eigenvalue below -α: "refuse" it, or
            "clip" its negative eigenvalues to zero, again after each deletion.

    Attributes:
        rows_: Positions, in the rows of ``fit``, of those that are left.
        kernel_matrix_: Their symmetrised kernel matrix, without any row or column of a deleted row.
        deletions_: One `Deletion` for each request since ``fit``.
        n_features_in_: Features of a row.
    """

    def __init__(
        self, kernel: Kernel = None, *, alpha: float = 1.0, indefinite: Indefinite = "refuse"
    ) -> None:
        self.kernel = kernel
        self.alpha = alpha
        self.indefinite = indefinite

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self._precomputed
        tags.target_tags.multi_output = not isinstance(self, ClassifierMixin)
        return tags

    @property
    def kernel_matrix_(self) -> Matrix:
        """The symmetrised kernel matrix of the remaining rows."""
        check_is_fitted(self)
        return self._system.kernel

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Measure the kernel matrix and solve for the model.

        Args:
            X: Rows (n, features); or the kernel matrix (n, n) if it is precomputed.
            y: Labels (n,), or values (n,) or (n, outputs).

        Raises:
            InputError: If α is not positive, or K + αI is not positive definite.
        """
        rows, answers = self._validated(X, y)
        self._fitted_x = None if self._precomputed else rows
        matrix = rows
        if not self._precomputed:
            self._function = kernel_function(self.kernel, rows.shape[1])
            matrix = self._function(rows, None)
        self._answers = answers
        self.rows_ = np.arange(len(answers))
        self.deletions_: list[Deletion] = []
        self._system = RegularizedSystem.of(matrix, ridge=self.alpha, indefinite=self.indefinite)
        self._solve()
        return self

    def delete(self, rows: ArrayLike) -> Deletion:
        """Delete fitted rows exactly: the model becomes what ``fit`` to the others would give.

        No circuit runs: the rows' part of the kernel matrix is dropped and the reduced system is
        solved; see `RegularizedSystem.without`. With A = (K + αI)⁻¹ the solution changes from S to
        S_R − A_RF·A_FF⁻¹·S_F (the inverse of a block matrix). The rows, labels and kernel entries
        are gone from the model afterwards.

        Who holds the model before and after learns which row left: for any z, with α_i and the
        covariance given the retained rows R, f⁺(z) − f⁻(z) = S_i·(k(z, x_i) −
        k_zR(K_RR + αI)⁻¹k_Rx_i), which peaks at the deleted row. Exact is not private.

        Args:
            rows: Positions (m,) in the rows of ``fit``, which do not change as rows are deleted.

        Returns:
            The record, which ``deletions_`` keeps too.

        Raises:
            InputError: If a position was not fitted, was deleted already or is given twice, or no
                row would be left. The model then stays as it was.
        """
        check_is_fitted(self)
        started = perf_counter()
        named = as_integers("rows", rows)
        _check.not_empty(rows=named)
        places = np.searchsorted(self.rows_, named)
        inside = places < len(self.rows_)
        known = inside & (self.rows_[np.where(inside, places, 0)] == named)
        if not known.all():
            raise InputError(f"row {named[~known][0]} was not fitted, or is deleted already")
        if len(np.unique(named)) < len(named):
            raise InputError("each row may be deleted once, got one twice")
        if len(named) == len(self.rows_):
            raise InputError(f"at least one row must be left, got all {len(named)} to delete")
        self._system = self._system.without(places)
        kept = np.setdiff1d(np.arange(len(self.rows_)), places)
        self.rows_, self._answers = self.rows_[kept], self._answers[kept]
        if self._fitted_x is not None:
            self._fitted_x = self._fitted_x[kept]
        self._solve()
        record = Deletion(
            rows=tuple(named.tolist()),
            remaining=len(kept),
            residual=self._residual(),
            seconds=perf_counter() - started,
        )
        self.deletions_.append(record)
        return record

    def unfit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Delete rows that are given by their content; see ``delete``.

        Args:
            X: Withdrawn rows (m, features), each as it was fitted.
            y: Their labels or values.

        Raises:
            InputError: If a row with this label was not fitted, or is deleted already, or the
                kernel is precomputed, so that the model has no rows.
        """
        check_is_fitted(self)
        if self._fitted_x is None:
            raise InputError("a model of a precomputed kernel has no rows; use delete(positions)")
        places = withdrawn_positions(np.asarray(X), self._encoded(y), self._fitted_x, self._answers)
        self.delete(self.rows_[places])
        return self

    def observe(self, X: ArrayLike, y: ArrayLike) -> Observations:  # noqa: N803
        """Return the model's answers to rows with a loss for each, for attacks and audits.

        Args:
            X: Rows (m, features), or kernel entries (m, remaining rows).
            y: Their labels or values.
        """
        outputs = self._outputs(X)
        targets = np.asarray(y, dtype=np.float64).reshape(outputs.shape)
        return Observations(
            row_losses=((outputs - targets) ** 2).mean(axis=1), outputs=outputs, targets=targets
        )

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the fitted model to a folder, with checksums; `load_kernel_model` reads it.

        The files hold the remaining rows in clear, their labels and their kernel matrix, and
        nothing of deleted rows but their positions. A kernel of a device, or a function, cannot be
        kept.

        Args:
            path: The folder; made if missing.
            overwrite: Replace a model that it holds, atomically.

        Raises:
            InputError: If it holds a model, or cannot be written.
        """
        check_is_fitted(self)
        arguments = {n: v for n, v in self.get_params(deep=False).items() if n != "kernel"}
        content = {
            "model": type(self).__name__,
            "arguments": arguments,
            "features": int(self.n_features_in_),
            "deletions": [
                {
                    "rows": list(own.rows),
                    "remaining": own.remaining,
                    "residual": own.residual,
                    "seconds": own.seconds,
                }
                for own in self.deletions_
            ],
        }
        arrays = {"kernel_matrix": self._system.kernel, "answers": self._answers}
        arrays["rows"] = self.rows_
        if self._fitted_x is not None:
            arrays["fitted_x"] = self._fitted_x
        if hasattr(self, "classes_"):
            arrays["classes"] = self.classes_
        write_kernel_model(path, content, arrays, self.kernel, overwrite=overwrite)

    @classmethod
    def restored(cls, content: Mapping[str, Any], arrays: Arrays, kernel: Kernel) -> Self:
        """Return the model of a folder; `load_kernel_model` reads the folder and calls this.

        Args:
            content: Its JSON values.
            arrays: Its arrays.
            kernel: The kernel for new rows.

        Raises:
            InputError: If they are not those of such a model.
        """
        self = cls(kernel, **content["arguments"])
        self.n_features_in_ = entry(content, "features", int)
        self._answers, self.rows_ = arrays["answers"], arrays["rows"]
        self._fitted_x = arrays.get("fitted_x")
        if "classes" in arrays:
            self.classes_ = arrays["classes"]
        if self._fitted_x is not None:
            self._function = kernel_function(kernel, self.n_features_in_)
        self.deletions_ = [
            Deletion(**{**own, "rows": tuple(own["rows"])}) for own in content["deletions"]
        ]
        self._system = RegularizedSystem.of(
            arrays["kernel_matrix"], ridge=self.alpha, indefinite=self.indefinite
        )
        _check.same_length(kernel_matrix=self._system.kernel, rows=self.rows_, y=self._answers)
        self._solve()
        return self

    @property
    def _precomputed(self) -> bool:
        return isinstance(self.kernel, str) and self.kernel == "precomputed"

    def _validated(self, x: Any, y: Any) -> tuple[Matrix, NDArray[Any]]:
        """Return rows as float64 and answers as the subclass compares them."""
        rows, values = validate_data(
            self, x, y, dtype=np.float64, y_numeric=True, multi_output=True
        )
        return rows, np.asarray(values, dtype=np.float64)

    def _encoded(self, y: ArrayLike) -> NDArray[Any]:
        """Return given labels or values as ``_validated`` returned those of ``fit``."""
        return np.asarray(y, dtype=np.float64)

    def _entries(self, x: Any) -> Matrix:
        """Return kernel entries (m, remaining rows) of new rows."""
        check_is_fitted(self)
        if self._fitted_x is not None:
            rows = validate_data(self, x, dtype=np.float64, reset=False)
            return np.asarray(self._function(rows, self._fitted_x), dtype=np.float64)
        entries = np.asarray(x, dtype=np.float64)
        if entries.ndim != 2 or entries.shape[1] != len(self.rows_):
            raise InputError(
                f"a precomputed kernel needs an entry for each of the {len(self.rows_)} rows that "
                f"are left, the columns rows_, got shape {entries.shape}"
            )
        _check.finite(kernel=entries)
        return entries

    @abstractmethod
    def _targets(self) -> Matrix:
        """Return the right side (n, columns) of the remaining rows."""

    def _solve(self) -> None:
        """Solve for the model."""
        self.dual_coef_ = self._system.solve(self._targets())

    def _residual(self) -> float:
        """Return how far the solution is from solving its equations."""
        return self._system.residual(self.dual_coef_, self._targets())

    def _outputs(self, x: Any) -> Matrix:
        """Return the model's outputs (m, columns) on new rows."""
        return np.asarray(self._entries(x) @ self.dual_coef_)
