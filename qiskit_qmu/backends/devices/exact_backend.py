"""The batched statevector as a backend."""

from collections.abc import Iterable, Sequence
from typing import Any, final

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends.backend import Backend
from qiskit_qmu.backends.cost.cost_model import CostModel, cost_model_of
from qiskit_qmu.backends.cost.estimate import IBM_EXECUTIONS_PER_JOB
from qiskit_qmu.backends.cost.networks import NetworkCircuits
from qiskit_qmu.backends.devices.factory import seed_of
from qiskit_qmu.backends.devices.virtual_primitives import (
    VirtualEstimator,
    VirtualEstimatorGradient,
    VirtualSampler,
    VirtualSamplerGradient,
)
from qiskit_qmu.backends.gradients.rules import DerivativeRule, ParameterShift
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit, check_virtual
from qiskit_qmu.backends.versions import package_versions
from qiskit_qmu.simulator import TorchSimulatorConnector


@final
class ExactBackend(Backend):
    """Runs circuits on the batched statevector, exactly or with simulated shots.

    Args:
        shots: Measurements of each circuit; None for exact values and adjoint gradients. With
            shots, gradients use the parameter-shift rule with the same shots.
        seed: Seed of the shots; two backends with the same seed have the same noise.
        rule: Rule by which usage counts a gradient; parameter shift if None. Other rules are
            allowed only without shots.

    Example:
        >>> from qiskit_qmu.backends import ExactBackend
        >>> backend = ExactBackend(shots=100, seed=0)
        >>> backend.name, backend.shots, backend.precision
        ('exact', 100, 0.0)
    """

    def __init__(
        self, *, shots: int | None = None, seed: int = 0, rule: DerivativeRule | None = None
    ) -> None:
        if shots is not None and rule is not None:
            raise InputError(f"rule applies to exact values only, not with {shots} shots")
        self.rule = ParameterShift() if rule is None else rule
        self.name = "exact"
        self.shots = shots
        self._seed = seed
        self.precision = 0.0
        self.estimator = VirtualEstimator(shots=shots, seed=stream(seed, "shots", "estimator"))
        self.sampler = VirtualSampler(shots=shots, seed=stream(seed, "shots", "sampler"))
        self.estimator_gradient = VirtualEstimatorGradient(self.estimator, self.rule)
        self.sampler_gradient = VirtualSamplerGradient(self.sampler, self.rule)

    def connector(self, network: NeuralNetwork, weights: np.ndarray) -> TorchConnector:
        """Connect a network to torch; exact values are differentiated through the state.

        Raises:
            InputError: If its circuit was already transpiled.
        """
        if isinstance(network, EstimatorQNN | SamplerQNN):
            check_virtual(network.circuit)
        return TorchSimulatorConnector(network, initial_weights=weights)

    def settings(self) -> dict[str, Any]:
        """Return all settings that results depend on, as JSON values."""
        seed = None if self.shots is None else self._seed
        versions = package_versions()
        return {"backend": self.name, "shots": self.shots, "seed": seed, "versions": versions}

    def cost_model(self, networks: Sequence[NetworkCircuits]) -> CostModel:
        """Return the cost model of a generic IBM device, from circuits that are not transpiled."""
        return cost_model_of(
            networks,
            _AsWritten(),
            self.rule,
            backend=self.name,
            max_executions_per_job=IBM_EXECUTIONS_PER_JOB,
            timing=None,
        )

    def close(self) -> None:
        """Do nothing: there are no resources to release."""


def open_exact(options: DeviceOptions) -> ExactBackend:
    """Open the batched statevector."""
    return ExactBackend(shots=options.shots, seed=seed_of(options).seed or 0)


class _AsWritten:
    """Prepares circuits without a specific device."""

    def rotations(self, circuit: QuantumCircuit) -> RotationCircuit:
        """Return a circuit with one parameter per rotation."""
        return RotationCircuit.of(circuit)

    def measured(self, circuit: RotationCircuit, basis: str) -> RotationCircuit:
        """Return a circuit measured in a Pauli basis."""
        return circuit.measured_in(basis)

    def transpiled(self, circuit: RotationCircuit) -> QuantumCircuit:
        """Return the circuit unchanged."""
        return circuit.circuit

    def missing_calibrations(self, circuits: Iterable[QuantumCircuit]) -> int:
        """Return 0: nothing is calibrated."""
        return 0
