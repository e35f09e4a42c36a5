"""Checks that a model's outputs fit its objective, before any circuit runs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import SamplerQNN

from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.models.dry_run import no_circuits
from qiskit_qmu.models.outputs import check_outputs
from qiskit_qmu.objectives import CrossEntropy, Objective

_ROWS = 4


def check_module(model: Any) -> None:
    """Raise InputTypeError unless a model is a torch module; the message suggests an adapter.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import check_module
        >>> check_module(torch.nn.Linear(4, 3))
        >>> check_module("a path")
        Traceback (most recent call last):
            ...
        qiskit_qmu._check.InputTypeError: a model must be a torch module, got str
    """
    if isinstance(model, torch.nn.Module):
        return
    advice = ""
    if hasattr(model, "neural_network") and hasattr(model, "predict"):
        advice = ": wrap it with qmu.from_qiskit_classifier(classifier)"
    elif hasattr(model, "num_weights") and hasattr(model, "backward"):
        advice = ": connect it to torch with backend.connector(network, weights)"
    raise InputTypeError(f"a model must be a torch module, got {type(model).__name__}{advice}")


def check_returns_logits(model: torch.nn.Module, rows: torch.Tensor) -> int:
    """Return the number of classes of a model that returns logits (n, classes).

    A few rows are passed through the model without running circuits: random values or
    probabilities replace their outputs.

    Args:
        model: Any module.
        rows: Rows (n, …) in the model's precision.

    Returns:
        The number of classes.

    Raises:
        InputError: If the model is not a torch module, or returns probabilities or a single
            column; the message names the wrapper that converts them to logits.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import check_returns_logits
        >>> check_returns_logits(torch.nn.Linear(4, 3), torch.zeros(5, 4))
        3
    """
    check_module(model)
    declared: Any = getattr(model, "outputs", None)
    raw_outputs: Any = getattr(model, "raw_outputs", None)
    if declared is not None and raw_outputs is not None:
        check_outputs(_on_a_few(model, rows, lambda _dry, some: raw_outputs(some)), declared)
    outputs = _on_a_few(model, rows, lambda dry, some: dry(some))
    check_logits(model, outputs)
    return int(outputs.shape[1])


def _on_a_few(
    model: torch.nn.Module,
    rows: torch.Tensor,
    compute: Callable[[torch.nn.Module, torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Evaluate a function of a model and a few rows, without running circuits."""
    generator = torch.Generator().manual_seed(0)

    def stand_in(connector: TorchConnector, inputs: torch.Tensor) -> torch.Tensor:
        network = connector.neural_network
        shape = (*inputs.shape[:-1], *network.output_shape)
        values = torch.rand(shape, generator=generator, dtype=torch.float64)
        if isinstance(network, SamplerQNN):
            outcomes = tuple(range(-len(network.output_shape), 0))
            values = values / values.sum(outcomes, keepdim=True)
        else:
            values = 2 * values - 1
        dtype = torch.float32 if _is_stock(connector) else connector.weight.dtype
        return values.to(connector.weight.device, dtype)

    with no_circuits(model, stand_in) as dry, torch.no_grad():
        try:
            return compute(dry, rows[:_ROWS])
        except RuntimeError as error:
            if rows.dtype == torch.float64 and any(map(_is_stock, connectors_of(model))):
                raise InputError(
                    "a model in float64 must convert the outputs of Qiskit ML's TorchConnector, "
                    "which are float32, or use backend.connector(network, weights): "
                    f"got {str(error).splitlines()[0]}"
                ) from error
            raise


def check_answers(
    model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, objective: Objective
) -> None:
    """Check that an objective applies to a model's outputs, before any circuit runs.

    A few rows are passed through the model as in `check_returns_logits`.

    Args:
        model: Any module.
        x: Rows (n, …) in the model's precision.
        y: Labels (n,), or values (n,) or (n, outputs).
        objective: What the model learns.

    Raises:
        InputError: If the objective is for classes and the model does not return logits or a label
            has none, or the objective does not return one loss per row.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import check_answers
        >>> from qiskit_qmu.objectives import CrossEntropy
        >>> model, rows = torch.nn.Linear(4, 3), torch.zeros(2, 4)
        >>> check_answers(model, rows, torch.tensor([0, 2]), CrossEntropy())
        >>> check_answers(model, rows, torch.tensor([0, 3]), CrossEntropy())
        Traceback (most recent call last):
            ...
        qiskit_qmu._check.InputError: labels must lie between 0 and 2, got 3
    """
    if objective.predicts == "classes":
        classes = check_returns_logits(model, x)
        if len(y) and int(y.max()) >= classes:
            raise InputError(f"labels must lie between 0 and {classes - 1}, got {int(y.max())}")
    if not isinstance(objective, CrossEntropy):
        _on_a_few(model, x, lambda dry, rows: objective.row_losses(dry, rows, y[: len(rows)]))


def check_logits(model: torch.nn.Module, outputs: torch.Tensor) -> None:
    """Raise InputError unless outputs (n, …) are logits (n, classes).

    Raises:
        InputError: If they are rows of probabilities, or a single column.
    """
    if outputs.dim() == 1 or (outputs.dim() == 2 and outputs.shape[1] == 1):
        raise InputError(
            "the model returns a single column instead of logits, one column per class: wrap it "
            "with qmu.as_classifier(model, outputs='expectation'), or 'probabilities'"
        )
    if outputs.dim() != 2:
        raise InputError(
            f"a model must return logits of shape (rows, classes), got {tuple(outputs.shape)}"
        )
    declared = getattr(model, "outputs", None) == "logits"
    if not declared and _are_probabilities(outputs):
        raise InputError(
            "the model returns probabilities (each row sums to 1) instead of logits: wrap it with "
            "qmu.as_classifier(model, outputs='probabilities')"
        )


def _is_stock(connector: TorchConnector) -> bool:
    """Return whether a connector is Qiskit ML's own, which returns single precision."""
    return type(connector) is TorchConnector


def _are_probabilities(outputs: torch.Tensor) -> bool:
    values = outputs.detach().double().cpu().numpy()
    if not np.isfinite(values).all():  # reported where they are read
        return False
    tolerance = 4 * values.shape[1] * torch.finfo(outputs.dtype).eps
    sums = np.abs(values.sum(axis=1) - 1)
    return bool(len(values) and (values >= 0).all() and (sums <= tolerance).all())
