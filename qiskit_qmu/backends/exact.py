"""The batched statevector as a backend."""

from types import TracebackType
from typing import Any, final

import numpy as np
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu._seeds import stream
from qiskit_qmu.backends.backend import Backend
from qiskit_qmu.backends.logical import (
    LogicalEstimator,
    LogicalEstimatorGradient,
    LogicalSampler,
    LogicalSamplerGradient,
    check_logical,
)
from qiskit_qmu.backends.versions import package_versions
from qiskit_qmu.simulator import TorchSimulatorConnector


@final
class ExactBackend(Backend):
    """Runs circuits on the batched statevector, exactly or with simulated shots.

    Args:
        shots: Measurements of each circuit; None for exact values and adjoint gradients. With
            shots, gradients follow the parameter-shift rule with as many shots.
        seed: Seed of the shots.
    """

    def __init__(self, *, shots: int | None = None, seed: int = 0) -> None:
        self.name = "exact"
        self.shots = shots
        self.precision = 0.0
        self.estimator = LogicalEstimator(shots=shots, seed=stream(seed, "shots", "estimator"))
        self.sampler = LogicalSampler(shots=shots, seed=stream(seed, "shots", "sampler"))
        self.estimator_gradient = LogicalEstimatorGradient(self.estimator)
        self.sampler_gradient = LogicalSamplerGradient(self.sampler)

    def connector(self, network: NeuralNetwork, weights: np.ndarray) -> TorchConnector:
        """Connect a network to torch; exact values are differentiated through the state.

        Raises:
            InputError: If its circuit was transpiled already.
        """
        if isinstance(network, EstimatorQNN | SamplerQNN):
            check_logical(network.circuit)
        return TorchSimulatorConnector(network, initial_weights=weights)

    def settings(self) -> dict[str, Any]:
        """Return what results depend on, as JSON values."""
        return {"backend": self.name, "shots": self.shots, "versions": package_versions()}

    def close(self) -> None:
        """Nothing to give back."""

    def __enter__(self) -> "ExactBackend":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
