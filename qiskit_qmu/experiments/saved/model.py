"""A saved model, the rows that it was trained on, and what it has forgotten."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import FileError, reading
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import Dataset, ForgetRequest, ForgetSplit, RowRecord
from qiskit_qmu.data.ids import untrained_ids
from qiskit_qmu.data.layout import Layout
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.data.rows import RowsWarning
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.experiment_backends import training_backend
from qiskit_qmu.experiments.saved.provenance import Provenance
from qiskit_qmu.experiments.saved.saving import untrained_recipe
from qiskit_qmu.experiments.setup import Setup, load_rows
from qiskit_qmu.models import QuantumClassifier, load_model, load_provenance

_WHICH_MODEL = ("strategy", "settings", "seed", "forgotten_indices")
"""What tells a saved model from all others that come from the same original."""


@final
@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """A saved model with its data.

    Positions are those of the dataset's training rows.

    Attributes:
        model: The model.
        provenance: What was kept beside it.
        experiment: Dataset, model and hyperparameters that it was trained with.
        dataset: The data, in the order that the model remembers.
        recorded: Position in the model's record (n,) of each training row of the dataset; rows
            that it has forgotten may be gone from the data.
    """

    model: QuantumClassifier
    provenance: Provenance
    experiment: Experiment
    dataset: Dataset
    recorded: NDArray[np.int64]

    @staticmethod
    def read(
        path: str | Path,
        backend: Backend | None = None,
        *purpose: str,
        source: RowSource | None = None,
        with_forgotten: bool = False,
        forgotten_since: Callable[[Provenance], int] | None = None,
    ) -> "SavedModel":
        """Read a model and its rows.

        Args:
            path: Folder of the model.
            backend: Where its circuits run; where None, the simulator on which it was trained, with
                shots of their own for each model and purpose.
            purpose: What the model is read for.
            source: Where its rows are now.
            with_forgotten: Whether rows that it was made to forget must still be there.
            forgotten_since: Returns the first of its deletions whose rows must still be there, and
                those of the later ones; in place of ``with_forgotten``.

        Raises:
            InputError: If files are missing or damaged, or the data is not what it was trained on.
        """
        source = source or RowSource()
        content = load_provenance(path)
        experiment = _experiment(path, content, source)
        dataset = _rows_of(experiment, source)
        provenance = _provenance(path, content, experiment, dataset)
        if not experiment.is_bundled:
            tested = experiment.test if isinstance(experiment.test, str) else None
            form = RowSource.of(experiment.to_dict()).form
            dataset = provenance.layout.applied(dataset, experiment.dataset, tested, form)
        needed = provenance.trained if with_forgotten else provenance.known
        if forgotten_since is not None:
            needed = provenance.known_before(forgotten_since(provenance))
        try:
            found = provenance.rows.find(
                dataset, needed=needed.tolist(), new_test=source.test is not None
            )
        except InputError as error:
            raise InputError(f"{path} was trained on {error}") from error
        for remark in found.remarks:
            warnings.warn(f"{path}: {remark}", RowsWarning, stacklevel=2)
        if backend is None:
            which = (str(content.get(name)) for name in _WHICH_MODEL)
            backend = training_backend(experiment, experiment.seed, *purpose, *which)
        return SavedModel(
            model=load_model(path, backend=backend),
            provenance=provenance,
            experiment=experiment,
            dataset=found.dataset,
            recorded=found.positions,
        )

    @property
    def trained(self) -> NDArray[np.int64]:
        """Positions of the rows that it was trained on, as far as they are there."""
        return self._here(self.provenance.trained)

    @property
    def known(self) -> NDArray[np.int64]:
        """Positions of the training rows that it has not forgotten."""
        return self._here(self.provenance.known)

    def setup(
        self, request: ForgetRequest, seed: int, settings: dict[str, Any] | None = None
    ) -> Setup:
        """Return what unlearning takes: recipes, and a split of the rows that it still knows.

        Args:
            request: What to forget; positions are those of the model's record.
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
        if len(self.recorded) < len(self.provenance.rows.train):
            request = self._of_found_rows(request)
        labels = [step.label for step in self.provenance.deletions if step.label is not None]
        validation = self._here(self.provenance.validation)
        validation = validation[~np.isin(self.dataset.y_train[validation], labels)]
        names = self.provenance.rows.train_ids or ()
        split = ForgetSplit.of_trained_rows(
            self.dataset,
            request,
            self.known,
            validation,
            seed=seed,
            forgotten_ids=[names[row] for row in self.provenance.forgotten] if names else (),
        )
        return Setup(experiment=experiment, seed=seed, dataset=self.dataset, split=split)

    def forgotten_split(self, first: int = -1) -> ForgetSplit:
        """Return the split of what was forgotten.

        Args:
            first: The first of the deletions that count, from 0; the last one where -1.

        Raises:
            InputError: If nothing was.
        """
        deletions = self.provenance.deletions[first:]
        if not deletions:
            raise InputError("the model to audit has not forgotten anything yet: unlearn it first")
        forget = np.unique(np.concatenate([self._here(step.forgotten) for step in deletions]))
        labels = {step.label for step in deletions}
        kind: Literal["class", "instances"] = "instances" if None in labels else "class"
        return ForgetSplit.of_positions(
            self.dataset,
            forget=forget,
            retain=self.known,
            validation=self._here(self.provenance.validation),
            label=labels.pop() if len(labels) == 1 else None,
            kind=kind,
            skipped_ids=untrained_ids(self.provenance.content.get("skipped_ids", [])),
        )

    def _here(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the dataset's positions of rows of the record, without those that are gone."""
        return np.flatnonzero(np.isin(self.recorded, positions))

    def _of_found_rows(self, request: ForgetRequest) -> ForgetRequest:
        """Return a request by positions in the record as one by positions in the dataset."""
        if request.indices is None:
            return request
        gone = np.setdiff1d(request.indices, self.recorded)
        if len(gone):
            raise InputError(
                f"indices must be positions of rows that are still in the data, got {gone[0]}"
            )
        places = np.searchsorted(self.recorded, request.indices)
        return replace(request, indices=tuple(places.tolist()))


def _experiment(path: str | Path, content: dict[str, Any], source: RowSource) -> Experiment:
    """Return the recipe of a model, with its rows where they are now."""
    with reading(path, "a saved model"):
        recipe = content["experiment"] if "rows" in content else untrained_recipe(load_model(path))
        if not isinstance(recipe, dict):
            raise InputError(f"an experiment must be a table, got {recipe!r}")
        fields = {**recipe, **source.of_experiment()}
        if source.dataset is not None or source.test is not None:
            fields.pop("source_digest", None)  # (what another file held)
    if fields.get("dataset", "") is None:
        raise InputError(f"{path} does not say where its rows are: name them with --dataset")
    try:
        return Experiment.from_dict(fields)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _rows_of(experiment: Experiment, source: RowSource) -> Dataset:
    try:
        return load_rows(experiment, experiment.seed, source.data_dir)
    except FileError as error:
        if source.dataset is not None or experiment.is_bundled:
            raise
        raise FileError(f"{error}; say where the rows are now with --dataset FILE") from error


def _provenance(
    path: str | Path, content: dict[str, Any], experiment: Experiment, ds: Dataset
) -> Provenance:
    """Return what was kept; where that is nothing, all training rows count as trained on."""
    if "rows" in content:
        with reading(path, "a saved model"):
            return Provenance.from_dict(content)
    size = len(ds.y_train)
    warnings.warn(
        f"{path} does not say which rows it was trained on: all {size} training rows of {ds.name} "
        "count as such, and a retrained model follows the presets",
        RowsWarning,
        stacklevel=3,
    )
    return Provenance.from_dict(
        {
            "experiment": experiment.to_dict(),
            "rows": RowRecord.of(ds).to_dict(),
            "layout": Layout.of(ds).to_dict(),
            "train_indices": list(range(size)),
            "validation_indices": [],
        }
    )
