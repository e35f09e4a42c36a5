"""The diagonal of the empirical Fisher information, example by example."""

import torch

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.backends import ConnectorCost, Usage, connectors_of
from qiskit_qmu.data import Rows
from qiskit_qmu.models import Part, named_parameters, per_example_gradients, without_circuits
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
        NonFiniteError: If a gradient is NaN or infinite.
    """
    x, y = checked_rows(rows.x, rows.y)
    totals: dict[str, torch.Tensor] = {}
    for chunk, labels in zip(x.split(_ROWS_AT_ONCE), y.split(_ROWS_AT_ONCE), strict=True):
        for name, gradient in per_example_gradients(module, chunk, labels, part=part).items():
            square = gradient.double().square().sum(0)
            totals[name] = totals[name] + square if name in totals else square
    wrong = [name for name, total in totals.items() if not bool(torch.isfinite(total).all())]
    if wrong:
        raise NonFiniteError(f"gradients of single rows must be finite, got others of {wrong[0]}")
    usage = _usage(module, x, part)
    return {name: total / len(x) for name, total in totals.items()}, usage


def _usage(module: torch.nn.Module, x: torch.Tensor, part: Part) -> Usage:
    rehearsed = without_circuits(module)
    copy = rehearsed.module.eval()
    chosen = {id(parameter) for parameter in named_parameters(copy, part).values()}
    for parameter in copy.parameters():
        parameter.requires_grad_(id(parameter) in chosen)
    with torch.enable_grad():
        copy(x[:1])
    usage = Usage()
    for call in rehearsed.calls:  # a connector may be called several times for a row
        connector = connectors_of(copy)[call.position]
        cost = ConnectorCost.of(connector)
        weights = connector.weight.requires_grad
        for chunk in x.split(_ROWS_AT_ONCE):
            rows = len(chunk) * call.rows
            usage += cost.forward(rows)
            if weights or call.inputs:
                usage += cost.backward(rows, weights=weights, inputs=call.inputs)
    return usage
