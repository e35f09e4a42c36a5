"""Quantum and classical parameters of a model, and copies of models."""

import copy
from collections.abc import Iterator
from typing import Literal, Protocol, TypeVar, get_args

import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, connectors_of

Part = Literal["all", "quantum", "classical"]
"""A part of the parameters: all, the angles of TorchConnectors, or all others."""

Module = TypeVar("Module", bound=torch.nn.Module)


class HasTensors(Protocol):
    """The part of a module's interface that names its tensors."""

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        """Return the parameters with their names."""
        ...

    def named_buffers(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Return the buffers with their names."""
        ...


def clone_module(module: Module) -> Module:
    """Return a copy with its own weights that shares quantum neural networks and backend.

    A deep copy would also copy the primitives with the state of their random streams: copy and
    original would then see the same shot noise. Hooks of the connectors are not copied: a meter of
    the original does not count the copy's usage.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import clone_module
        >>> layer = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).quantum
        >>> clone = clone_module(layer)
        >>> clone.weight is layer.weight, clone.neural_network is layer.neural_network
        (False, True)
    """
    networks = [connector.neural_network for connector in connectors_of(module)]
    owned = [getattr(child, "backend", None) for child in module.modules()]
    backends = [backend for backend in owned if isinstance(backend, Backend)]
    clone = copy.deepcopy(module, {id(shared): shared for shared in [*networks, *backends]})
    for connector in connectors_of(clone):
        connector._forward_hooks.clear()  # noqa: SLF001
    return clone


def named_parameters(module: torch.nn.Module, part: Part = "all") -> dict[str, torch.nn.Parameter]:
    """Return the trainable parameters of a part of a model, by name.

    Args:
        module: Any module.
        part: "all", "quantum" or "classical".

    Returns:
        Parameters that require a gradient.

    Raises:
        InputError: If the part is unknown or has no parameters.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import named_parameters
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> list(named_parameters(model, "quantum"))
        ['quantum.weight']
        >>> list(named_parameters(model, "classical"))
        ['head.weight', 'head.bias']
    """
    _check.one_of(get_args(Part), parameters=part)
    quantum = {id(p) for c in connectors_of(module) for p in c.parameters()}
    chosen = {
        name: parameter
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
        and (part == "all" or (id(parameter) in quantum) == (part == "quantum"))
    }
    if not chosen:
        raise InputError(f"the model has no trainable {part} parameters")
    return chosen


def parameter_counts(module: torch.nn.Module) -> dict[str, int]:
    """Return the numbers of quantum and classical parameters.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import parameter_counts
        >>> parameter_counts(qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1))
        {'quantum': 2, 'classical': 6}
    """
    quantum = sum(p.numel() for c in connectors_of(module) for p in c.parameters())
    total = sum(parameter.numel() for parameter in module.parameters())
    return {"quantum": quantum, "classical": total - quantum}


def largest_change(before: torch.nn.Module, after: torch.nn.Module) -> float:
    """Return the largest difference between the weights of two modules of the same structure.

    Args:
        before: A module.
        after: A module with the same names.

    Returns:
        The largest absolute difference of a parameter or a float buffer; 0.0 if all are equal,
        infinite if names or shapes differ, NaN if a difference is NaN.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import largest_change
        >>> before, after = torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
        >>> largest_change(before, after)
        0.0
        >>> _ = torch.nn.init.constant_(after.bias, -0.5)
        >>> largest_change(before, after)
        0.5
    """
    old, new = _floats_of(before), _floats_of(after)
    if {n: t.shape for n, t in old.items()} != {n: t.shape for n, t in new.items()}:
        return float("inf")
    differences = [
        (new[name].to(tensor.device) - tensor).abs().max()
        for name, tensor in old.items()
        if tensor.numel()
    ]
    return float(torch.stack([d.double().cpu() for d in differences]).max()) if differences else 0.0


def named_tensors(module: HasTensors) -> dict[str, torch.Tensor]:
    """Return parameters and buffers by name, including non-persistent ones.

    Not ``state_dict()``: it lists the weight tensor of a TorchConnector twice.
    """
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def _floats_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    tensors = named_tensors(module)
    return {name: tensor.detach() for name, tensor in tensors.items() if not _is_count(tensor)}


def _is_count(tensor: torch.Tensor) -> bool:
    return not (tensor.is_floating_point() or tensor.is_complex())
