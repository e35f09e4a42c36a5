"""Qiskit ML's `raw_feature_vector`: rows of amplitudes, as its autoencoder tutorial uses them."""

import numpy as np
import pytest
import torch
from qiskit.circuit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import real_amplitudes
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import DensityMatrix, SparsePauliOp, Statevector
from qiskit_machine_learning.circuit.library import raw_feature_vector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
    TorchSimulatorConnector,
)

LATENT, TRASH = 1, 1
FEATURES = raw_feature_vector(2 ** (LATENT + TRASH))
ANSATZ = real_amplitudes(LATENT + TRASH, reps=1)
INPUTS, WEIGHTS = list(FEATURES.parameters), list(ANSATZ.parameters)
STEP = 1e-5


def autoencoder() -> QuantumCircuit:
    """Compress a state and compare what is left over with |0> by a SWAP test."""
    auxiliary = LATENT + 2 * TRASH
    circuit = QuantumCircuit(QuantumRegister(auxiliary + 1), ClassicalRegister(1, "c"))
    circuit.compose(FEATURES, range(LATENT + TRASH), inplace=True)
    circuit.compose(ANSATZ, range(LATENT + TRASH), inplace=True)
    circuit.barrier()
    circuit.h(auxiliary)
    for i in range(TRASH):
        circuit.cswap(auxiliary, LATENT + i, LATENT + TRASH + i)
    circuit.h(auxiliary)
    circuit.measure(auxiliary, 0)
    return circuit


def network(shots: int | None = None) -> SamplerQNN:
    sampler = TorchSampler(shots=shots, seed=0)
    return SamplerQNN(
        circuit=autoencoder(),
        input_params=INPUTS,
        weight_params=WEIGHTS,
        interpret=lambda outcome: outcome,
        output_shape=2,
        sampler=sampler,
        gradient=TorchSamplerGradient(sampler),
        input_gradients=True,
    )


def expected(row: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Qiskit's probabilities of the SWAP test."""
    circuit = autoencoder().remove_final_measurements(inplace=False)
    values = dict(zip([*INPUTS, *WEIGHTS], [*row, *weights], strict=True))
    state = Statevector(circuit.assign_parameters(values))
    return state.probabilities([LATENT + 2 * TRASH])


def test_an_autoencoder_and_its_gradients(generator):
    rows, weights = generator.uniform(-16, 16, (3, 4)), generator.normal(size=len(WEIGHTS))
    sampler_network = network()
    connector = TorchSimulatorConnector(sampler_network, initial_weights=weights).double()
    inputs = torch.tensor(rows, requires_grad=True)
    outputs = connector(inputs)
    found = outputs.detach().numpy()
    np.testing.assert_allclose(found, [expected(row, weights) for row in rows], atol=1e-6)
    outputs[:, 0].sum().backward()
    by_rows = [
        [
            (expected(row + step, weights) - expected(row - step, weights))[0] / (2 * STEP)
            for step in STEP * np.eye(4)
        ]
        for row in rows
    ]
    np.testing.assert_allclose(inputs.grad.numpy(), by_rows, atol=1e-6)
    by_inputs, by_weights = sampler_network.backward(rows, weights)
    np.testing.assert_allclose(by_inputs[:, 0], by_rows, atol=1e-6)
    connector_slopes = connector.weight.grad.numpy()
    np.testing.assert_allclose(by_weights[:, 0].sum(0), connector_slopes, atol=1e-6)


def test_gradients_by_amplitudes_need_exact_values(generator):
    rows, weights = generator.normal(size=(2, 4)), generator.normal(size=len(WEIGHTS))
    connector = TorchSimulatorConnector(network(shots=5000), initial_weights=weights)
    values = connector(torch.tensor(rows)).detach().numpy()
    np.testing.assert_allclose(values, [expected(row, weights) for row in rows], atol=0.05)
    connector(torch.tensor(rows)).sum().backward()  # by weights alone
    outputs = connector(torch.tensor(rows, requires_grad=True))
    with pytest.raises(InputError, match="there is no parameter-shift rule for amplitudes"):
        outputs.sum().backward()


def test_a_network_of_expectations_whose_rows_share_features(generator):
    estimator = TorchEstimator()
    circuit = autoencoder().remove_final_measurements(inplace=False)
    observable = SparsePauliOp(["ZIXI", "IIYY", "IIIZ"], [1.0, 0.5, -0.3])
    expectations = EstimatorQNN(
        circuit=circuit,
        observables=observable,
        input_params=INPUTS,
        weight_params=WEIGHTS,
        estimator=estimator,
        gradient=TorchEstimatorGradient(estimator),
        input_gradients=True,
        default_precision=0.0,
    )
    weights = generator.normal(size=len(WEIGHTS))
    rows = np.tile(generator.normal(size=4), (2, 1))
    rows[1, 0] += 1

    def values(some: np.ndarray) -> np.ndarray:
        # The circuit's own order: "x" comes before "θ".
        pub = (circuit, observable, np.hstack([some, np.tile(weights, (len(some), 1))]))
        return StatevectorEstimator().run([pub]).result()[0].data.evs

    np.testing.assert_allclose(expectations.forward(rows, weights)[:, 0], values(rows), atol=1e-12)
    by_inputs, _ = expectations.backward(rows, weights)
    steps = STEP * np.eye(4)
    slopes = [(values(row + steps) - values(row - steps)) / (2 * STEP) for row in rows]
    np.testing.assert_allclose(by_inputs[:, 0], slopes, atol=1e-8)


def test_features_in_the_middle_reset_their_qubits(generator):
    circuit = QuantumCircuit(2)
    circuit.ry(1.0, 0)
    circuit.cx(0, 1)
    circuit.compose(raw_feature_vector(2), [0], inplace=True)
    circuit.cx(0, 1)
    row = generator.normal(size=2)
    observable = SparsePauliOp(["XX", "ZI", "YY"], [1.0, 2.0, 4.0])
    found = TorchEstimator().run([(circuit, observable, row)]).result()[0].data.evs
    state = DensityMatrix(circuit.assign_parameters(row))
    assert float(found) == pytest.approx(state.expectation_value(observable).real)


def test_some_amplitudes_may_be_numbers():
    circuit = raw_feature_vector(4)
    first, *_ = circuit.parameters
    circuit = circuit.assign_parameters(dict(zip(circuit.parameters[1:], [2, 0, -1], strict=True)))
    value = TorchEstimator().run([(circuit, "ZI", {first: 2.0})]).result()[0].data.evs
    assert float(value) == pytest.approx((4 + 4 - 1) / 9)


def test_a_row_of_zeros_is_refused():
    with pytest.raises(InputError, match="rows of amplitudes are all zeros"):
        TorchEstimator().run([(raw_feature_vector(2), "Z", [0, 0])]).result()
