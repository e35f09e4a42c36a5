"""Backend: primitives, gradients and precision as one bundle."""

from collections.abc import Sequence
from typing import Any, Protocol, overload, runtime_checkable

import numpy as np
from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.gradients import BaseEstimatorGradient, BaseSamplerGradient
from qiskit_machine_learning.neural_networks import NeuralNetwork

from qiskit_qmu._closing import Closing
from qiskit_qmu.backends.cost.cost_model import CostModel
from qiskit_qmu.backends.cost.estimate import CostEstimate, Workload, estimate_cost
from qiskit_qmu.backends.cost.networks import NetworkCircuits
from qiskit_qmu.backends.gradients.rules import DerivativeRule


@runtime_checkable
class Backend(Closing, Protocol):
    """Primitives, gradients and precision as one bundle.

    Qiskit ML 0.9 takes them one by one and gives wrong or incomparable numbers when they are mixed:
    for example, its gradients ignore the precision of the forward pass.

    Attributes:
        name: Name under which it was opened.
        shots: Measurements of each circuit, forward and gradient; None for exact values.
        precision: Precision to pass to an EstimatorQNN.
        rule: How a device measures gradients, which determines their cost.
    """

    name: str
    shots: int | None
    precision: float
    estimator: BaseEstimatorV2
    sampler: BaseSamplerV2
    estimator_gradient: BaseEstimatorGradient
    sampler_gradient: BaseSamplerGradient
    rule: DerivativeRule

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, shots={self.shots})"

    def connector(self, network: NeuralNetwork, weights: np.ndarray) -> TorchConnector:
        """Connect a network that was built on this backend to torch."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return all settings that results depend on, as JSON values; no secrets."""
        ...

    def cost_model(self, networks: Sequence[NetworkCircuits]) -> CostModel:
        """Return the cost model of networks' circuits on this backend; nothing is sent."""
        ...

    @overload
    def estimate(self, work: Workload, shots: int | None = None) -> CostEstimate: ...

    @overload
    def estimate(self, work: Workload, shots: Sequence[int]) -> tuple[CostEstimate, ...]: ...

    def estimate(
        self, work: Workload, shots: int | Sequence[int] | None = None
    ) -> CostEstimate | tuple[CostEstimate, ...]:
        """Return what work would cost on the device; nothing is sent.

        Args:
            work: The work, for example from `qiskit_qmu.experiments.unlearning_workload`.
            shots: Measurements of each circuit, or several such numbers; the backend's own if
                None.

        Returns:
            The estimate, or one for each number of shots.

        Raises:
            InputError: If a number of shots is below one, or exceeds the limit of a job.
        """
        cost_model = self.cost_model(work.networks)
        if isinstance(shots, Sequence):
            return tuple(estimate_cost(work, cost_model, number) for number in shots)
        return estimate_cost(work, cost_model, self.shots if shots is None else shots)

    def close(self) -> None:
        """Release the backend's resources."""
        ...
