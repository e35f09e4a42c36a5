"""The exact backend's bundle: what belongs together, exact or with shots."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu.backends import ExactBackend, open_backend
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.models import BasicQNN
from qiskit_qmu.simulator import (
    TorchEstimatorGradient,
    TorchSamplerGradient,
    TorchSimulatorConnector,
)

QNN = qnn_circuit(2, 2, 2)
WEIGHTS = np.linspace(-1, 1, len(QNN.weights))
ROWS = torch.tensor([[0.3, -0.4], [1.0, 2.0]])


def estimator_connector(backend: ExactBackend) -> TorchSimulatorConnector:
    network = EstimatorQNN(
        circuit=QNN.circuit,
        observables=[SparsePauliOp("IZ"), SparsePauliOp("ZI")],
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        estimator=backend.estimator,
        gradient=backend.estimator_gradient,
        default_precision=backend.precision,
        input_gradients=True,
    )
    return backend.connector(network, WEIGHTS)


def sampler_connector(backend: ExactBackend) -> TorchSimulatorConnector:
    network = SamplerQNN(
        circuit=QNN.circuit,
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        sampler=backend.sampler,
        gradient=backend.sampler_gradient,
        input_gradients=True,
    )
    return backend.connector(network, WEIGHTS)


CONNECTORS = pytest.mark.parametrize("connect", [estimator_connector, sampler_connector])


def test_the_exact_bundle():
    backend = open_backend("exact")
    assert isinstance(backend.estimator_gradient, TorchEstimatorGradient)
    assert isinstance(backend.sampler_gradient, TorchSamplerGradient)
    assert backend.estimator.shots is backend.sampler.shots is backend.shots is None
    assert backend.precision == 0.0


def test_the_bundle_with_shots_follows_the_parameter_shift_rule():
    backend = open_backend("exact", shots=100)
    assert isinstance(backend.estimator_gradient, TorchEstimatorGradient)
    assert isinstance(backend.sampler_gradient, TorchSamplerGradient)
    assert backend.estimator.shots == backend.sampler.shots == backend.shots == 100


@CONNECTORS
def test_exact_values_are_differentiated_through_the_state(connect):
    connector = connect(open_backend("exact"))
    assert isinstance(connector, TorchSimulatorConnector)
    assert connector.program is not None
    torch.testing.assert_close(connector(ROWS), connector(ROWS), rtol=0, atol=0)


@CONNECTORS
def test_forward_and_gradient_have_noise_of_the_same_shots(connect):
    """Errors of 10⁴ shots: below five of the largest standard error, and not zero.

    An output is a mean of numbers between -1 and 1, a weight's slope half a difference of two; six
    sums of both kinds are compared, each of which fails with a probability below 10⁻⁶.
    """
    shots = 10**4
    noisy, exact = (connect(open_backend("exact", shots=n, seed=1)) for n in (shots, None))
    assert noisy.program is None
    outputs, expected = noisy(ROWS), exact(ROWS)
    error = (outputs - expected).abs().max().item()
    assert 0 < error < 5 / np.sqrt(shots)
    factors = torch.arange(float(outputs.shape[1]))
    slopes = []
    for connector, values in ((noisy, outputs), (exact, expected)):
        (values * factors).sum().backward()
        slopes.append(connector.weight.grad)
    error = (slopes[0] - slopes[1]).abs().max().item()
    spread = np.sqrt(2 * len(ROWS)) / 2 * factors.sum().item()
    assert 0 < error < 5 * spread / np.sqrt(shots)


@CONNECTORS
def test_the_seed_fixes_the_noise_and_the_noise_goes_on(connect):
    first, again, other = (
        connect(open_backend("exact", shots=1000, seed=seed)) for seed in (1, 1, 2)
    )
    runs = [first(ROWS), first(ROWS)]
    assert not torch.equal(*runs)
    assert torch.equal(runs[0], again(ROWS))
    assert torch.equal(runs[1], again(ROWS))
    assert not torch.equal(runs[0], other(ROWS))


def test_estimator_and_sampler_do_not_share_their_stream():
    backend = open_backend("exact", shots=10, seed=1)
    streams = (backend.estimator._generator, backend.sampler._generator)
    assert streams[0].integers(2**62) != streams[1].integers(2**62)


def test_a_backend_and_what_it_connects_say_in_a_line_what_they_are():
    backend = open_backend("exact", shots=7)
    assert repr(backend) == "ExactBackend(name='exact', shots=7)"
    assert repr(open_backend("fake_manila", shots=7)) == (
        "DeviceBackend(name='fake_manila', shots=7)"
    )
    model = BasicQNN(num_features=3, num_classes=2, num_qubits=3, num_layers=1, backend=backend)
    assert "TorchSimulatorConnector(EstimatorQNN, 3 inputs, 3 weights, 3 outputs)" in repr(model)
