"""Trained shadow models in a folder, under a digest of everything that decides their weights."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch

from qiskit_qmu._files import arrays_to_bytes, make_folder, read_arrays, reading, write_file
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.data import Rows
from qiskit_qmu.models.parameters import named_tensors
from qiskit_qmu.models.restoring import restore_tensors
from qiskit_qmu.simulator.compile.content import circuit_content
from qiskit_qmu.training import Trainer

_WHAT = "weights of a shadow model"


@final
@dataclass(frozen=True)
class ShadowFolder:
    """Where the weights of shadow models are kept; nowhere without a path.

    Attributes:
        path: The folder of one recipe, pool and seed, or None.
    """

    path: Path | None

    @staticmethod
    def of(
        folder: str | Path | None,
        model: torch.nn.Module,
        pool: Rows,
        trainer: Trainer,
        seed: int,
    ) -> "ShadowFolder":
        """Return the place for a recipe, inside a folder of any number of them.

        Raises:
            InputError: If the folder cannot be made.
        """
        if folder is None:
            return ShadowFolder(None)
        return ShadowFolder(make_folder(Path(folder) / _digest(model, pool, trainer, seed)))

    def restore(self, number: int, model: torch.nn.Module) -> bool:
        """Give a model the weights that are kept for its number; return whether there are any.

        Raises:
            InputError: If the file is damaged, or holds other weights than the model's.
        """
        if self.path is None or not (file := self._file(number)).exists():
            return False
        arrays = read_arrays(file, _WHAT)
        with reading(file, _WHAT):
            restore_tensors(model, {name: torch.as_tensor(a) for name, a in arrays.items()})
        return True

    def keep(self, number: int, model: torch.nn.Module) -> None:
        """Write a trained model's weights, whole or not at all.

        Raises:
            InputError: If they cannot be written.
        """
        if self.path is not None:
            arrays = {name: t.detach().cpu().numpy() for name, t in named_tensors(model).items()}
            write_file(self._file(number), arrays_to_bytes(arrays))

    def _file(self, number: int) -> Path:
        assert self.path is not None
        return self.path / f"shadow-{number:04d}.npz"


def _digest(model: torch.nn.Module, pool: Rows, trainer: Trainer, seed: int) -> str:
    """Return a short hash of everything that decides the weights of shadow models."""
    fixed = {
        name: hashlib.sha256(parameter.detach().cpu().numpy().tobytes()).hexdigest()
        for name, parameter in model.named_parameters()
        if not parameter.requires_grad
    }
    content: dict[str, Any] = {
        "class": f"{type(model).__module__}.{type(model).__qualname__}",
        "structure": repr(model),
        "shapes": {name: list(p.shape) for name, p in model.named_parameters()},
        "fixed": fixed,
        "networks": [_network_content(c.neural_network) for c in connectors_of(model)],
        "trainer": asdict(trainer) | {"objective": repr(trainer.objective)},
        "rows": pool.digest(),
        "seed": seed,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _network_content(network: Any) -> dict[str, Any]:
    observables = getattr(network, "observables", None)
    return {
        "class": type(network).__name__,
        "circuit": repr(circuit_content(network.circuit)),
        "observables": None if observables is None else repr(observables),
        "output_shape": list(np.atleast_1d(network.output_shape).tolist()),
    }
