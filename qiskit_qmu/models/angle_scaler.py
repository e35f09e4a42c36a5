"""AngleScaler: principal components of rows as rotation angles."""

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.models.fitted_projection import FittedProjection

_LARGEST_DEVIATION = 2.0


@final
class AngleScaler(FittedProjection):
    """Projects flattened rows on principal components and scales them to angles.

    Each component is divided by its standard deviation on the training rows; two standard
    deviations are mapped to ``centre`` ± ``largest_angle``, and values beyond are clipped.

    Args:
        num_features: Principal components to keep; rows of exactly as many values are only scaled.
        largest_angle: Largest distance from the centre, in radians.
        centre: Angle of the mean row, in radians.
    """

    def __init__(self, num_features: int, largest_angle: float, *, centre: float = 0.0) -> None:
        super().__init__(num_features)
        self.centre = centre
        self.largest_angle = largest_angle

    def _fitted(self, flat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if flat.shape[1] < self.num_features:
            raise InputError(
                f"rows must have at least num_features ({self.num_features}) values, "
                f"got {flat.shape[1]}"
            )
        components = self._principal_components(flat)
        mean = flat.mean(axis=0)
        deviation = ((flat - mean) @ components.T).std(axis=0)
        scale = self.largest_angle / _LARGEST_DEVIATION / np.where(deviation > 0, deviation, 1.0)
        return mean, components.T * scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return angles (n, num_features) of rows (n, …).

        Before it is fitted, rows of ``num_features`` values are used as angles.

        Raises:
            InputError: If the rows differ in size from the training rows.
        """
        flat = x.flatten(1)
        if not self.is_fitted and flat.shape[1] == self.num_features:
            return flat
        if not self.is_fitted:
            raise InputError(
                f"the model is not fitted yet: it accepts rows of {self.num_features} values "
                f"before training, got {flat.shape[1]}"
            )
        angles = self._project(flat)
        return self.centre + angles.clamp(-self.largest_angle, self.largest_angle)
