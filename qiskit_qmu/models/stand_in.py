"""A model without its circuits: to learn how it uses them before any of them runs."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar, final

import torch

from qiskit_qmu.backends import connectors_of
from qiskit_qmu.models.parameters import clone_module

Module = TypeVar("Module", bound=torch.nn.Module)


@final
@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a TorchConnector.

    Attributes:
        position: The connector's, among those of the model.
        rows: Rows that it was given.
        inputs: Whether its inputs are differentiated.
    """

    position: int
    rows: int
    inputs: bool


@final
@dataclass(frozen=True)
class WithoutCircuits(Generic[Module]):
    """A copy of a model whose connectors answer zeros at once.

    Attributes:
        module: The copy.
        calls: What its connectors are asked for, in order.
    """

    module: Module
    calls: list[Call]


def without_circuits(module: Module) -> WithoutCircuits[Module]:
    """Return a copy of a module that runs no circuit and writes down what would run.

    Args:
        module: Any module; it stays as it is.
    """
    copy = clone_module(module)
    connectors, calls = connectors_of(copy), list[Call]()

    def answer(position: int, input_data: torch.Tensor | None = None) -> torch.Tensor:
        connector = connectors[position]
        network, weight = connector.neural_network, connector.weight
        x = weight.new_zeros(network.num_inputs) if input_data is None else input_data
        inputs = x.requires_grad and network.input_gradients
        calls.append(Call(position=position, rows=math.prod(x.shape[:-1]), inputs=inputs))
        zeros = x.new_zeros((*x.shape[:-1], *network.output_shape))
        return zeros + 0.0 * (x.sum() + weight.sum())

    for position, connector in enumerate(connectors):
        vars(connector)["forward"] = partial(answer, position)
    return WithoutCircuits(copy, calls)
