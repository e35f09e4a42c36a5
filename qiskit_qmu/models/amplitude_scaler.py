"""Rows to amplitudes: values or principal components, scaled to norm one, as part of a model."""

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import amplitude_angles
from qiskit_qmu.models.fitted_projection import FittedProjection


@final
class AmplitudeScaler(FittedProjection):
    """Makes rows the amplitudes of a state, as the angles of an `AmplitudeEncoding`.

    Rows of more than ``num_features`` values are projected on as many principal components of the
    training rows, less their mean, and not scaled one by one. Rows of at most so many values are
    taken as they are. Zeros fill up what is missing to 2^num_qubits, and the state has norm one.

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
            InputError: If the rows are of another size than those it was fitted on, have too many
                values before it is fitted, or one has nothing but zeros.
        """
        features = x.flatten(1)
        if self.is_fitted:
            features = self._project(features)
        elif features.shape[1] > self.num_features:
            raise InputError(
                f"a model must be fitted on training rows before it takes rows of more than "
                f"{self.num_features} values, got {features.shape[1]}"
            )
        missing = 2**self.num_qubits - features.shape[1]
        return amplitude_angles(torch.nn.functional.pad(features, (0, missing)))
