"""Reads state dicts of modules trained elsewhere; only tensors are loaded."""

import pickle
import zipfile
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu._files import one_line
from qiskit_qmu.models.initial_weights import note_unknown_initial_weights
from qiskit_qmu.models.training_rows import note_unknown_training_rows

State = dict[str, torch.Tensor]


def read_state(path: str | Path) -> State:
    """Read a state dict.

    Args:
        path: A ``.safetensors`` file, or one from ``torch.save(module.state_dict(), path)``.

    Raises:
        InputError: If it cannot be read, or has anything but tensors by name.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no file {path}")
    try:
        if file.suffix == ".safetensors":
            state = safetensors.torch.load_file(file)
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not zipfile.is_zipfile(file):
            raise InputError(f"{path} must hold a module's state dict, got another file") from error
        raise InputError(
            f"{path} has objects other than tensors, which are not loaded; save only the weights: "
            "torch.save(module.state_dict(), path)"
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, safetensors.SafetensorError) as error:
        raise InputError(
            f"cannot read a module's state dict from {path}: {one_line(error)}"
        ) from error
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in state.items()
    ):
        raise InputError(
            f"{path} has no state dict of tensors by name, but another {type(state).__name__}"
        )
    return dict(state)


def load_state(module: torch.nn.Module, state: State, path: str | Path) -> None:
    """Load weights and buffers of a state dict into a module, in place.

    A tensor with several names in the module, such as a TorchConnector's, needs only one of them.

    Args:
        module: The module.
        state: The state dict.
        path: Where it came from, for messages.

    Raises:
        InputError: If a tensor is missing, of another shape, not finite, or not the module's.
    """
    own = module.state_dict()
    given = {own[name].data_ptr() for name in state if name in own}
    missing = [n for n, t in own.items() if n not in state and t.data_ptr() not in given]
    unknown = [name for name in state if name not in own]
    for what, names in (("lacks", missing), ("has, unlike the module,", unknown)):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise InputError(f"{path} {what} {names[0]}{more}: weights of another module?")
    for name, tensor in state.items():
        if tensor.shape != own[name].shape:
            raise InputError(
                f"{path}: {name} must have shape {tuple(own[name].shape)}, "
                f"got {tuple(tensor.shape)}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{path}: {name} must be finite, got NaN or infinite values")
    module.load_state_dict(state, strict=False)
    note_unknown_initial_weights(module)
    note_unknown_training_rows(module)
