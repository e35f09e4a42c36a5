"""Rows to rotation angles: principal components, fitted on training rows, as part of a model."""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

_LARGEST_DEVIATION = 2.0


class AngleScaler(torch.nn.Module):
    """Projects flattened rows on principal components and scales them to angles.

    Each component is divided by its standard deviation on the training rows; two standard
    deviations are mapped to ``centre`` ± ``largest_angle``, and what lies beyond is cut off there,
    so that no row is turned past it.

    Args:
        num_features: Principal components to keep; rows with just as many values are only scaled.
        largest_angle: Largest distance from the centre, in radians.
        centre: Angle of the mean row, in radians.
    """

    mean: torch.Tensor
    projection: torch.Tensor

    def __init__(self, num_features: int, largest_angle: float, *, centre: float = 0.0) -> None:
        super().__init__()
        self.centre = centre
        self.num_features = num_features
        self.largest_angle = largest_angle
        self.register_buffer("mean", torch.zeros(0))
        self.register_buffer("projection", torch.zeros(0, num_features))

    def reset(self) -> None:
        """Forget what was fitted."""
        self.mean = self.mean.new_zeros(0)
        self.projection = self.projection.new_zeros(0, self.num_features)

    @property
    def is_fitted(self) -> bool:
        """Whether ``fit`` was called, or its result was loaded."""
        return len(self.mean) > 0

    def fit(self, x: NDArray[np.float32]) -> None:
        """Fit mean, components and scale.

        Args:
            x: Training rows (n, …); flattened, they must have at least ``num_features`` values.

        Raises:
            InputError: If the rows have too few values, or are too few for the components.
        """
        flat = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
        if flat.shape[1] < self.num_features:
            raise InputError(
                f"rows must have at least num_features ({self.num_features}) values, "
                f"got {flat.shape[1]}"
            )
        _check.at_least(self.num_features + 1, training_rows=len(flat))
        components = np.eye(self.num_features)
        if flat.shape[1] > self.num_features:
            components = PCA(self.num_features, svd_solver="full").fit(flat).components_
        mean = flat.mean(axis=0)
        deviation = ((flat - mean) @ components.T).std(axis=0)
        scale = self.largest_angle / _LARGEST_DEVIATION / np.where(deviation > 0, deviation, 1.0)
        self.mean = torch.as_tensor(mean, dtype=torch.float32)
        self.projection = torch.as_tensor(components.T * scale, dtype=torch.float32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return angles (n, num_features) of rows (n, …).

        Before it is fitted, rows of ``num_features`` values are taken as angles.

        Raises:
            InputError: If the rows are of another size than those it was fitted on.
        """
        flat = x.flatten(1)
        if not self.is_fitted and flat.shape[1] == self.num_features:
            return flat
        if not self.is_fitted:
            raise InputError(
                f"a model must be fitted on training rows before it takes rows of other than "
                f"{self.num_features} values, got {flat.shape[1]}"
            )
        if flat.shape[1] != len(self.mean):
            raise InputError(f"rows must have {len(self.mean)} values, got {flat.shape[1]}")
        angles = (flat - self.mean) @ self.projection
        return self.centre + angles.clamp(-self.largest_angle, self.largest_angle)
