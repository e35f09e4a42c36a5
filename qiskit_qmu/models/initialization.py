"""Initial weights from a given generator instead of torch's global state."""

import math
from typing import TypeVar

import numpy as np
import torch
from qiskit_machine_learning.connectors import TorchConnector
from torch.nn.modules.batchnorm import _NormBase

from qiskit_qmu._check import InputError
from qiskit_qmu.models.initial_weights import forget_initial_weights
from qiskit_qmu.models.parts import inner_parts_with, is_frozen, plain_parts
from qiskit_qmu.models.training_rows import forget_training_rows

Layer = TypeVar("Layer", bound=torch.nn.Module)

LARGEST_INITIAL_ANGLE = 0.1
"""Initial angles are uniform in ±0.1 rad, near the identity, where gradients do not vanish (Zhang
et al., Escaping from the barren plateau via Gaussian initializations,
https://arxiv.org/abs/2203.09376); TorchConnector's default is ±1."""

_CONNECTOR_DEFAULT = 1.0


def blank_layer(kind: type[Layer], *sizes: int, **options: int) -> Layer:
    """Create a layer, whose weights are still to be drawn, without torch's global generator.

    ``torch.nn.utils.skip_init`` would import hundreds of modules for it.
    """
    with torch.random.fork_rng(devices=[]):
        return kind(*sizes, **options)


def initialize_classical(module: torch.nn.Module, generator: np.random.Generator) -> None:
    """Redraw the weights of linear and convolutional layers in place, and reset normalisation.

    Weights and biases are uniform in ±1/√(inputs of one output), torch's default. Pretrained state
    keeps its values: parameters that need no gradient, and the running statistics of a layer in
    evaluation mode inside a module in training mode.

    Submodules with their own ``reinitialize`` are skipped.

    Args:
        module: A module; its TorchConnectors are not changed.
        generator: Random generator of the weights.

    Raises:
        InputError: If a trainable layer is of another kind, such as a recurrent one.
    """
    for child in plain_parts(module).values():
        if isinstance(child, _NormBase) and not is_frozen(child, within=module):
            child.reset_running_stats()
        own = [p for p in child.parameters(recurse=False) if p.requires_grad]
        if not own or isinstance(child, TorchConnector):
            continue
        if isinstance(child, torch.nn.Linear | torch.nn.Conv1d | torch.nn.Conv2d):
            bound = 1 / math.sqrt(child.weight[0].numel())
            for parameter in own:
                _uniform(parameter, bound, generator)
        elif isinstance(child, torch.nn.LayerNorm | torch.nn.GroupNorm | _NormBase):
            _reset_scale_and_shift(child)
        else:
            raise InputError(
                f"the initialisation of {type(child).__name__} layers is not known: only linear, "
                "convolutional and normalisation layers are; add a method reinitialize(generator) "
                "to the model"
            )
    for part in inner_parts_with(module, "reinitialize"):
        part.reinitialize(generator)


def reinitialize(module: torch.nn.Module, generator: np.random.Generator) -> None:
    """Redraw all weights of a module in place, and reset everything fitted to rows.

    Each weight is drawn from its initial distribution. Pretrained state keeps its values:
    parameters that need no gradient, and the running statistics of a layer in evaluation mode
    inside a module in training mode.

    Args:
        module: Any module of linear, convolutional and normalisation layers, TorchConnectors, and
            submodules with a method ``reinitialize(generator)``, such as this package's models.
        generator: Random generator of the weights.

    Raises:
        InputError: If it has a layer whose initialisation is not known.

    Example:
        >>> import numpy as np
        >>> import torch
        >>> from qiskit_qmu.models import reinitialize
        >>> model = torch.nn.Linear(4, 3)
        >>> reinitialize(model, np.random.default_rng(0))
        >>> first = model.weight.clone()
        >>> reinitialize(model, np.random.default_rng(0))
        >>> torch.equal(first, model.weight)
        True
    """
    forget_training_rows(module)
    forget_initial_weights(module)
    own = getattr(module, "reinitialize", None)
    if own is not None:
        own(generator)
        return
    initialize_classical(module, generator)
    for child in plain_parts(module).values():
        if isinstance(child, TorchConnector) and child.weight.requires_grad:
            _uniform(child.weight, _CONNECTOR_DEFAULT, generator)


def initial_angles(count: int, generator: np.random.Generator) -> np.ndarray:
    """Return initial angles (count,) in radians."""
    return generator.uniform(-LARGEST_INITIAL_ANGLE, LARGEST_INITIAL_ANGLE, count)


def _uniform(parameter: torch.Tensor, bound: float, generator: np.random.Generator) -> None:
    values = generator.uniform(-bound, bound, tuple(parameter.shape))
    with torch.no_grad():
        parameter.copy_(torch.as_tensor(values, dtype=parameter.dtype))


def _reset_scale_and_shift(layer: torch.nn.Module) -> None:
    with torch.no_grad():
        for name, parameter in layer.named_parameters(recurse=False):
            if parameter.requires_grad:
                parameter.fill_(1.0 if name == "weight" else 0.0)
