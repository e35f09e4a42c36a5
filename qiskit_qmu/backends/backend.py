"""The one switch that decides where circuits run."""

from types import TracebackType
from typing import Protocol, runtime_checkable

import numpy as np
from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.gradients import BaseEstimatorGradient, BaseSamplerGradient
from qiskit_machine_learning.neural_networks import NeuralNetwork

from qiskit_qmu import _check


@runtime_checkable
class Backend(Protocol):
    """Primitives, gradients and precision as one bundle.

    Qiskit ML 0.9 takes them one by one and gives wrong or incomparable numbers when they are mixed:
    its gradients, for one, never see the precision of the forward pass.

    Attributes:
        name: Name under which it was opened.
        shots: Measurements of each circuit, forward and gradient; None for exact values.
        precision: Precision to hand to an EstimatorQNN.
    """

    name: str
    shots: int | None
    precision: float
    estimator: BaseEstimatorV2
    sampler: BaseSamplerV2
    estimator_gradient: BaseEstimatorGradient
    sampler_gradient: BaseSamplerGradient

    def connector(self, network: NeuralNetwork, weights: np.ndarray) -> TorchConnector:
        """Connect a network that was built on this backend to torch."""
        ...

    def close(self) -> None:
        """Give back what the backend holds."""
        ...

    def __enter__(self) -> "Backend": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


BACKEND_NAMES = ("exact",)


def open_backend(name: str = "exact", *, shots: int | None = None, seed: int = 0) -> Backend:
    """Open a backend.

    Args:
        name: "exact", the batched statevector.
        shots: Measurements of each circuit; None for exact values.
        seed: Seed of the shots, zero or more.

    Returns:
        The backend, which is its own context manager.

    Raises:
        InputError: If the name is unknown or shots or seed are out of range.
    """
    from qiskit_qmu.backends.exact import ExactBackend  # (it implements Backend)

    _check.one_of(BACKEND_NAMES, backend=name)
    if shots is not None:
        _check.at_least(1, shots=shots)
    _check.at_least(0, seed=seed)
    return ExactBackend(shots=shots, seed=seed)
