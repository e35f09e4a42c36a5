"""Whether a model returns logits, told before any of its circuits is run."""

from typing import Any

import numpy as np
import torch
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.models.dry_run import no_circuits
from qiskit_qmu.models.outputs import Classifier

_ROWS = 4


def check_module(model: Any) -> None:
    """Raise InputError unless a model is a torch module; the message names the adapter."""
    if isinstance(model, torch.nn.Module):
        return
    advice = ""
    if hasattr(model, "neural_network") and hasattr(model, "predict"):
        advice = ": wrap it by qmu.from_qiskit_classifier(classifier)"
    elif hasattr(model, "num_weights") and hasattr(model, "backward"):
        advice = ": connect it to torch by backend.connector(network, weights)"
    raise InputError(f"a model must be a torch module, got {type(model).__name__}{advice}")


def check_returns_logits(model: torch.nn.Module, rows: torch.Tensor) -> None:
    """Refuse a model that returns something else than logits (n, classes).

    A few rows go through the model, and no circuit is run: random values, or random probabilities,
    stand for their outputs.

    Args:
        model: Any module.
        rows: Rows (n, …) as the model takes them.

    Raises:
        InputError: If the model is no torch module, or returns probabilities or a single column;
            the message names the wrapper that makes logits of them.
    """
    check_module(model)
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
            outputs = dry(rows[:_ROWS])
        except RuntimeError as error:
            if rows.dtype == torch.float64 and any(map(_is_stock, connectors_of(model))):
                raise InputError(
                    "a model in float64 must convert the outputs of Qiskit ML's TorchConnector, "
                    "which are float32, or use backend.connector(network, weights): "
                    f"got {str(error).splitlines()[0]}"
                ) from error
            raise
    check_logits(model, outputs)


def check_logits(model: torch.nn.Module, outputs: torch.Tensor) -> None:
    """Refuse outputs (n, …) that are no logits (n, classes).

    Raises:
        InputError: If they are rows of probabilities, or a single column.
    """
    if outputs.dim() == 1 or (outputs.dim() == 2 and outputs.shape[1] == 1):
        raise InputError(
            "a model must return logits, one column for each class, got a single column: wrap it "
            "by qmu.as_classifier(model, outputs='expectation'), or 'probabilities'"
        )
    if outputs.dim() != 2:
        raise InputError(
            f"a model must return logits of shape (rows, classes), got {tuple(outputs.shape)}"
        )
    declared = isinstance(model, Classifier) and model.outputs == "logits"
    if not declared and _are_probabilities(outputs):
        raise InputError(
            "a model must return logits, got probabilities (each row adds up to 1): wrap it by "
            "qmu.as_classifier(model, outputs='probabilities')"
        )


def _is_stock(connector: TorchConnector) -> bool:
    """Tell whether a connector is Qiskit ML's own, which answers in single precision."""
    return type(connector) is TorchConnector


def _are_probabilities(outputs: torch.Tensor) -> bool:
    values = outputs.detach().double().cpu().numpy()
    tolerance = 4 * values.shape[1] * torch.finfo(outputs.dtype).eps
    sums = np.abs(values.sum(axis=1) - 1)
    return bool(len(values) and (values >= 0).all() and (sums <= tolerance).all())
