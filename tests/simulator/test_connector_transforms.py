"""TorchSimulatorConnector under torch.func: per-example gradients, Jacobians, ensembles."""

import numpy as np
import pytest
import torch
from connector_networks import STOCK, WEIGHTS, expectations

from qiskit_qmu.simulator import TorchSimulatorConnector


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


def test_second_derivatives_are_refused_and_not_zero():
    connector = TorchSimulatorConnector(expectations(), WEIGHTS)
    (gradient,) = torch.autograd.grad(
        connector(torch.rand(2, 2)).sum(), connector.weight, create_graph=True
    )
    with pytest.raises(NotImplementedError, match="no second derivative"):
        gradient.sum().backward()
