"""What both models share: outputs, seeds, copies, and moving to another backend."""

import copy

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Statevector
from tiny_models import basic, hybrid, iris, same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.models import BasicQNN, ClassifierConfig, HybridQNN, parameter_counts

READOUTS = ("expectation", "probabilities")
ENCODINGS = ("ry", "rx-ry-rz", "zz", "amplitude")
BUILDERS = {"basic": basic, "hybrid": hybrid}


@pytest.fixture(params=BUILDERS)
def build(request):
    return BUILDERS[request.param]


def _state(model, angles):
    values = dict(zip(model.qnn.inputs, angles, strict=True))
    values |= dict(zip(model.qnn.weights, model.quantum.weight.tolist(), strict=True))
    return Statevector(model.qnn.circuit.assign_parameters(values))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("readout", READOUTS)
def test_circuit_outputs_are_those_of_qiskits_statevector(build, readout, encoding):
    model = build(readout=readout, encoding=encoding, seed=3)
    model.fit_inputs(iris().x_train)
    x = torch.tensor(iris().x_train[:3])
    with torch.no_grad():
        angles = model.angles(x)
        outputs = model.quantum(angles).numpy()
        logits = model(x)
    assert logits.shape == (3, 3)
    assert logits.dtype == torch.float32
    for row, own in zip(angles.tolist(), outputs, strict=True):
        probabilities = _state(model, row).probabilities()
        if readout == "probabilities":
            expected = np.bincount(np.arange(8) % 3, weights=probabilities)
        else:
            signs = [[1 - 2 * (k >> qubit & 1) for k in range(8)] for qubit in range(3)]
            expected = np.array(signs) @ probabilities
        np.testing.assert_allclose(own, expected, atol=1e-5)


@pytest.mark.parametrize("encoding", ["ry", "amplitude"])
@pytest.mark.parametrize("readout", READOUTS)
def test_every_parameter_has_a_gradient(build, readout, encoding):
    model = build(readout=readout, encoding=encoding, seed=1)
    model.fit_inputs(iris().x_train)
    x, y = torch.tensor(iris().x_train[:20]), torch.tensor(iris().y_train[:20])
    torch.nn.functional.cross_entropy(model(x), y).backward()
    for name, parameter in model.named_parameters():
        assert float(parameter.grad.abs().max()) > 1e-6, name


def test_parameter_counts_by_hand():
    # 2 layers of RY, RZ on 3 qubits, less the RZ of the last layer; head 3 → 3.
    assert basic().parameter_counts() == {"quantum": 2 * 6 - 3, "classical": 3 * 3 + 3}
    # Dense 4 → 32 → 3 in front.
    classical = (4 * 32 + 32) + (32 * 3 + 3) + 12
    assert hybrid().parameter_counts() == {"quantum": 3, "classical": classical}
    # Convolutions 1 → 8 → 16 of 3 × 3, two poolings to 7 × 7, dense to 10 angles, head 10 → 10.
    front = (9 + 1) * 8 + (8 * 9 + 1) * 16 + (16 * 7 * 7 + 1) * 10
    assert HybridQNN().parameter_counts() == {"quantum": 5 * 20 - 10, "classical": front + 110}


def test_with_an_even_number_of_qubits_outcomes_are_grouped_by_the_next_odd_number():
    model = BasicQNN(2, 2, 2, 1, readout="probabilities")
    assert model.quantum(torch.zeros(1, 2)).shape == (1, 3)
    assert model.head.in_features == 3


def test_a_seed_decides_the_weights(build):
    first, again, other = (weights_of(build(seed=seed)) for seed in (5, 5, 6))
    assert same_weights(first, again)
    assert not torch.equal(first["quantum.weight"], other["quantum.weight"])
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_building_leaves_the_global_random_states_alone(build):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    build().clone().on(open_backend("exact"))
    assert torch.equal(torch_state, torch.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])  # noqa: NPY002


def test_a_clone_has_its_own_weights_on_the_same_network_and_backend(build):
    model = build()
    model.fit_inputs(iris().x_train)
    before = weights_of(model)
    clone = model.clone()
    assert clone.backend is model.backend
    assert clone.quantum.neural_network is model.quantum.neural_network
    assert same_weights(before, weights_of(clone))
    with torch.no_grad():
        for tensor in (*clone.parameters(), *clone.buffers()):
            tensor += 1
    assert same_weights(before, weights_of(model))


def test_a_clone_with_shots_sees_other_noise_than_its_original():
    model = basic(backend=open_backend("exact", shots=100))
    x = torch.full((4, 3), 0.5)
    with torch.no_grad():
        assert not torch.equal(model.clone().quantum(x), model.quantum(x))


@pytest.mark.parametrize("readout", READOUTS)
def test_on_another_backend_the_same_weights_give_the_same_outputs(build, readout):
    model = build(readout=readout)
    model.fit_inputs(iris().x_train)
    backend = open_backend("exact", seed=9)
    moved = model.on(backend)
    x = torch.tensor(iris().x_train[:5])
    with torch.no_grad():
        assert torch.equal(model(x), moved(x))
    assert moved.backend is backend
    assert moved.quantum is not model.quantum
    assert same_weights(weights_of(model), weights_of(moved))


@pytest.mark.parametrize("readout", READOUTS)
def test_on_shots_outputs_scatter_about_the_exact_ones(readout):
    model = basic(readout=readout, seed=2)
    sampled = model.on(open_backend("exact", shots=4000, seed=1))
    x = torch.tensor([[0.3, 1.0, 2.0]]).repeat(8, 1)
    with torch.no_grad():
        error = (sampled.quantum(x) - model.quantum(x)).abs().max()
    # Deviation at most 1/√4000 = 0.016 for each of 24 numbers: above 6 of it with p < 1e-7.
    assert 0 < float(error) < 6 / 4000**0.5


def test_a_frozen_circuit_stays_frozen_on_another_backend(build):
    model = build()
    model.quantum.requires_grad_(False)
    assert not model.on(open_backend("exact")).quantum.weight.requires_grad
    assert not model.clone().quantum.weight.requires_grad


def test_observe_names_the_shots():
    model = basic(backend=open_backend("exact", shots=50))
    model.fit_inputs(iris().x_train)
    assert model.observe(iris().x_test[:2], iris().y_test[:2]).shots == 50
    exact = basic()
    exact.fit_inputs(iris().x_train)
    assert exact.observe(iris().x_test[:2], iris().y_test[:2]).shots is None


def test_config_survives_json_values():
    config = basic(rotations=("rx", "rz"), entangling_gate="cx").config
    assert ClassifierConfig.from_dict(config.to_dict()) == config
    assert copy.deepcopy(config) == config


def test_counts_of_a_model_without_a_circuit():
    assert parameter_counts(torch.nn.Linear(3, 2)) == {"quantum": 0, "classical": 8}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 1}, "num_classes must be an integer of at least 2, got 1"),
        ({"num_qubits": 0}, "num_(features|qubits) must be an integer of at least 1, got 0"),
        ({"num_layers": 0}, "num_layers must be an integer of at least 1, got 0"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"readout": "counts"}, "readout must be one of expectation, probabilities; got 'counts'"),
        ({"encoding": "angle"}, "must be one of ry, rx-ry-rz, zz, amplitude; got 'angle'"),
        (
            {"entanglement": "star"},
            "entanglement must be one of ring, linear, full, none; got 'star'",
        ),
        ({"entangling_gate": "swap"}, "entangling_gate must be one of cx, cz; got 'swap'"),
        ({"rotations": ("ry", "u")}, "rotation must be one of rx, ry, rz; got 'u'"),
    ],
)
def test_bad_arguments_are_refused(build, options, message):
    with pytest.raises(InputError, match=message):
        build(**options)
