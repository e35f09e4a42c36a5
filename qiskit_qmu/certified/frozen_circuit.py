"""FrozenCircuit: features from a circuit that no row has trained."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.circuits import QNNCircuit, qnn_circuit
from qiskit_qmu.simulator.engine.simulation import simulate

_ROWS_AT_ONCE = 256


@final
@dataclass(frozen=True, kw_only=True)
class FrozenCircuit:
    """Rows → a fixed random projection → angles → a circuit with random weights → ⟨Z⟩ and ⟨ZZ⟩.

    Everything in it follows from its arguments and none of it from rows, so that there is nothing
    in it to unlearn. Angles are π/2·(1 + tanh(scale·Px/√features)).

    Attributes:
        num_features: Features of a row.
        num_qubits: Qubits.
        num_layers: Layers of the ansatz.
        scale: Factor of the projected rows, chosen without looking at those that may be withdrawn.
        seed: Seed of projection and weights.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.certified import FrozenCircuit
        >>> circuit = FrozenCircuit(num_features=5, num_qubits=3)
        >>> circuit(np.zeros((2, 5))).shape  # three ⟨Z⟩ and three ⟨ZZ⟩
        (2, 6)
    """

    num_features: int
    num_qubits: int = 4
    num_layers: int = 2
    scale: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        _check.at_least(1, num_features=self.num_features)
        _check.positive(scale=self.scale)

    def __call__(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return expectation values (n, qubits·(qubits + 1)/2) of rows (n, features).

        Raises:
            InputError: If rows have another number of features, or a value is not finite.
        """
        rows = np.asarray(x, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.num_features:
            raise InputError(f"rows must have shape (n, {self.num_features}), got {rows.shape}")
        _check.finite(x=rows)
        projection, weights = self._drawn
        projected = rows @ projection * (self.scale / math.sqrt(self.num_features))
        angles = torch.as_tensor(math.pi / 2 * (1 + np.tanh(projected)))
        shared = torch.as_tensor(weights)
        simulation = simulate(self.qnn.circuit, self.qnn.inputs, self.qnn.weights)
        with torch.no_grad():
            parts = [
                simulation(part, shared).abs().square().T @ torch.as_tensor(self._signs)
                for part in angles.split(_ROWS_AT_ONCE)
            ]
        return np.asarray(torch.cat(parts).numpy())

    @cached_property
    def qnn(self) -> QNNCircuit:
        """The circuit with its parameters."""
        return qnn_circuit(self.num_qubits, self.num_qubits, self.num_layers)

    @property
    def _drawn(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        generator = stream(self.seed, "frozen circuit")
        projection = generator.normal(size=(self.num_features, self.num_qubits))
        return projection, generator.uniform(-math.pi, math.pi, size=len(self.qnn.weights))

    @property
    def _signs(self) -> NDArray[np.float64]:
        """Return the value of each observable (2^n, observables) on each outcome."""
        outcomes = np.arange(2**self.num_qubits)
        single = 1.0 - 2.0 * ((outcomes[:, None] >> np.arange(self.num_qubits)) & 1)
        first, second = np.triu_indices(self.num_qubits, 1)
        return np.hstack([single, single[:, first] * single[:, second]])

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "qnn"}
