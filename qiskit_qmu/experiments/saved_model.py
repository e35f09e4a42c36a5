"""A saved model, the rows that it was trained on, and what it has forgotten."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import checked, reading
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import Dataset, ForgetRequest, ForgetSplit, row_digests
from qiskit_qmu.data.split import split_by_positions, split_trained_rows
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.setup import Setup, load_rows
from qiskit_qmu.models import QuantumClassifier, load_model, load_provenance

_WHICH_MODEL = ("strategy", "settings", "seed", "forgotten_indices")
"""What tells a saved model from all others that come from the same original."""


@final
@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """A saved model with its data.

    Attributes:
        model: The model.
        provenance: What was kept beside it.
        experiment: Dataset, model and hyperparameters that it was trained with.
        dataset: The data.
        trained: Positions (n,) of the training rows that it was trained on.
    """

    model: QuantumClassifier
    provenance: dict[str, Any]
    experiment: Experiment
    dataset: Dataset
    trained: NDArray[np.int64]

    @staticmethod
    def read(
        path: str | Path, data_dir: str | None, backend: Backend | None, *purpose: str
    ) -> "SavedModel":
        """Read a model that `train_and_save` or `unlearn_saved` wrote.

        Args:
            path: Folder of the model.
            data_dir: Where image files lie.
            backend: Where its circuits run; where None, the simulator on which it was trained, with
                shots of their own for each model and purpose.
            purpose: What the model is read for.

        Raises:
            InputError: If files are missing or damaged, or the data is not what it was trained on.
        """
        provenance = load_provenance(path)
        missing = sorted(_PROVENANCE - provenance.keys())
        if missing:
            raise InputError(f"{path} does not say how it was trained: no {', '.join(missing)}")
        with reading(path, "a saved model"):
            _check_kinds(provenance)
            experiment = Experiment.from_dict(provenance["experiment"])
        model = (str(provenance.get(name)) for name in _WHICH_MODEL)
        backend = backend or experiment.training_backend(experiment.seed, *purpose, *model)
        dataset = load_rows(experiment, experiment.seed, data_dir)
        trained = dataset.train.take(provenance["train_indices"])
        if row_digests(trained.x, trained.y) != provenance["train_digests"]:
            raise InputError(f"{path} was trained on other data: the digests of the rows differ")
        return SavedModel(
            model=load_model(path, backend=backend),
            provenance=provenance,
            experiment=experiment,
            dataset=dataset,
            trained=trained.indices,
        )

    def still_known(self) -> "SavedModel":
        """Return it as if trained only on the rows that it has not been made to forget yet."""
        forgotten = self.provenance.get("forgotten_indices", [])
        known = self.dataset.train.take(np.setdiff1d(self.trained, forgotten).astype(np.int64))
        provenance = {
            **self.provenance,
            "train_indices": known.indices.tolist(),
            "train_digests": row_digests(known.x, known.y),
        }
        return replace(self, trained=known.indices, provenance=provenance)

    def setup(
        self, request: ForgetRequest, seed: int, settings: dict[str, Any] | None = None
    ) -> Setup:
        """Return what unlearning takes: recipes, and a split of the rows that it was trained on.

        Args:
            request: What to forget.
            seed: Seed of everything random.
            settings: Hyperparameters that replace the preset's.

        Raises:
            InputError: If the request is not possible.
        """
        experiment = replace(
            self.experiment,
            forget=request,
            settings={**self.experiment.settings, **(settings or {})},
        )
        split = split_trained_rows(self.dataset, request, self.trained, self._validation, seed=seed)
        return Setup(experiment=experiment, seed=seed, dataset=self.dataset, split=split)

    def forgotten_split(self) -> ForgetSplit:
        """Return the split of what was forgotten.

        Raises:
            InputError: If nothing was.
        """
        if "forgotten_indices" not in self.provenance:
            raise InputError("the model to audit has not forgotten anything yet: unlearn it first")
        forget = np.asarray(self.provenance["forgotten_indices"], dtype=np.int64)
        return split_by_positions(
            self.dataset,
            forget=forget,
            retain=np.setdiff1d(self.trained, forget),
            validation=self._validation,
            label=self.provenance.get("forgotten_label"),
        )

    @property
    def _validation(self) -> NDArray[np.int64]:
        return np.asarray(self.provenance["validation_indices"], dtype=np.int64)


_PROVENANCE = {"experiment", "train_indices", "train_digests", "validation_indices"}


def _check_kinds(provenance: dict[str, Any]) -> None:
    """Raise InputError if what was kept beside a model is of other types than it is used as."""
    for name in ("train_indices", "validation_indices", "forgotten_indices"):
        for position in checked(provenance.get(name, []), list, name):
            if abs(checked(position, int, f"a position of {name}")) >= 2**31:
                raise InputError(f"a position of {name} must be that of a row, got {position}")
    for digest in checked(provenance["train_digests"], list, "train_digests"):
        checked(digest, str, "a digest of train_digests")
    label = provenance.get("forgotten_label")
    if label is not None:
        checked(label, int, "forgotten_label")


def rows_of(path: str | Path, *, still_known: bool = False) -> list[tuple[int, str]]:
    """Return positions and digests of the rows a model was trained on, or of those it knows yet."""
    provenance = load_provenance(path)
    rows = zip(
        provenance.get("train_indices", []), provenance.get("train_digests", []), strict=False
    )
    forgotten = provenance.get("forgotten_indices", []) if still_known else []
    return sorted(row for row in rows if row[0] not in forgotten)
