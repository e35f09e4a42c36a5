"""A digest of a model's weights, so that a report can say which model it is about."""

import hashlib

import torch


def weights_digest(module: torch.nn.Module) -> str:
    """Return the sha256 of a module's weights and buffers, by name, in hexadecimal.

    Models with the same digest have the same weights to the last bit.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import weights_digest
        >>> model = torch.nn.Linear(1, 1)
        >>> before = weights_digest(model)
        >>> _ = model.requires_grad_(False).bias.add_(1.0)
        >>> weights_digest(model) == before
        False
    """
    sha256 = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        if isinstance(value, torch.Tensor):
            array = value.detach().cpu().contiguous()
            sha256.update(f"{name}\0{array.dtype}\0{tuple(array.shape)}\0".encode())
            sha256.update(array.numpy().tobytes())
    return sha256.hexdigest()
