"""Weights of shadow models in a folder, under a digest of everything that decides them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch
from numpy.typing import NDArray

from qiskit_qmu._files import arrays_to_bytes, make_folder, read_arrays, reading, write_file
from qiskit_qmu.models.parameters import named_tensors
from qiskit_qmu.models.restoring import restore_tensors

_WHAT = "weights of a shadow model"

Weights = Mapping[str, NDArray[Any]]
"""Parameters and buffers of a model by name."""


@final
@dataclass(frozen=True)
class KeptWeights:
    """Where the weights of shadow models are kept; nowhere without a path.

    Only weights are kept, never answers: what a model answers is computed on the rows as they are
    given now, so that it cannot belong to rows in another order.

    Attributes:
        path: The folder of everything that has one digest, or None.
    """

    path: Path | None

    @staticmethod
    def at(folder: str | Path | None, digest: str) -> "KeptWeights":
        """Return the place of a digest inside a folder of any number of them.

        Raises:
            InputError: If the folder cannot be made.
        """
        return KeptWeights(None if folder is None else make_folder(Path(folder) / digest))

    def restore(self, number: int, model: torch.nn.Module) -> bool:
        """Give a model the weights that are kept for its number; return whether there are any.

        Raises:
            InputError: If the file is damaged, or holds other weights than the model's.
        """
        if self.path is None or not (file := self._file(number)).exists():
            return False
        weights = read_arrays(file, _WHAT)
        with reading(file, _WHAT):
            put_weights(model, weights)
        return True

    def keep(self, number: int, weights: Weights) -> None:
        """Write a model's weights, whole or not at all.

        Raises:
            InputError: If they cannot be written.
        """
        if self.path is not None:
            write_file(self._file(number), arrays_to_bytes(weights))

    def missing(self, models: Sequence[torch.nn.Module]) -> list[int]:
        """Restore what is kept, and return the numbers of the models of which nothing is."""
        return [number for number, model in enumerate(models) if not self.restore(number, model)]

    def _file(self, number: int) -> Path:
        assert self.path is not None
        return self.path / f"shadow-{number:04d}.npz"


def weights_of(model: torch.nn.Module) -> Weights:
    """Return the parameters and buffers of a model as arrays."""
    return {name: t.detach().cpu().numpy() for name, t in named_tensors(model).items()}


def put_weights(model: torch.nn.Module, weights: Weights) -> None:
    """Give a model the weights of another of its structure.

    Raises:
        InputError: If names, shapes or types are not the module's.
    """
    restore_tensors(model, {name: torch.as_tensor(array) for name, array in weights.items()})
