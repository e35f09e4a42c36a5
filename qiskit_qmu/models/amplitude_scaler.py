"""AmplitudeScaler: rows or their principal components as amplitudes of norm one."""

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import amplitude_angles
from qiskit_qmu.models.fitted_projection import FittedProjection


@final
class AmplitudeScaler(FittedProjection):
    """Converts rows to the angles of an `AmplitudeEncoding` that prepares them as amplitudes.

    Rows of more than ``num_features`` values are centred and projected on as many principal
    components of the training rows, without scaling each component. Shorter rows are used
    unchanged. They are padded with zeros to 2^num_qubits, and the state has norm one.

    Args:
        num_features: Amplitudes to use, at most 2^num_qubits.
        num_qubits: Qubits.
    """

    def __init__(self, num_features: int, num_qubits: int) -> None:
        super().__init__(num_features)
        self.num_qubits = num_qubits

    def _fitted(self, flat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        size = flat.shape[1]
        if size <= self.num_features:
            return np.zeros(size), np.eye(size)
        return flat.mean(axis=0), self._principal_components(flat).T

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return angles (n, 2^num_qubits - 1) of rows (n, …).

        Raises:
            InputError: If the rows differ in size from the training rows, have too many values
                before it is fitted, or one is all zeros.
        """
        features = x.flatten(1)
        if self.is_fitted:
            features = self._project(features)
        elif features.shape[1] > self.num_features:
            raise InputError(
                f"the model is not fitted yet: it accepts rows of at most {self.num_features} "
                f"values before training, got {features.shape[1]}"
            )
        missing = 2**self.num_qubits - features.shape[1]
        return amplitude_angles(torch.nn.functional.pad(features, (0, missing)))
