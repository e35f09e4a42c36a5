"""ModuleModel: a user's torch module as a model that can be saved, reinitialised and moved."""

from abc import ABC
from typing import Any, Self

import numpy as np
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend
from qiskit_qmu.models.backend_transfer import on_backend
from qiskit_qmu.models.factory_call import FactoryCall
from qiskit_qmu.models.files import Description
from qiskit_qmu.models.initialization import reinitialize
from qiskit_qmu.models.network_files import is_network, network_circuit, network_to_dict
from qiskit_qmu.models.parameters import clone_module
from qiskit_qmu.models.quantum_model import QuantumModel


class ModuleModel(QuantumModel, ABC):
    """What models around a torch module share.

    Attributes:
        module: The module.
        made_by: The factory of such modules; None if unknown.
    """

    module: torch.nn.Module
    made_by: FactoryCall | None

    def raw_outputs(self, x: torch.Tensor) -> torch.Tensor:
        """Return the module's outputs for rows (n, …)."""
        outputs: torch.Tensor = self.module(self.prepared(x))
        return outputs

    def reinitialize(self, generator: np.random.Generator) -> None:
        """Redraw all weights in place, and reset everything fitted to training rows.

        If the factory is known, weights and buffers are those of a new module; parameters that need
        no gradient keep their values.
        """
        if self.preprocessing is not None:
            self.preprocessing.reinitialize(generator)
        if self.made_by is None:
            reinitialize(self.module, generator)
        else:
            _take_over(self.module, self.made_by.make(generator))

    def on(self, backend: Backend) -> Self:
        """Return a copy with the same weights whose circuits run on another backend."""
        moved = clone_module(self)
        moved.module = on_backend(moved.module, backend)
        moved.backend = backend
        return moved

    def description(self) -> Description:
        """Return the description from which a saved model is rebuilt, without its weights.

        Raises:
            InputError: If the factory of the module is not known, and it is not a single connector.
        """
        config: dict[str, Any] = {
            "kind": "module",
            "predicts": self.predicts,
            **self.own_description(),
            "preprocess": self.preprocessing is not None,
            "factory": None if self.made_by is None else self.made_by.to_dict(),
        }
        if self.made_by is None:
            if not is_network(self.module):
                wrap = "as_classifier" if self.predicts == "classes" else "as_regressor"
                size = "num_classes=3" if self.predicts == "classes" else "num_values=1"
                raise InputError(
                    "a model can only be saved with the factory of its module, as in "
                    f"{wrap}(module, factory=build, input_shape=(4,), {size})"
                )
            config |= {"kind": "network", "network": network_to_dict(self.module)}
        return Description(config=config, circuit=network_circuit(self.module))

    def own_description(self) -> dict[str, Any]:
        """Return what a subclass adds to the description, as JSON values."""
        return {}


def _take_over(module: torch.nn.Module, fresh: torch.nn.Module) -> None:
    """Copy weights and buffers of a new module into one of the same structure."""
    parameters, buffers = dict(fresh.named_parameters()), dict(fresh.named_buffers())
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(parameters[name])
        for name, buffer in module.named_buffers():
            if buffer.shape == buffers[name].shape:
                buffer.copy_(buffers[name])
            else:  # fitted to rows, with a size that depends on them
                owner, _, attribute = name.rpartition(".")
                setattr(module.get_submodule(owner), attribute, buffers[name].to(buffer))
