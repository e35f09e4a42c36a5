"""Stock Qiskit Machine Learning on the design circuit: EstimatorQNN and parameter shift."""

from collections.abc import Callable

import numpy as np
from qiskit.primitives import StatevectorEstimator
from qiskit_aer.primitives import EstimatorV2

from benchmarks.design_circuit import estimator_qnn, values
from benchmarks.timing import medians

ESTIMATORS = {"StatevectorEstimator": StatevectorEstimator, "Aer EstimatorV2": EstimatorV2}


def stock_seconds(estimator: str, qubits: int, layers: int, batch: int) -> float:
    """Time the gradient of one observable at one row, and scale it to a whole step.

    A whole step would take minutes. It asks for this gradient for every row and observable, each on
    its own, so its time is theirs times their number; its forward pass, less than 1% of it, is left
    out.
    """
    task = stock_gradient(estimator, qubits, layers)
    return medians({estimator: task}, 3)[estimator] * batch * qubits


def stock_gradient(estimator: str, qubits: int, layers: int) -> Callable[[], np.ndarray]:
    """Return the gradient of the first observable at one row, by inputs and weights."""
    network = estimator_qnn(qubits, layers, ESTIMATORS[estimator]())
    point = np.concatenate([value.ravel() for value in values(qubits, layers, 1)])
    arguments = [network.circuit], [network.observables[0]], [point]
    return lambda: network.gradient.run(*arguments).result().gradients[0]
