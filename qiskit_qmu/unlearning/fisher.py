"""The diagonal of the empirical Fisher information, example by example."""

from functools import partial

import torch

from qiskit_qmu.backends import ConnectorCost, Usage, connectors_of
from qiskit_qmu.data import Rows
from qiskit_qmu.models import Part, clone_module, named_parameters, per_example_gradients
from qiskit_qmu.training import checked_rows

_ROWS_AT_ONCE = 256


def fisher_diagonal(
    module: torch.nn.Module, rows: Rows, *, part: Part = "all"
) -> tuple[dict[str, torch.Tensor], Usage]:
    """Return I_i = mean over the rows of (∂ ln p(y|x) / ∂θ_i)².

    Squares are taken row by row: the square of a batch's mean gradient, as in the reference code of
    selective synaptic dampening, would depend on the batch size.

    Args:
        module: Any module that returns logits.
        rows: Rows with labels.
        part: Whose parameters: "all", "quantum" or "classical".

    Returns:
        The diagonal in float64 by parameter name, and what it cost.

    Raises:
        InputError: If the part is unknown or has no parameters.
    """
    x, y = checked_rows(rows.x, rows.y)
    totals: dict[str, torch.Tensor] = {}
    for chunk, labels in zip(x.split(_ROWS_AT_ONCE), y.split(_ROWS_AT_ONCE), strict=True):
        for name, gradient in per_example_gradients(module, chunk, labels, part=part).items():
            square = gradient.double().square().sum(0)
            totals[name] = totals[name] + square if name in totals else square
    usage = _usage(module, x, part)
    return {name: total / len(x) for name, total in totals.items()}, usage


def _usage(module: torch.nn.Module, x: torch.Tensor, part: Part) -> Usage:
    usage = Usage()
    for connector, inputs in zip(
        connectors_of(module), _needs_input_gradients(module, x[:1], part), strict=True
    ):
        cost = ConnectorCost.of(connector)
        weights = connector.weight.requires_grad and part != "classical"
        for chunk in x.split(_ROWS_AT_ONCE):
            usage += cost.forward(len(chunk))
            if weights or inputs:
                usage += cost.backward(len(chunk), weights=weights, inputs=inputs)
    return usage


def _needs_input_gradients(module: torch.nn.Module, row: torch.Tensor, part: Part) -> list[bool]:
    """Tell, for each connector, whether what stands in front of it is differentiated.

    One row goes through a copy whose circuits are not run.
    """
    copy = clone_module(module).eval()
    chosen = {id(parameter) for parameter in named_parameters(copy, part).values()}
    for parameter in copy.parameters():
        parameter.requires_grad_(id(parameter) in chosen)
    connectors = connectors_of(copy)
    needed = [False] * len(connectors)

    def stand_in(position: int, x: torch.Tensor) -> torch.Tensor:
        connector = connectors[position]
        needed[position] = x.requires_grad and connector.neural_network.input_gradients
        shape = (*x.shape[:-1], *connector.neural_network.output_shape)
        return x.new_zeros(shape) + 0.0 * (x.sum() + connector.weight.sum())

    for position, connector in enumerate(connectors):
        vars(connector)["forward"] = partial(stand_in, position)
    with torch.enable_grad():
        copy(row)
    return needed
