"""StatevectorKernel: the exact fidelity kernel of a circuit, on the batched simulator."""

from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit_machine_learning.kernels import BaseKernel

from qiskit_qmu.simulator.engine.simulation import Simulation, simulate

_ROWS_AT_ONCE = 256


@final
class StatevectorKernel(BaseKernel):
    """``k(x, z) = |⟨φ(x)|φ(z)⟩|²`` of a feature map, exactly.

    It gives what Qiskit ML's `FidelityStatevectorKernel` and, without shots,
    `FidelityQuantumKernel` give, and stands wherever they do: all states of a matrix are simulated
    as one batch, and all overlaps are one matrix product.

    Args:
        feature_map: A circuit whose parameters are the features.

    Example:
        >>> from qiskit.circuit.library import z_feature_map
        >>> from qiskit_qmu.kernels import StatevectorKernel
        >>> StatevectorKernel(z_feature_map(1, reps=1)).evaluate([[0.0], [0.5]]).round(4)
        array([[1.    , 0.7702],
               [0.7702, 1.    ]])
    """

    def __init__(self, feature_map: QuantumCircuit) -> None:
        super().__init__(feature_map=feature_map)
        self._simulation: Simulation | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_simulation": None}

    def evaluate(self, x_vec: Any, y_vec: Any = None) -> NDArray[np.float64]:
        """Return the kernel matrix of rows (n, features) and rows (m, features), or themselves.

        Raises:
            ValueError: If rows do not have one value for each parameter of the feature map.
        """
        left, right = self._validate_input(x_vec, y_vec)
        states = self._states(left)
        others = states if right is None else self._states(right)
        matrix = np.abs(states.conj().T @ others) ** 2
        if right is None:
            np.fill_diagonal(matrix, 1.0)
        return np.asarray(matrix)

    def _states(self, rows: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return final states (2^n, rows)."""
        if self._simulation is None:
            circuit = self.feature_map
            self._simulation = simulate(circuit, list(circuit.parameters), [])
        values = torch.as_tensor(np.asarray(rows, dtype=np.float64))
        shared = torch.zeros(0, dtype=torch.float64)
        with torch.no_grad():
            parts = [self._simulation(part, shared) for part in values.split(_ROWS_AT_ONCE)]
        return np.asarray(torch.cat(parts, dim=1).numpy())
