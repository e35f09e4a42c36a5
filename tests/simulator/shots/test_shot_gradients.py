"""Gradients under shots: mean, variance and covariance of the parameter-shift rule.

Standard normal deviations are bounded by 5, which 1,000 of them pass with probability 0.9994.
"""

import pickle

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
    TorchSimulatorConnector,
)
from qiskit_qmu.simulator.compile.content import circuit_content
from qiskit_qmu.simulator.engine import cache
from qiskit_qmu.simulator.shots import measured_circuit, parameter_shift

SHOTS, REPEATS, LIMIT = 20, 4000, 5.0
W = ParameterVector("w", 4)
VALUES = np.array([0.4, 1.1, -0.7, 2.0])
OBSERVABLES = [SparsePauliOp("IZ"), SparsePauliOp("ZI"), SparsePauliOp(["XX", "ZZ"], [0.5, 2.0])]


def ansatz() -> QuantumCircuit:
    """Each parameter turns one gate, but the last, which turns two and is scaled in one."""
    circuit = QuantumCircuit(2)
    circuit.ry(W[0], 0)
    circuit.rx(W[1], 1)
    circuit.rzz(W[2], 0, 1)
    circuit.h(0)
    circuit.ry(W[3], 0)
    circuit.cx(0, 1)
    circuit.rx(0.5 * W[3], 1)
    return circuit


def shifted_states() -> dict[tuple[int, float, int], Statevector]:
    """Return the state at each shifted gate angle: (parameter, slope, sign)."""
    apart = QuantumCircuit(2)
    angles = ParameterVector("a", 5)
    apart.ry(angles[0], 0)
    apart.rx(angles[1], 1)
    apart.rzz(angles[2], 0, 1)
    apart.h(0)
    apart.ry(angles[3], 0)
    apart.cx(0, 1)
    apart.rx(angles[4], 1)
    parameter, slope = [0, 1, 2, 3, 3], [1, 1, 1, 1, 0.5]
    base = VALUES[parameter] * slope
    states = {}
    for gate in range(5):
        for sign in (1, -1):
            shifted = base.copy()
            shifted[gate] += sign * np.pi / 2
            key = (parameter[gate], slope[gate], sign)
            states[key] = Statevector(apart.assign_parameters(shifted))
    return states


def moments(values_of) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (P, O) and covariance (P, O, O) of a gradient estimate.

    Args:
        values_of: A state to the mean (O,) and the covariance (O, O) of one shot.
    """
    means, covariances = np.zeros((4, 4)), np.zeros((4, 4, 4))
    for (parameter, slope, sign), state in shifted_states().items():
        mean, covariance = values_of(state)
        size = len(mean)
        means[parameter, :size] += sign * slope * mean / 2
        covariances[parameter, :size, :size] += slope**2 * covariance / 4
    return means[:, :size], covariances[:, :size, :size] / SHOTS


def of_outcomes(state: Statevector) -> tuple[np.ndarray, np.ndarray]:
    mean = state.probabilities()
    return mean, np.diag(mean) - np.outer(mean, mean)


def of_observables(state: Statevector) -> tuple[np.ndarray, np.ndarray]:
    """One shot in the basis of Z for the first two and for ZZ, one in that of X for XX."""
    z1, z2, zz, xx = (
        state.expectation_value(SparsePauliOp(p)).real for p in ("IZ", "ZI", "ZZ", "XX")
    )
    mean = np.array([z1, z2, 0.5 * xx + 2 * zz])
    in_z = np.array([z1, z2, 2 * zz])
    second = np.array([[1, zz, 2 * z2], [zz, 1, 2 * z1], [2 * z2, 2 * z1, 4]])
    covariance = second - np.outer(in_z, in_z)
    covariance[2, 2] += 0.25 * (1 - xx**2)
    return mean, covariance


def assert_moments(samples: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> None:
    """Check samples (R, P, O): means by their standard error, second moments by theirs."""
    errors = np.sqrt(np.einsum("poo->po", covariance) / REPEATS)
    assert np.all(np.abs(samples.mean(0) - mean) <= LIMIT * errors + 1e-12)
    centred = samples - mean
    products = np.einsum("rpo,rpq->rpoq", centred, centred)
    spread = products.std(0) / REPEATS**0.5
    assert np.all(np.abs(products.mean(0) - covariance) <= LIMIT * spread + 1e-12)
    between = np.einsum("rpo,rqo->pqo", centred, centred)[np.triu_indices(4, 1)] / REPEATS
    scale = np.sqrt(np.einsum("poo->po", covariance))
    bound = np.array([scale[p] * scale[q] for p, q in zip(*np.triu_indices(4, 1), strict=True)])
    assert np.all(np.abs(between) <= LIMIT * bound / REPEATS**0.5 + 1e-12)


def test_expectation_gradients():
    gradient = TorchEstimatorGradient(TorchEstimator(shots=SHOTS, seed=3))
    circuit = ansatz()
    requests = [(o, row) for o in OBSERVABLES for row in range(REPEATS)]
    result = gradient.run(
        [circuit] * len(requests), [o for o, _ in requests], np.tile(VALUES, (len(requests), 1))
    ).result()
    samples = np.array(result.gradients).reshape(3, REPEATS, 4).transpose(1, 2, 0)
    assert_moments(samples, *moments(of_observables))


def test_outcome_gradients():
    gradient = TorchSamplerGradient(TorchSampler(shots=SHOTS, seed=4))
    circuit = ansatz()
    circuit.measure_all()
    slopes = gradient.run([circuit] * REPEATS, np.tile(VALUES, (REPEATS, 1))).result().gradients
    samples = np.array([[[own[k] for k in range(4)] for own in row] for row in slopes])
    assert_moments(samples, *moments(of_outcomes))


def networks(kind: str, shots: int, seed: int):
    x = Parameter("x")
    circuit = QuantumCircuit(2)
    circuit.rx(x, 0)
    circuit.compose(ansatz(), inplace=True)
    arguments = {"circuit": circuit, "input_params": [x], "weight_params": list(W)}
    if kind == "estimator":
        estimator = TorchEstimator(shots=shots, seed=seed)
        return EstimatorQNN(
            estimator=estimator,
            gradient=TorchEstimatorGradient(estimator),
            observables=OBSERVABLES,
            default_precision=0.0,
            input_gradients=True,
            **arguments,
        )
    sampler = TorchSampler(shots=shots, seed=seed)
    gradient = TorchSamplerGradient(sampler)
    return SamplerQNN(sampler=sampler, gradient=gradient, input_gradients=True, **arguments)


@pytest.mark.parametrize("kind", ["estimator", "sampler"])
def test_a_seed_repeats_the_stream_and_the_stream_never_repeats(kind):
    rows = np.zeros((2, 1))
    first, again, other = (networks(kind, 30, seed) for seed in (1, 1, 2))
    results = [network.backward(rows, VALUES)[1] for network in (first, first, again, again, other)]
    np.testing.assert_array_equal(results[0], results[2])
    np.testing.assert_array_equal(results[1], results[3])
    assert not np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[4])
    assert not np.array_equal(results[0][0], results[0][1])


@pytest.mark.parametrize("kind", ["estimator", "sampler"])
def test_many_shots_come_to_the_exact_gradient(kind, generator):
    rows = generator.uniform(-1, 1, (3, 1))
    exact, sampled = (networks(kind, shots, 5).backward(rows, VALUES) for shots in (None, 10**6))
    for found, expected in zip(sampled, exact, strict=True):
        # An observable adds up to 2.5, a standard error at most 2.5 / √(2 · 10⁶).
        np.testing.assert_allclose(found, expected, rtol=0, atol=LIMIT * 2.5 / (2e6) ** 0.5)


def test_only_what_is_wanted_is_measured(monkeypatch):
    """A parameter that is not asked for costs no circuit."""
    measured = []
    draw = parameter_shift.sampled_expectations

    def counted(observables, states, shots, generator):
        measured.append(states.shape[1])
        return draw(observables, states, shots, generator)

    monkeypatch.setattr(parameter_shift, "sampled_expectations", counted)
    gradient = TorchEstimatorGradient(TorchEstimator(shots=5, seed=0, dtype=torch.complex64))
    circuit = ansatz()
    job = gradient.run([circuit] * 2, [OBSERVABLES[0]] * 2, [VALUES] * 2, [[W[3]], [W[0]]])
    assert [len(slopes) for slopes in job.result().gradients] == [1, 1]
    # Two rows, two signs, and the three gates that the two parameters turn.
    assert sum(measured) == 2 * 2 * 3


@pytest.mark.parametrize("kind", ["estimator", "sampler"])
def test_a_connector_gives_the_gradients_of_the_stock_connector(kind):
    """Same seed, same stream: the same gradients to rounding. Outputs share their shots in ours, so
    they have noise of their own."""
    rows = torch.tensor([[0.3], [-0.8], [1.2]], dtype=torch.float64)
    results = []
    for connect in (TorchConnector, TorchSimulatorConnector):
        connector = connect(networks(kind, 50, 7), VALUES).double()
        inputs = rows.clone().requires_grad_()
        outputs = connector(inputs)
        (outputs * torch.arange(1.0, 1 + outputs.shape[1])).sum().backward()
        results.append((inputs.grad, connector.weight.grad))
    torch.testing.assert_close(*results, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["estimator", "sampler"])
def test_a_connector_measures_only_gradients_that_are_needed(kind, monkeypatch):
    measured = []
    original = parameter_shift.jacobian_by_angles

    def counted(cache, circuit, rows, num_outputs, wanted, slopes, **options):
        measured.append(len(wanted))
        return original(cache, circuit, rows, num_outputs, wanted, slopes, **options)

    monkeypatch.setattr(parameter_shift, "jacobian_by_angles", counted)
    connector = TorchSimulatorConnector(networks(kind, 50, 7), VALUES)
    connector(torch.zeros(2, 1)).sum().backward()
    connector.weight.requires_grad_(False)
    connector(torch.zeros(2, 1, requires_grad=True)).sum().backward()
    assert measured == [4, 1]


def test_the_key_of_a_connectors_circuit_is_made_once(monkeypatch):
    made = []

    def counted(circuit):
        made.append(circuit)
        return circuit_content(circuit)

    for module in (cache, measured_circuit):
        monkeypatch.setattr(module, "circuit_content", counted)
    connector = TorchSimulatorConnector(networks("estimator", 50, 7), VALUES)
    for _ in range(2):
        connector(torch.zeros(2, 1, requires_grad=True)).sum().backward()
    assert len(made) == 1


@pytest.mark.parametrize("shots", [None, 10**6])
def test_connectors_can_be_pickled(shots):
    """Where the network can be: a SamplerQNN of Qiskit ML holds a local function.

    Shots of the copy are its own: two outputs of a million shots are equal once in a thousand.
    """
    connector = TorchSimulatorConnector(networks("estimator", shots, 7), VALUES)
    rows = torch.tensor([[0.3], [-0.8]])
    connector(rows)
    restored = pickle.loads(pickle.dumps(connector))
    for _ in range(2):
        found, expected = restored(rows), connector(rows)
        assert torch.equal(found, expected) == (shots is None)
        torch.testing.assert_close(found, expected, rtol=0, atol=0.02)
