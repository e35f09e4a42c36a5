"""The diagonal of the empirical Fisher information, example by example."""

import torch

from qiskit_qmu.backends import ConnectorCost, Usage, connectors_of
from qiskit_qmu.data import Rows
from qiskit_qmu.models import Part, per_example_gradients
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
    for start in range(0, len(x), _ROWS_AT_ONCE):
        chunk = slice(start, start + _ROWS_AT_ONCE)
        for name, gradient in per_example_gradients(module, x[chunk], y[chunk], part=part).items():
            square = gradient.double().square().sum(0)
            totals[name] = totals[name] + square if name in totals else square
    usage = _usage(module, len(x), totals)
    return {name: total / len(x) for name, total in totals.items()}, usage


def _usage(module: torch.nn.Module, rows: int, names: dict[str, torch.Tensor]) -> Usage:
    usage = Usage()
    parameters = dict(module.named_parameters())
    wanted = {id(parameters[name]) for name in names}
    quantum = {id(c.weight) for c in connectors_of(module)}
    for connector in connectors_of(module):
        cost = ConnectorCost.of(connector)
        weights = id(connector.weight) in wanted
        # Classical parameters may stand in front of the circuit: then its inputs count too.
        inputs = bool(wanted - quantum) and connector.neural_network.input_gradients
        usage += cost.forward(rows) + cost.backward(rows, weights=weights, inputs=inputs)
    return usage
