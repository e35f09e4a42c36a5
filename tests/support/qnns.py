"""One QNN of each kind, on any backend, and what it must answer."""

from functools import cache

import numpy as np
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu.circuits import qnn_circuit

QNN = qnn_circuit(3, 3, 2, encoding="rx-ry-rz")
OBSERVABLES = [SparsePauliOp(label) for label in ("IIZ", "IZI", "ZII")]
WEIGHTS = np.linspace(-1, 2, len(QNN.weights))
ROWS = np.array([[0.3, -0.4, 1.0], [1.0, 2.0, -0.5]])


def estimator_qnn(backend, *, observables=OBSERVABLES, circuit=None, **named) -> EstimatorQNN:
    """Return an unmodified EstimatorQNN on a backend."""
    return EstimatorQNN(
        circuit=QNN.circuit if circuit is None else circuit,
        observables=observables,
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        estimator=backend.estimator,
        gradient=backend.estimator_gradient,
        **{"default_precision": backend.precision, "input_gradients": True, **named},
    )


def sampler_qnn(backend, *, circuit=None, **named) -> SamplerQNN:
    """Return an unmodified SamplerQNN on a backend."""
    return SamplerQNN(
        circuit=QNN.circuit if circuit is None else circuit,
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        sampler=backend.sampler,
        gradient=backend.sampler_gradient,
        **{"input_gradients": True, **named},
    )


BUILDERS = {"estimator": estimator_qnn, "sampler": sampler_qnn}


def expected_outputs(kind: str, rows=ROWS, weights=WEIGHTS) -> np.ndarray:
    """Return outputs from Qiskit's statevector, row by row."""
    outputs = []
    for row in rows:
        values = dict(zip([*QNN.inputs, *QNN.weights], [*row, *weights], strict=True))
        state = Statevector(QNN.circuit.assign_parameters(values))
        if kind == "sampler":
            outputs.append(state.probabilities())
        else:
            outputs.append([state.expectation_value(o).real for o in OBSERVABLES])
    return np.array(outputs)


@cache
def expected_slopes(kind: str, step: float = 1e-6) -> tuple[np.ndarray, np.ndarray]:
    """Return derivatives by inputs and by weights, from central differences."""
    by_inputs, by_weights = [], []
    for column in range(ROWS.shape[1]):
        move = step * np.eye(ROWS.shape[1])[column]
        up, down = (expected_outputs(kind, ROWS + s * move) for s in (1, -1))
        by_inputs.append((up - down) / (2 * step))
    for column in range(len(WEIGHTS)):
        move = step * np.eye(len(WEIGHTS))[column]
        up, down = (expected_outputs(kind, ROWS, WEIGHTS + s * move) for s in (1, -1))
        by_weights.append((up - down) / (2 * step))
    return np.stack(by_inputs, axis=2), np.stack(by_weights, axis=2)
