"""The diagonal of the empirical Fisher information, example by example.

Measured with shots, a gradient ĝ is noisy and its square too large: E[ĝ²] = (E ĝ)² + Var ĝ. For a
loss that is a Pauli expectation f and an angle of one rotation, the parameter-shift rule with N
shots has Var ĝ = [(1 − f₊²) + (1 − f₋²)] / 4N, and for normal noise Var ĝ² = 4 g² Var ĝ +
2 (Var ĝ)². `unbiased_fisher` multiplies two independent gradients instead: E[ĝ₁ ĝ₂] = (E ĝ)².
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.backends import Usage
from qiskit_qmu.data import Rows
from qiskit_qmu.models import (
    Part,
    PerExampleGradients,
    as_tensors,
    check_answers,
    gradient_usage,
)
from qiskit_qmu.models.layer_gradients import ROW_GRADIENTS_AT_ONCE
from qiskit_qmu.objectives import HasRowLosses, RowLoss, objective_for
from qiskit_qmu.unlearning.budget import spend


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
    parts, usage = _row_gradients(module, rows, 1, part=part, objective=objective)
    totals: dict[str, torch.Tensor] = {}
    for (gradients,) in parts:
        for name, gradient in gradients.items():
            _add(totals, name, gradient.double().abs().pow(power).sum(0))
    return {name: total / len(rows) for name, total in _finite(totals).items()}, usage


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class FisherEstimate:
    """A Fisher diagonal without the bias of shots, and how exact it is.

    Attributes:
        diagonal: Estimates in float64 by parameter name; noise makes some of them negative.
        error: Their standard errors over the rows, likewise; infinite for a single row.
        usage: What they cost.
    """

    diagonal: dict[str, torch.Tensor]
    error: dict[str, torch.Tensor]
    usage: Usage

    def at_least_zero(self) -> dict[str, torch.Tensor]:
        """Return the diagonal without what is negative, which only noise can be."""
        return {name: value.clamp_min(0.0) for name, value in self.diagonal.items()}

    def at_least_error(self) -> dict[str, torch.Tensor]:
        """Return the diagonal, nowhere below its standard error: something to divide by."""
        return {name: value.maximum(self.error[name]) for name, value in self.diagonal.items()}


def unbiased_fisher(
    module: torch.nn.Module,
    rows: Rows,
    *,
    part: Part = "all",
    objective: RowLoss | HasRowLosses | None = None,
) -> FisherEstimate:
    """Return the mean over the rows of ĝ₁ ĝ₂, two independently measured gradients of each loss.

    Unlike the mean of ĝ², it does not grow with the noise of shots. What is left is the bias of ĝ
    itself where the loss bends in the measured outputs, of order 1 / shots. It takes twice the
    circuits of `fisher_diagonal`; with exact values both are the same.

    Args:
        module: Any module to which the objective applies.
        rows: Rows with labels or values.
        part: Parameters to use: "all", "quantum" or "classical".
        objective: What the module learned; None to infer it from the type of ``rows.y``.

    Raises:
        InputError: If the part is unknown or has no parameters.
        NonFiniteError: If a gradient is NaN or infinite.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.unlearning import unbiased_fisher
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> backend = qmu.open_backend("exact", shots=16, seed=0)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1, backend=backend)
        >>> model.fit_inputs(split.train.x)
        >>> found = unbiased_fisher(model, split.forget, part="quantum")
        >>> [tuple(values.shape) for values in found.diagonal.values()]
        [(2,)]
    """
    parts, usage = _row_gradients(module, rows, 2, part=part, objective=objective)
    sums: dict[str, torch.Tensor] = {}
    squares: dict[str, torch.Tensor] = {}
    for first, second in parts:
        for name, gradient in first.items():
            product = gradient.double() * second[name].double()
            _add(sums, name, product.sum(0))
            _add(squares, name, product.square().sum(0))
    count = len(rows)
    means = {name: total / count for name, total in _finite(sums).items()}
    variances = {name: squares[name] / count - means[name].square() for name in means}
    error = {
        name: (value.clamp_min(0.0) / (count - 1)).sqrt()
        if count > 1
        else torch.full_like(value, torch.inf)
        for name, value in variances.items()
    }
    return FisherEstimate(diagonal=means, error=error, usage=usage)


def _row_gradients(
    module: torch.nn.Module,
    rows: Rows,
    times: int,
    *,
    part: Part,
    objective: RowLoss | HasRowLosses | None,
) -> tuple[Iterator[list[dict[str, torch.Tensor]]], Usage]:
    """Return gradients of single rows, chunk by chunk, each measured so many times; and the cost.

    Raises:
        InputError: If the part is unknown or has no parameters.
    """
    learned = objective_for(objective, module, rows.y)
    x, y = as_tensors(module, rows.x, rows.y, learned.predicts)
    check_answers(module, x, y, learned)
    chunks = list(zip(x.split(ROW_GRADIENTS_AT_ONCE), y.split(ROW_GRADIENTS_AT_ONCE), strict=True))
    sizes = [len(chunk) for chunk, _ in chunks for _ in range(times)]
    usage = gradient_usage(module, x[:1], sizes, part)
    spend(usage.gradient_evaluations)

    gradients = PerExampleGradients(module, x[:2], y[:2], part=part, objective=learned)

    def measured() -> Iterator[list[dict[str, torch.Tensor]]]:
        for chunk in chunks:
            yield [gradients(*chunk)[0] for _ in range(times)]

    return measured(), usage


def _add(totals: dict[str, torch.Tensor], name: str, value: torch.Tensor) -> None:
    totals[name] = totals[name] + value if name in totals else value


def _finite(totals: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the totals unchanged.

    Raises:
        NonFiniteError: If one is NaN or infinite.
    """
    wrong = [name for name, total in totals.items() if not bool(torch.isfinite(total).all())]
    if wrong:
        raise NonFiniteError(f"the gradients of single rows by {wrong[0]} are NaN or infinite")
    return totals
