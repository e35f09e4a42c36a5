"""Kept tensors put back into a module of the same structure."""

from collections.abc import Mapping

import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.models.parameters import named_tensors


def restore_tensors(model: torch.nn.Module, tensors: Mapping[str, torch.Tensor]) -> None:
    """Give a module the parameters and buffers that were kept of another of its structure.

    Args:
        model: The module, changed in place.
        tensors: All its tensors, by the names of `named_tensors`.

    Raises:
        InputError: If names, shapes or types are not the module's.
    """
    expected = set(named_tensors(model))
    if expected != set(tensors):
        raise InputError(f"it has the tensors {sorted(tensors)} instead of {sorted(expected)}")
    for name, parameter in model.named_parameters():
        if parameter.shape != tensors[name].shape:
            raise InputError(
                f"{name} has shape {tuple(tensors[name].shape)} instead of {tuple(parameter.shape)}"
            )
        parameter.data.copy_(tensors[name])
    for name in dict(model.named_buffers()):
        owner, _, attribute = name.rpartition(".")
        # Fitted buffers get their size from the training rows.
        built = model.get_buffer(name)
        if tensors[name].ndim != built.ndim or tensors[name].dtype != built.dtype:
            raise InputError(f"{name} has another type or shape than the model's")
        setattr(model.get_submodule(owner), attribute, tensors[name])
