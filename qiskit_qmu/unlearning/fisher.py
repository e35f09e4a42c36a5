"""The diagonal of the empirical Fisher information, example by example."""

import torch

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.backends import Usage
from qiskit_qmu.data import Rows
from qiskit_qmu.models import (
    Part,
    as_tensors,
    check_returns_logits,
    gradient_usage,
    per_example_gradients,
)

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
    x, y = as_tensors(module, rows.x, rows.y)
    check_returns_logits(module, x)
    totals: dict[str, torch.Tensor] = {}
    for chunk, labels in zip(x.split(_ROWS_AT_ONCE), y.split(_ROWS_AT_ONCE), strict=True):
        for name, gradient in per_example_gradients(module, chunk, labels, part=part).items():
            square = gradient.double().square().sum(0)
            totals[name] = totals[name] + square if name in totals else square
    wrong = [name for name, total in totals.items() if not bool(torch.isfinite(total).all())]
    if wrong:
        raise NonFiniteError(f"gradients of single rows must be finite, got others of {wrong[0]}")
    usage = gradient_usage(module, x[:1], map(len, x.split(_ROWS_AT_ONCE)), part)
    return {name: total / len(x) for name, total in totals.items()}, usage
