"""Amplitude encoding in networks: adjoint gradients, parameter shift, and what it costs."""

import numpy as np
import pytest
import torch
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.gradients import (
    ParamShiftEstimatorGradient,
    ParamShiftSamplerGradient,
)
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu.backends import metered, open_backend
from qiskit_qmu.circuits import amplitude_angles, qnn_circuit
from qiskit_qmu.models.quantum_layer import pauli_z, quantum_layer

NUM_QUBITS = 2
QNN = qnn_circuit(4, NUM_QUBITS, 2, encoding="amplitude")
WEIGHTS = np.linspace(-1, 1, len(QNN.weights))


def stock() -> TorchConnector:
    """Return Qiskit's estimator with its parameter-shift rule in Qiskit ML's connector."""
    estimator = StatevectorEstimator()
    network = EstimatorQNN(
        circuit=QNN.circuit,
        observables=pauli_z(NUM_QUBITS),
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        estimator=estimator,
        gradient=ParamShiftEstimatorGradient(estimator),
        default_precision=0.0,
        input_gradients=True,
    )
    return TorchConnector(network, WEIGHTS)


def gradients(connector: TorchConnector, rows: torch.Tensor) -> list[torch.Tensor]:
    """Return outputs, and gradients by weights and by data."""
    data = rows.clone().requires_grad_()
    outputs = connector(amplitude_angles(data))
    factors = torch.linspace(-1, 2, outputs.numel()).reshape(outputs.shape).to(outputs)
    (outputs * factors).sum().backward()
    return [outputs.detach(), connector.weight.grad, data.grad]


def test_adjoint_gradients_are_those_of_qiskits_parameter_shift(generator):
    rows = torch.tensor(generator.normal(size=(3, 4)), dtype=torch.float32)
    rows[0, 2:] = 0.0
    rows[1, 1] = 0.0
    own = gradients(quantum_layer(QNN, "expectation", open_backend("exact"), WEIGHTS), rows)
    for value, expected in zip(own, gradients(stock(), rows), strict=True):
        torch.testing.assert_close(value, expected, rtol=0, atol=1e-5)
        assert float(value.abs().max()) > 0.01


@pytest.mark.parametrize("readout", ["expectation", "probabilities"])
def test_gradients_by_data_are_those_of_finite_differences(readout, generator):
    connector = quantum_layer(QNN, readout, open_backend("exact"), WEIGHTS).double()
    rows = torch.tensor(generator.normal(size=(2, 4)), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: connector(amplitude_angles(x)), rows)


def test_a_device_runs_two_circuits_for_each_angle(generator):
    connector = quantum_layer(QNN, "expectation", open_backend("exact"), WEIGHTS)
    data = torch.tensor(generator.normal(size=(5, 4)), dtype=torch.float32, requires_grad=True)
    with metered(connector) as meter:
        connector(amplitude_angles(data)).sum().backward()
    angles = 2**NUM_QUBITS - 1 + len(WEIGHTS)
    assert meter.usage.circuits == 5 * (1 + 2 * angles)


def test_qiskits_sampler_takes_it_too(generator):
    sampler = StatevectorSampler(seed=1, default_shots=1000)
    network = SamplerQNN(
        circuit=QNN.circuit.measure_all(inplace=False),
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        sampler=sampler,
        gradient=ParamShiftSamplerGradient(sampler),
    )
    row = torch.tensor(generator.normal(size=4))
    angles = amplitude_angles(row).numpy()
    exact = quantum_layer(QNN, "expectation", open_backend("exact"), WEIGHTS)
    probabilities = network.forward(angles, WEIGHTS)[0]
    signs = np.array([[1, -1, 1, -1], [1, 1, -1, -1]])
    expected = exact(torch.tensor(angles[None], dtype=torch.float32)).detach().numpy()[0]
    # Deviation at most 1/√1000 = 0.032 for each of two numbers: above 6 of it with p < 1e-8.
    np.testing.assert_allclose(signs @ probabilities, expected, atol=6 / 1000**0.5)
