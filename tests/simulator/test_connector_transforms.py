"""TorchSimulatorConnector under torch.func: per-example gradients, Jacobians, ensembles."""

import numpy as np
import pytest
import torch
from connector_networks import STOCK, WEIGHTS

from qiskit_qmu.simulator import TorchSimulatorConnector
from qiskit_qmu.simulator.engine import adjoint
from qiskit_qmu.simulator.engine.gate_kernels import LayerKernel


@pytest.fixture(params=STOCK, ids=lambda network: network.__name__)
def network(request: pytest.FixtureRequest):
    return request.param


def of_weight(connector: TorchSimulatorConnector):
    """Return the outputs as a function of weight and rows."""

    def outputs(weight: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(connector, {"weight": weight}, (rows,))

    return outputs


@pytest.fixture
def exact(network) -> TorchSimulatorConnector:
    return TorchSimulatorConnector(network(), WEIGHTS).double()


@pytest.fixture
def rows(generator) -> torch.Tensor:
    return torch.tensor(generator.uniform(-2, 2, (4, 2)))


def test_per_example_gradients_add_up_to_the_batch_gradient(exact, rows):
    def loss(weight: torch.Tensor, row: torch.Tensor) -> torch.Tensor:
        return of_weight(exact)(weight, row).square().sum()

    examples = torch.func.vmap(torch.func.grad(loss), (None, 0))(exact.weight.detach(), rows)
    assert examples.shape == (4, len(WEIGHTS))
    (batch,) = torch.autograd.grad(exact(rows).square().sum(), exact.weight)
    torch.testing.assert_close(examples.sum(0), batch, rtol=0, atol=1e-12)
    for row, example in zip(rows, examples, strict=True):
        (alone,) = torch.autograd.grad(exact(row).square().sum(), exact.weight)
        torch.testing.assert_close(example, alone, rtol=0, atol=1e-12)


def test_per_example_jacobians(exact, rows):
    jacobian = torch.func.vmap(torch.func.jacrev(of_weight(exact)), (None, 0))
    examples = jacobian(exact.weight.detach(), rows)
    stock = exact.neural_network.backward(rows.numpy(), exact.weight.detach().numpy())[1]
    np.testing.assert_allclose(examples, stock, rtol=0, atol=1e-12)


def test_input_jacobians(exact, rows):
    jacobian = torch.func.vmap(torch.func.jacrev(of_weight(exact), 1), (None, 0))
    examples = jacobian(exact.weight.detach(), rows)
    stock = exact.neural_network.backward(rows.numpy(), exact.weight.detach().numpy())[0]
    np.testing.assert_allclose(examples, stock, rtol=0, atol=1e-12)


def test_ensembles(exact, rows, generator):
    """Several members' weights at once, and their gradients."""
    weights = torch.tensor(generator.uniform(-2, 2, (3, len(WEIGHTS))))
    outputs = torch.func.vmap(of_weight(exact), (0, None))(weights, rows)

    def loss(weight: torch.Tensor) -> torch.Tensor:
        return of_weight(exact)(weight, rows).square().sum()

    gradients = torch.func.vmap(torch.func.grad(loss))(weights)
    for member in range(3):
        torch.testing.assert_close(outputs[member], of_weight(exact)(weights[member], rows))
        torch.testing.assert_close(gradients[member], torch.func.grad(loss)(weights[member]))


def first_in_inference_mode(connector: TorchSimulatorConnector, rows: torch.Tensor) -> None:
    with torch.inference_mode():
        connector(rows)


def first_without_gradient(connector: TorchSimulatorConnector, rows: torch.Tensor) -> None:
    with torch.no_grad():
        connector(rows)


def first_in_a_transform(connector: TorchSimulatorConnector, rows: torch.Tensor) -> None:
    def total(weight: torch.Tensor, row: torch.Tensor) -> torch.Tensor:
        return of_weight(connector)(weight, row).sum()

    torch.func.vmap(torch.func.grad(total), (None, 0))(connector.weight.detach(), rows)


FIRST_CALLS = [first_in_inference_mode, first_without_gradient, first_in_a_transform]


@pytest.mark.parametrize("first_call", FIRST_CALLS)
def test_it_does_not_matter_where_it_is_called_first(first_call, exact, rows):
    """What the first call prepares is kept, and must be good for training afterwards."""
    first_call(exact, rows)
    exact(rows).sum().backward()
    first_in_a_transform(exact, rows)
    assert exact.weight.grad.abs().sum() > 0


def test_members_with_rows_of_their_own_and_gradients_of_each_row(exact, generator):
    """Shadow models: each member has its own weights and rows, and each row its own gradient."""
    weights = torch.tensor(generator.uniform(-2, 2, (3, len(WEIGHTS))))
    rows = torch.tensor(generator.uniform(-2, 2, (3, 4, 2)))

    def loss(weight: torch.Tensor, row: torch.Tensor) -> torch.Tensor:
        return of_weight(exact)(weight, row).square().sum()

    of_rows = torch.func.vmap(torch.func.grad(loss, (0, 1)), (None, 0))
    of_members = torch.func.vmap(of_rows)(weights, rows)
    of_pairs = torch.func.vmap(torch.func.vmap(torch.func.grad(loss, (0, 1))), (None, 0))(
        weights, rows.movedim(1, 0)
    )
    for member in range(3):
        expected = of_rows(weights[member], rows[member])
        for got, swapped, own in zip(of_members, of_pairs, expected, strict=True):
            torch.testing.assert_close(got[member], own)
            torch.testing.assert_close(swapped[:, member], own)


def test_members_share_one_pass(network, rows, monkeypatch):
    """Stacked weights are not looped over: each step is applied once."""
    exact = TorchSimulatorConnector(network(), WEIGHTS, engine="torch").double()
    calls = []
    apply = LayerKernel.apply

    def counted(self, state, operand):
        calls.append(state.shape)
        return apply(self, state, operand)

    torch.func.vmap(of_weight(exact), (0, None))(torch.rand(1, len(WEIGHTS)).double(), rows)
    monkeypatch.setattr(LayerKernel, "apply", counted)
    of_weight(exact)(exact.weight.detach(), rows)
    alone = len(calls)
    torch.func.vmap(of_weight(exact), (0, None))(torch.rand(64, len(WEIGHTS)).double(), rows)
    assert len(calls) == 2 * alone
    assert calls[-1][0] == 64


def test_hessian_vector_products(exact, rows, generator):
    """By double backward, by torch.func, and by central differences of the gradient."""
    vector = torch.tensor(generator.normal(size=len(WEIGHTS)))
    weight = exact.weight.detach()

    def loss(weight: torch.Tensor) -> torch.Tensor:
        return of_weight(exact)(weight, rows).square().sum()

    (gradient,) = torch.autograd.grad(exact(rows).square().sum(), exact.weight, create_graph=True)
    (backward,) = torch.autograd.grad(gradient @ vector, exact.weight)
    _, pull_back = torch.func.vjp(torch.func.grad(loss), weight)
    torch.testing.assert_close(backward, pull_back(vector)[0])
    torch.testing.assert_close(backward, torch.func.jacrev(torch.func.grad(loss))(weight) @ vector)
    step = 1e-5
    ahead, behind = (torch.func.grad(loss)(weight + sign * step * vector) for sign in (1, -1))
    torch.testing.assert_close(backward, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-8)


def test_gradient_penalty(exact, rows):
    """A loss of the input gradient can be trained."""
    inputs = rows.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(exact(inputs).square().sum(), inputs, create_graph=True)
    slopes.square().sum().backward()
    weight = exact.weight.detach().clone()
    step = 1e-5

    def penalty(weight: torch.Tensor) -> torch.Tensor:
        return torch.func.grad(lambda x: of_weight(exact)(weight, x).square().sum())(rows)

    for index in range(len(WEIGHTS)):
        shift = step * torch.eye(len(WEIGHTS)).double()[index]
        ahead, behind = (penalty(weight + sign * shift).square().sum() for sign in (1, -1))
        slope = (ahead - behind) / (2 * step)
        torch.testing.assert_close(exact.weight.grad[index], slope, rtol=1e-6, atol=1e-7)


def test_members_in_groups_are_members_all_the_same(exact, rows, generator, monkeypatch):
    """Many members of a large circuit run in groups that fit the processor's cache."""
    weights = torch.tensor(generator.uniform(-2, 2, (7, len(WEIGHTS))))
    own_rows = torch.tensor(generator.uniform(-2, 2, (7, 4, 2)))

    def loss(weight: torch.Tensor, row: torch.Tensor) -> torch.Tensor:
        return of_weight(exact)(weight, row).square().sum()

    def everything():
        examples = torch.func.vmap(torch.func.grad(loss, (0, 1)), (None, 0))
        return (
            torch.func.vmap(of_weight(exact), (0, None))(weights, rows),
            torch.func.vmap(torch.func.grad(loss), (0, None))(weights, rows),
            torch.func.vmap(examples)(weights, own_rows),
        )

    together = everything()
    # Three members' states of three qubits and four rows.
    monkeypatch.setattr(adjoint, "CACHE_BYTES", 3 * 4 * 8 * 16)
    torch.testing.assert_close(everything(), together)
