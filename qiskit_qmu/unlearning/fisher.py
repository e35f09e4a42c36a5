"""The diagonal of the empirical Fisher information, example by example."""

import torch

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.backends import Usage
from qiskit_qmu.data import Rows
from qiskit_qmu.models import (
    Part,
    as_tensors,
    check_answers,
    gradient_usage,
    per_example_gradients,
)
from qiskit_qmu.objectives import HasRowLosses, RowLoss, objective_for
from qiskit_qmu.unlearning.budget import spend

_ROWS_AT_ONCE = 256


def fisher_diagonal(
    module: torch.nn.Module,
    rows: Rows,
    *,
    part: Part = "all",
    objective: RowLoss | HasRowLosses | None = None,
) -> tuple[dict[str, torch.Tensor], Usage]:
    """Return I_i = mean over the rows of (∂ loss / ∂θ_i)²; see `mean_powers`.

    For cross-entropy the loss is −ln p(y|x), and this is the empirical Fisher information. Squares
    are taken per row: the square of a batch's mean gradient, as in the reference code of
    selective synaptic dampening, would depend on the batch size.

    Args:
        module: Any module to which the objective applies.
        rows: Rows with labels or values.
        part: Parameters to use: "all", "quantum" or "classical".
        objective: What the module learned; None to infer it from the type of ``rows.y``.

    Returns:
        The diagonal in float64 by parameter name, and its cost.

    Raises:
        InputError: If the part is unknown or has no parameters.
        NonFiniteError: If a gradient is NaN or infinite.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.unlearning import fisher_diagonal
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> diagonal, usage = fisher_diagonal(torch.nn.Linear(4, 3), split.forget)
        >>> {name: tuple(values.shape) for name, values in diagonal.items()}
        {'weight': (3, 4), 'bias': (3,)}
    """
    return mean_powers(module, rows, power=2, part=part, objective=objective)


def mean_powers(
    module: torch.nn.Module,
    rows: Rows,
    *,
    power: int,
    part: Part = "all",
    objective: RowLoss | HasRowLosses | None = None,
) -> tuple[dict[str, torch.Tensor], Usage]:
    """Return the mean over the rows of |∂ loss / ∂θ_i|^power.

    Args:
        module: Any module to which the objective applies.
        rows: Rows with labels or values.
        power: 1 or 2.
        part: Parameters to use: "all", "quantum" or "classical".
        objective: What the module learned; None to infer it from the type of ``rows.y``.

    Returns:
        The means in float64 by parameter name, and their cost.

    Raises:
        InputError: If the part is unknown or has no parameters.
        NonFiniteError: If a gradient is NaN or infinite.
    """
    learned = objective_for(objective, module, rows.y)
    x, y = as_tensors(module, rows.x, rows.y, learned.predicts)
    check_answers(module, x, y, learned)
    usage = gradient_usage(module, x[:1], map(len, x.split(_ROWS_AT_ONCE)), part)
    spend(usage.gradient_evaluations)
    totals: dict[str, torch.Tensor] = {}
    for chunk in zip(x.split(_ROWS_AT_ONCE), y.split(_ROWS_AT_ONCE), strict=True):
        gradients = per_example_gradients(module, *chunk, part=part, objective=learned)
        for name, gradient in gradients.items():
            square = gradient.double().abs().pow(power).sum(0)
            totals[name] = totals[name] + square if name in totals else square
    wrong = [name for name, total in totals.items() if not bool(torch.isfinite(total).all())]
    if wrong:
        raise NonFiniteError(f"the gradients of single rows by {wrong[0]} are NaN or infinite")
    return {name: total / len(x) for name, total in totals.items()}, usage
