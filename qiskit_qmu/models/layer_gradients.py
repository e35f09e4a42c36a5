"""Gradients of single rows from one pass over a batch, for models of known layers.

The gradient of a row's loss by the weights of a dense or convolutional layer is a product of what
the layer took and of the gradient by what it gave (Goodfellow, Efficient Per-Example Gradient
Computations, https://arxiv.org/abs/1510.01799). The kernels of a circuit have it row by row anyway.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import torch

from qiskit_qmu.models.amplitude_scaler import AmplitudeScaler
from qiskit_qmu.models.angle_scaler import AngleScaler
from qiskit_qmu.models.basic import BasicQNN
from qiskit_qmu.models.circuit_classifier import CircuitClassifier
from qiskit_qmu.models.hybrid import HybridQNN
from qiskit_qmu.models.preprocessing import Preprocessing
from qiskit_qmu.objectives import CrossEntropy, Objective, SquaredError
from qiskit_qmu.simulator import TorchSimulatorConnector

ROW_GRADIENTS_AT_ONCE = 256
"""Rows whose gradients are in memory together."""

_LAYERS = (torch.nn.Linear, torch.nn.Conv2d, TorchSimulatorConnector)
_KNOWN = {
    *_LAYERS,
    AmplitudeScaler,
    AngleScaler,
    BasicQNN,
    HybridQNN,
    Preprocessing,
    torch.nn.Flatten,
    torch.nn.MaxPool2d,
    torch.nn.ReLU,
    torch.nn.Sequential,
}
_OBJECTIVES = (CrossEntropy, SquaredError)


def has_layer_gradients(module: torch.nn.Module, objective: Objective) -> bool:
    """Return whether the rows of a batch do not meet in a module, and all its layers have a rule.

    Args:
        module: Any module.
        objective: What it learns.
    """
    modules = list(module.modules())
    uses = Counter(id(m) for _, m in module.named_modules(remove_duplicate=False))
    owners = Counter(p for m in modules for p in {id(p) for p in m.parameters(recurse=False)})
    return (
        isinstance(module, CircuitClassifier)
        and isinstance(objective, _OBJECTIVES)
        and {*map(type, modules)} <= _KNOWN
        and max(uses.values()) == 1
        and max(owners.values(), default=1) == 1
        and all(map(_has_rule, modules))
    )


def layer_gradients(
    module: torch.nn.Module,
    names: list[str],
    rows: torch.Tensor,
    answers: torch.Tensor,
    objective: Objective,
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Return gradients (n, *shape) of the rows' losses by parameter name, and the losses (n,).

    Args:
        module: A module in evaluation mode for which `has_layer_gradients` holds.
        names: Names of the parameters.
        rows: Rows (n, …).
        answers: Their labels or values.
        objective: What the module learns.
    """
    parts = [
        _of_batch(module, names, *batch, objective)
        for batch in zip(
            rows.split(ROW_GRADIENTS_AT_ONCE), answers.split(ROW_GRADIENTS_AT_ONCE), strict=True
        )
    ]
    gradients = {name: torch.cat([found[name] for found, _ in parts]) for name in names}
    return gradients, torch.cat([losses for _, losses in parts])


def _of_batch(
    module: torch.nn.Module,
    names: list[str],
    rows: torch.Tensor,
    answers: torch.Tensor,
    objective: Objective,
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    owners = {name.rpartition(".")[0] for name in names}
    layers = {name: layer for name, layer in module.named_modules() if name in owners}
    # (Tensors of inference mode take no part in autograd.)
    with torch.inference_mode(False), torch.enable_grad(), _watched(layers) as (taken, given):
        losses = objective.row_losses(module, rows.clone(), answers.clone())
        slopes = torch.autograd.grad(
            losses.sum(), list(given.values()), allow_unused=True, materialize_grads=True
        )
    own = dict(module.named_parameters())
    # Of layers that took no part they stay zero.
    gradients = {name: own[name].new_zeros(len(rows), *own[name].shape) for name in names}
    for name, slope in zip(given, slopes, strict=True):
        found = _by_parameters(layers[name], taken[name], slope)
        gradients |= {f"{name}.{part}": gradient.detach() for part, gradient in found.items()}
    return {name: gradients[name] for name in names}, losses.detach()


def _by_parameters(
    layer: torch.nn.Module, taken: torch.Tensor, slope: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return each row's gradients by a layer's parameters from that by its outputs."""
    if isinstance(layer, torch.nn.Linear):
        # A row may be a table; the layer then takes each of its lines.
        by_line, lines = (t.reshape(len(t), -1, t.shape[-1]) for t in (slope, taken))
        return {"weight": by_line.transpose(1, 2) @ lines, "bias": by_line.sum(1)}
    if isinstance(layer, torch.nn.Conv2d) and not isinstance(layer.padding, str):
        patches = torch.nn.functional.unfold(
            taken, layer.kernel_size, layer.dilation, layer.padding, layer.stride
        )
        by_weight = slope.flatten(2) @ patches.transpose(1, 2)
        shape = layer.weight.shape
        return {"weight": by_weight.reshape(-1, *shape), "bias": slope.sum((2, 3))}
    return {"weight": slope}


@contextmanager
def _watched(
    layers: Mapping[str, torch.nn.Module],
) -> Iterator[tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]]:
    """Note what layers take, and that by which the loss is to be differentiated.

    That is what they give; for a circuit it is the weights of each row.
    """
    taken: dict[str, torch.Tensor] = {}
    given: dict[str, torch.Tensor] = {}

    def forward(name: str, layer: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        taken[name] = x.detach()
        if isinstance(layer, TorchSimulatorConnector):
            given[name] = layer.weight.expand(len(x), -1)
            return layer.row_outputs(x, given[name])
        given[name] = type(layer).forward(layer, x)
        return given[name]

    for name, layer in layers.items():
        vars(layer)["forward"] = partial(forward, name, layer)
    try:
        yield taken, given
    finally:
        for layer in layers.values():
            del vars(layer)["forward"]


def _has_rule(module: torch.nn.Module) -> bool:
    # A hook or a replaced method might let rows meet; what is done in place changes what was given.
    if module._forward_hooks or module._forward_pre_hooks:  # noqa: SLF001
        return False
    if any(callable(value) for name, value in vars(module).items() if hasattr(type(module), name)):
        return False
    if isinstance(module, TorchSimulatorConnector):
        return module.most_separate_rows >= ROW_GRADIENTS_AT_ONCE
    if isinstance(module, torch.nn.Conv2d):
        named = isinstance(module.padding, str)
        return module.groups == 1 and module.padding_mode == "zeros" and not named
    return getattr(module, "start_dim", 1) > 0 and not getattr(module, "inplace", False)
