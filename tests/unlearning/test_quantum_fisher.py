"""The quantum Fisher information against Qiskit's states, and strategies that use it, by hand."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Statevector, partial_trace
from qiskit.quantum_info import concurrence as qiskit_concurrence
from tiny_models import StockClassifier, hybrid, iris_split, point_split, sequential
from torch.nn.functional import cross_entropy

from qiskit_qmu._check import InputError
from qiskit_qmu.models import BasicQNN
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.simulator.readout.quantum_fisher import state_fisher_information
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    EntanglementPruning,
    FubiniStudyAscent,
    NaturalGradientAscent,
    ShapleyAscent,
    fisher_diagonal,
    quantum_fisher_information,
)
from qiskit_qmu.unlearning.concurrence import layer_concurrence
from qiskit_qmu.unlearning.quantum_fisher import importance_ratios
from qiskit_qmu.unlearning.shapley_ascent import parameter_groups, shapley_values

SPLIT = iris_split()
X, Y = torch.tensor(SPLIT.forget.x), torch.tensor(SPLIT.forget.y)
ONE_STEP = {"batch_size": 100, "max_epochs": 1, "confidence_threshold": 0.0}


@pytest.fixture(scope="module")
def trained():
    model = hybrid(seed=1, num_layers=2)
    Trainer(epochs=20, batch_size=8, learning_rate=0.02).fit(
        model, SPLIT.train.x, SPLIT.train.y, generator=0
    )
    forget_training_rows(model)  # (so that splits may hold out rows that it was trained on)
    return model


def _slow(circuit, row, wanted):
    """The definition, with Qiskit's states and differences of sixth order."""
    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    step = 1e-2

    def state(column, shift):
        moved = row.copy()
        moved[column] += shift
        return Statevector(circuit.assign_parameters(moved)).data

    own = state(0, 0.0)
    slopes = [
        sum(w * (state(k, n * step) - state(k, -n * step)) for n, w in weights.items()) / step
        for k in wanted
    ]
    return np.array(
        [
            [4 * (np.vdot(a, b) - np.vdot(a, own) * np.vdot(own, b)).real for b in slopes]
            for a in slopes
        ]
    )


def test_the_information_of_a_circuit_is_that_of_its_states(generator):
    """With a shared parameter, one inside an expression, and one that moves nothing."""
    a, b, c, d, x = map(Parameter, "abcdx")
    circuit = QuantumCircuit(3)
    circuit.rz(d, 0)  # of |0⟩: a global phase
    circuit.ry(x, 0)
    circuit.rx(a, 1)
    circuit.cx(0, 1)
    circuit.ry(2 * b + x, 1)
    circuit.crz(c, 1, 2)
    circuit.rzz(b, 0, 2)
    circuit.rx(a, 2)
    circuit.cry(c, 0, 2)
    rows = generator.uniform(-3, 3, (2, 5))
    found = state_fisher_information(circuit, rows, [0, 1, 2, 3])
    expected = np.mean([_slow(circuit, row, [0, 1, 2, 3]) for row in rows], axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-8)
    np.testing.assert_allclose(found[3], 0.0, atol=1e-12)
    diagonal = state_fisher_information(circuit, rows, [2, 0], diagonal=True)
    np.testing.assert_allclose(diagonal, expected.diagonal()[[2, 0]], atol=1e-8)


@pytest.mark.parametrize("make", [lambda: hybrid(seed=1, num_layers=2), StockClassifier])
def test_of_a_model_it_is_the_infidelity_of_an_angle_moved_by_half_a_turn(make):
    """F_k = 1 − |⟨ψ(θ)|ψ(θ + π e_k)⟩|² for an angle of one rotation."""
    model = make()
    split = SPLIT if hasattr(model, "front") else point_split()
    quantum = model.quantum if hasattr(model, "quantum") else model.circuit
    rows = torch.tensor(split.forget.x[:2])
    inputs = []
    handle = quantum.register_forward_hook(lambda _own, given, _out: inputs.append(given[0]))
    with torch.no_grad():
        model(rows)
    handle.remove()
    network = quantum.neural_network
    (found,) = quantum_fisher_information(model, split.forget.take(range(2)))[0].values()
    angles = quantum.weight.detach().numpy().astype(float)
    expected = np.zeros(len(angles))
    for row in inputs[0].numpy().astype(float):
        values = dict(zip(network.input_params, row, strict=True))
        states = [
            Statevector(
                network.circuit.assign_parameters(
                    values | dict(zip(network.weight_params, moved, strict=True))
                )
            )
            for moved in [angles, *(angles + math.pi * np.eye(len(angles)))]
        ]
        expected += [1 - abs(states[0].inner(other)) ** 2 for other in states[1:]]
    np.testing.assert_allclose(found, expected / 2, atol=1e-8)


def test_inputs_of_a_circuit_behind_a_circuit_are_measured():
    first, second = sequential(), sequential(num_features=3)
    model = torch.nn.Sequential(first, second)
    rows = SPLIT.forget.take(range(3))
    found, usage = quantum_fisher_information(model, rows)
    assert usage.forward_evaluations == 6
    with torch.no_grad():
        between = first(torch.tensor(rows.x)).numpy()
    (alone,) = quantum_fisher_information(second, replace(rows, x=between))[0].values()
    torch.testing.assert_close(found["1.1.weight"], alone)


def test_the_mask_is_the_largest_ratios_of_angles_and_of_others(trained):
    strategy = FubiniStudyAscent(**ONE_STEP, share=0.3, optimizer="sgd", learning_rate=0.1)
    after = strategy(trained, SPLIT, generator=0).model
    own, kept = (
        quantum_fisher_information(trained, rows)[0]["quantum.weight"]
        for rows in (SPLIT.forget, SPLIT.retain)
    )
    chosen = torch.argsort(own / kept, descending=True)[: int(0.3 * len(own))]
    gradient = torch.autograd.grad(cross_entropy(trained(X), Y), trained.quantum.weight)[0]
    expected = torch.zeros(len(own))
    expected[chosen] = 0.1 * gradient[chosen]
    moved = (after.quantum.weight - trained.quantum.weight).detach()
    torch.testing.assert_close(moved, expected, atol=1e-5, rtol=1e-3)
    others = [n for n, _ in trained.named_parameters() if n != "quantum.weight"]
    changed = sum(int((after.get_parameter(n) != trained.get_parameter(n)).sum()) for n in others)
    assert changed <= int(0.3 * sum(trained.get_parameter(n).numel() for n in others))


@pytest.mark.parametrize(("metric", "rows"), [("matrix", "retain"), ("diagonal", "forget")])
def test_a_step_of_the_natural_gradient_by_hand(metric, rows, trained):
    strategy = NaturalGradientAscent(
        **ONE_STEP, metric=metric, rows=rows, damping=0.2, learning_rate=0.05
    )
    after = strategy(trained, SPLIT, generator=0).model
    part = getattr(SPLIT, rows)
    quantum = quantum_fisher_information(trained, part, diagonal=False)[0]["quantum.weight"]
    fisher = fisher_diagonal(trained, part, part="classical")[0]
    loss = cross_entropy(trained(X), Y)
    natural, slope = {}, 0.0
    for name, parameter in trained.named_parameters():
        gradient = torch.autograd.grad(loss, parameter, retain_graph=True)[0].double()
        if name == "quantum.weight":
            whole = quantum if metric == "matrix" else quantum.diagonal().diag()
            inverse = torch.linalg.inv(whole + 0.2 * torch.eye(len(whole)))
            natural[name] = inverse @ gradient
        else:
            natural[name] = gradient / (fisher[name] + 0.2)
        slope += float((gradient * natural[name]).sum())
    for name, parameter in trained.named_parameters():
        moved = after.get_parameter(name).detach() - parameter.detach()
        expected = (0.05 * natural[name] / math.sqrt(slope)).float()
        torch.testing.assert_close(moved, expected, atol=2e-6, rtol=2e-3, msg=name)


def test_entanglement_is_that_of_the_pairs_behind_a_layer():
    model = BasicQNN(
        num_classes=3, num_qubits=3, num_layers=2, rotations=("ry",), seed=2, num_features=3
    )
    network = model.quantum.neural_network
    rows, weights = np.array([[0.3, 1.0, -0.7], [2.0, 0.1, 0.4]]), np.linspace(0.4, 2.0, 6)
    found = layer_concurrence(network, rows, weights)
    values = [
        dict(zip(network.input_params, row, strict=True))
        | dict(zip(network.weight_params, weights, strict=True))
        for row in rows
    ]
    data = list(network.circuit.data)
    last = [k for k, own in enumerate(data) if len(own.qubits) == 2]
    # The first layer ends with its ring of gates; the second has rotations alone.
    for layer, end in enumerate([last[-1], len(data) - 1]):
        pairs = {
            tuple(sorted(network.circuit.find_bit(q).index for q in data[k].qubits)) for k in last
        }
        part = network.circuit.copy_empty_like()
        for own in data[: end + 1]:
            part.append(own)
        each = [
            qiskit_concurrence(
                partial_trace(
                    Statevector(part.assign_parameters({p: v[p] for p in part.parameters})),
                    [q for q in range(3) if q not in pair],
                )
            )
            for v in values
            for pair in pairs
        ]
        np.testing.assert_allclose(found[3 * layer : 3 * layer + 3], np.mean(each), atol=1e-6)


@pytest.mark.parametrize(("prune", "sign"), [("least", 1), ("most", -1)])
def test_pruned_angles_are_those_of_the_smallest_or_largest_score_and_stay_zero(
    prune, sign, trained
):
    strategy = EntanglementPruning(prune=prune, share=0.4, epochs=2)
    after = strategy(trained, SPLIT, generator=0).model
    information = quantum_fisher_information(trained, SPLIT.forget)[0]["quantum.weight"].numpy()
    quantum = trained.quantum
    inputs = []
    handle = quantum.register_forward_hook(lambda _own, given, _out: inputs.append(given[0]))
    trained(X)
    handle.remove()
    weights = quantum.weight.detach().numpy().astype(float)
    entanglement = layer_concurrence(
        quantum.neural_network, inputs[0].detach().numpy().astype(float), weights
    )
    order = np.argsort(sign * information * entanglement)
    pruned = set(order[: int(0.4 * len(order))].tolist())
    zero = set(np.flatnonzero(after.quantum.weight.detach().numpy() == 0).tolist())
    assert zero == pruned
    with pytest.raises(InputError, match="needs trainable angles"):
        EntanglementPruning(parameters="classical")(trained, SPLIT, generator=0)


def test_shapley_values_are_the_mean_over_all_orders(generator):
    worth = {frozenset(s): float(generator.normal()) for s in _subsets(3)}
    exact = np.zeros(3)
    for order in permutations(range(3)):
        for place, player in enumerate(order):
            before = frozenset(order[:place])
            exact[player] += (worth[before | {player}] - worth[before]) / 6
    found = shapley_values(worth.__getitem__, 3, 4000, generator)
    np.testing.assert_allclose(found, exact, atol=0.1)
    assert found.sum() == pytest.approx(worth[frozenset(range(3))] - worth[frozenset()])


def _subsets(count):
    return [[k for k in range(count) if mask >> k & 1] for mask in range(2**count)]


def test_a_step_by_shapley_values_by_hand(trained):
    strategy = ShapleyAscent(**ONE_STEP, permutations=2, optimizer="sgd", learning_rate=0.1)
    result = strategy(trained, SPLIT, generator=3)
    groups = parameter_groups(trained, "all")
    assert [sorted(group) for group in groups] == [
        ["quantum.weight"],
        ["quantum.weight"],
        ["head.bias", "head.weight"],
        ["front.0.bias", "front.0.weight"],
        ["front.2.bias", "front.2.weight"],
    ]
    shapley = list(result.history[0].values())
    with torch.no_grad():  # their sum is what all weights together are worth
        zero = trained.clone()
        for parameter in zero.parameters():
            parameter.zero_()
        gain = cross_entropy(zero(X), Y) - cross_entropy(trained(X), Y)
    assert sum(shapley) == pytest.approx(float(gain), abs=1e-4)
    ratios = importance_ratios(
        *(
            quantum_fisher_information(trained, rows)[0]
            | fisher_diagonal(trained, rows, part="classical")[0]
            for rows in (SPLIT.forget, SPLIT.retain)
        )
    )
    product = {name: torch.zeros_like(own) for name, own in ratios.items()}
    for group, share in zip(groups, shapley, strict=True):
        for name, mask in group.items():
            product[name] += abs(share) * mask * ratios[name]
    every = torch.cat([own.flatten() for own in product.values()]).sort(descending=True).values
    alpha = every[int(0.25 * len(every)) - 1]
    loss = cross_entropy(trained(X), Y)
    for name, parameter in trained.named_parameters():
        gradient = torch.autograd.grad(loss, parameter, retain_graph=True)[0]
        moved = result.model.get_parameter(name).detach() - parameter.detach()
        expected = 0.1 * gradient * (product[name] / alpha).clamp_max(1.0).float()
        torch.testing.assert_close(moved, expected, atol=2e-6, rtol=2e-3, msg=name)
