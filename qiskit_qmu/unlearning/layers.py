"""The layers of a model in the order in which it runs them."""

import torch

from qiskit_qmu import _check
from qiskit_qmu.models import in_mode
from qiskit_qmu.models.dry_run import without_circuits


def layer_names(model: torch.nn.Module, rows: torch.Tensor) -> list[str]:
    """Return the names of the modules that own parameters that may change, in order of execution.

    A pass of a few rows without circuits tells the order; layers that it does not reach come first.

    Args:
        model: Any module.
        rows: Rows (n, …) for it.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.unlearning.layers import layer_names
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> layer_names(model, torch.zeros(2, 4))
        ['front.0', 'front.2', 'quantum', 'head']
    """
    copy = without_circuits(model)
    owners = {
        name: module
        for name, module in copy.named_modules()
        if any(p.requires_grad for p in module.parameters(recurse=False))
    }
    reached: list[str] = []
    for name, module in owners.items():
        module.register_forward_hook(lambda *_, name=name: reached.append(name))
    with in_mode(copy, training=False), torch.no_grad():
        copy(rows[:2])
    last = {name: position for position, name in enumerate(reached)}
    return sorted(owners, key=lambda name: last.get(name, -1))


def parameters_of(model: torch.nn.Module, layers: list[str]) -> set[str]:
    """Return the names of the parameters of some layers that may change."""
    own = {
        id(parameter)
        for layer in layers
        for parameter in model.get_submodule(layer).parameters(recurse=False)
    }
    return {name for name, p in model.named_parameters() if p.requires_grad and id(p) in own}


def last_layers(model: torch.nn.Module, rows: torch.Tensor, count: int) -> list[str]:
    """Return the last layers in order of execution.

    Raises:
        InputError: If there are fewer.
    """
    names = layer_names(model, rows)
    _check.between(1, len(names), layers=count)
    return names[-count:]


def train_only(model: torch.nn.Module, names: set[str]) -> None:
    """Let only the named parameters change."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in names)
