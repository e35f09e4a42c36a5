"""FittedProjection: a linear map fitted to training rows, as part of a model."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


class FittedProjection(torch.nn.Module, ABC):
    """Projects centred, flattened rows on directions fitted to training rows.

    Args:
        num_features: Directions to keep.
    """

    mean: torch.Tensor
    projection: torch.Tensor

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features
        self.register_buffer("mean", torch.zeros(0))
        self.register_buffer("projection", torch.zeros(0, num_features))

    def reset(self) -> None:
        """Reset the fit."""
        self.mean = self.mean.new_zeros(0)
        self.projection = self.projection.new_zeros(0, self.num_features)

    def reinitialize(self, generator: np.random.Generator) -> None:
        """Reset the fit; nothing is random."""
        self.reset()

    def fit_inputs(self, x: NDArray[np.float32]) -> None:
        """Fit to training rows (n, …), unless already fitted."""
        if not self.is_fitted:
            self.fit(x)

    @property
    def is_fitted(self) -> bool:
        """Whether ``fit`` was called, or its result was loaded."""
        return len(self.mean) > 0

    def fit(self, x: NDArray[np.float32]) -> None:
        """Fit mean and directions.

        Args:
            x: Training rows (n, …).

        Raises:
            InputError: If there are too few rows, or too few values per row.
        """
        flat = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
        mean, projection = self._fitted(flat)
        self.mean = torch.as_tensor(mean).to(self.mean)
        self.projection = torch.as_tensor(projection).to(self.projection)

    @abstractmethod
    def _fitted(self, flat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean (values,) and projection (values, directions) of flattened rows."""

    def _principal_components(self, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return components (num_features, values); the identity for rows of num_features values.

        Raises:
            InputError: If there are too few rows.
        """
        _check.at_least(self.num_features + 1, training_rows=len(flat))
        if flat.shape[1] == self.num_features:
            return np.eye(self.num_features)
        from sklearn.decomposition import PCA  # (slow to load)

        fitted = PCA(self.num_features, svd_solver="full").fit(flat)
        return np.asarray(fitted.components_)

    def _project(self, flat: torch.Tensor) -> torch.Tensor:
        """Return features (n, directions) of flattened rows.

        Raises:
            InputError: If the rows differ in size from the training rows.
        """
        if flat.shape[1] != len(self.mean):
            raise InputError(f"rows must have {len(self.mean)} values, got {flat.shape[1]}")
        return (flat - self.mean) @ self.projection
