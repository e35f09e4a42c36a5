"""The folder of a study: what each target answered, in a folder named after its digest."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from qiskit_qmu._files import (
    arrays_to_bytes,
    make_folder,
    new_folder,
    read_arrays,
    read_sealed_json,
    write_file,
    write_sealed_json,
)
from qiskit_qmu.experiments.shots.study.target import TargetAnswers


@final
@dataclass(frozen=True)
class StudyFolder:
    """Where the answers of targets are kept; several studies may share one.

    Attributes:
        path: The folder.
    """

    path: Path

    def has(self, digest: str) -> bool:
        """Return whether a target is there."""
        return self._target(digest).exists()

    def keep(self, digest: str, answers: TargetAnswers) -> None:
        """Write the answers of a target, all or none.

        Raises:
            InputError: If they cannot be written.
        """
        folder = self._target(digest)
        make_folder(folder.parent)
        with new_folder(folder) as unfinished:
            write_sealed_json(unfinished / "rows.json", {"rows": answers.rows})
            write_file(unfinished / "arrays.npz", arrays_to_bytes(answers.arrays))

    def read(self, digest: str) -> TargetAnswers:
        """Return the answers of a target.

        Raises:
            InputError: If they are damaged.
        """
        folder = self._target(digest)
        rows = read_sealed_json(folder / "rows.json", "the rows of a target")["rows"]
        return TargetAnswers(
            rows=rows, arrays=read_arrays(folder / "arrays.npz", "the answers of a target")
        )

    def _target(self, digest: str) -> Path:
        return self.path / "targets" / digest
