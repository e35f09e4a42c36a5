"""ModelFolder: where made models are kept, each in a folder named after its digest."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from qiskit_qmu._files import make_folder
from qiskit_qmu.experiments.sweeps.made_model import MadeModel


@final
@dataclass(frozen=True)
class ModelFolder:
    """Made models by digest.

    Attributes:
        path: The folder; made with the first model.
    """

    path: Path

    def __contains__(self, digest: str) -> bool:
        return (self.path / digest).exists()

    def get(self, digest: str) -> MadeModel | None:
        """Return a model; None if it is not there.

        Raises:
            InputError: If it is damaged.
        """
        return MadeModel.read(self.path / digest) if digest in self else None

    def keep(self, digest: str, made: MadeModel) -> None:
        """Write a model, whole or not at all.

        Raises:
            InputError: If it cannot be written.
        """
        make_folder(self.path)
        made.write(self.path / digest)
