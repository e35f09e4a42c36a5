"""Regression goes the way of classification: Qiskit ML's own network, every method, the audit."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN

import qiskit_qmu as qmu
from qiskit_qmu.unlearning import METHODS, make_strategy


def reuploading(num_features, num_qubits, num_layers):
    """Features enter every layer, two on each qubit, so that few qubits can fit many rows."""
    circuit = QuantumCircuit(num_qubits)
    x = ParameterVector("x", num_features)
    w = ParameterVector("w", 2 * num_qubits * num_layers)
    for layer in range(num_layers):
        for qubit in range(num_qubits):
            first = layer * num_qubits + qubit
            circuit.ry(0.5 * x[first % num_features], qubit)
            circuit.rz(0.5 * x[(first + num_qubits) % num_features], qubit)
            circuit.ry(w[2 * first], qubit)
            circuit.rz(w[2 * first + 1], qubit)
        for qubit in range(num_qubits if num_qubits > 1 else 0):
            circuit.cx(qubit, (qubit + 1) % num_qubits)
    return circuit, list(x), list(w)


def stock_regressor(circuit, x, w, seed, **primitives):
    """Return Qiskit ML's own classes: an EstimatorQNN, one value a row, in a TorchConnector."""
    network = EstimatorQNN(circuit=circuit, input_params=x, weight_params=w, **primitives)
    weights = np.random.default_rng(seed).uniform(-np.pi, np.pi, len(w))
    return TorchConnector(network, weights)


@pytest.fixture(scope="module")
def task():
    """Twelve rows, one qubit and two weights, on Qiskit's own estimator by parameter shift."""
    x = np.linspace(-1, 1, 20)[:, None]
    dataset = qmu.dataset_from_arrays(x[::2], np.sin(2 * x[::2, 0]), x[1::2], np.sin(2 * x[1::2]))
    split = qmu.ForgetSplit.by_indices(dataset, [1, 4], validation_fraction=0.2, seed=0)
    model = stock_regressor(*reuploading(1, 1, 1), seed=0)
    trainer = qmu.Trainer(epochs=2, batch_size=6, learning_rate=0.1)
    history = trainer.fit(model, split.train.x, split.train.y, generator=0)
    assert history.losses[-1] < history.losses[0]
    return SimpleNamespace(split=split, model=model, trainer=trainer)


def test_the_loss_of_a_stock_network_is_the_squared_error(task):
    rows = task.split.retain
    observed = qmu.observe(task.model, rows.x, rows.y)
    with torch.no_grad():
        outputs = task.model(torch.as_tensor(rows.x))[:, 0].numpy()
    np.testing.assert_allclose(observed.losses, (outputs - rows.y) ** 2, rtol=1e-5)
    np.testing.assert_allclose(observed.outputs, outputs)
    np.testing.assert_allclose(observed.targets, rows.y, rtol=1e-6)
    np.testing.assert_allclose(observed.expectations[:, 0], outputs)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_unlearns_a_regression(task, method):
    ascent = {"max_epochs": 2, "loss_threshold": 4.0}  # more than any squared error here
    settings = dict.fromkeys(("ga", "ga-r", "rga", "rga-r"), ascent)
    strategy = make_strategy(method, settings, task.trainer)
    result = strategy(task.model, task.split, generator=1)
    assert result.changed == (method != "noop")
    assert all(np.isfinite(list(step.values())).all() for step in result.history)
