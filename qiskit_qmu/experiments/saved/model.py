"""A saved model, the rows that it was trained on, and what it has forgotten."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, final

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu._files import reading
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import Dataset, ForgetRequest, ForgetSplit, Rows
from qiskit_qmu.data.ids import untrained_ids
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.data.rows import RowsWarning
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.experiment_backends import training_backend
from qiskit_qmu.experiments.configuration.model_building import check_classes
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.saved.provenance import Provenance, trained_entries
from qiskit_qmu.experiments.saved.remembered_rows import (
    laid_out,
    remembered_experiment,
    remembered_rows,
)
from qiskit_qmu.models import QuantumClassifier, QuantumModel, load_model, load_provenance

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
        dataset: The data, in the order that the model remembers and with the positions of its
            record; rows that it has forgotten may be gone.
    """

    model: QuantumModel
    provenance: Provenance
    experiment: Experiment
    dataset: Dataset

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
        experiment = remembered_experiment(path, content, source)
        dataset = remembered_rows(experiment, source)
        provenance = _provenance(path, content, experiment, dataset)
        dataset = laid_out(dataset, experiment, provenance.layout)
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
        return SavedModel(
            model=load_model(path, backend=backend or _backend(experiment, content, purpose)),
            provenance=provenance,
            experiment=experiment,
            dataset=found.dataset,
        )

    @staticmethod
    def to_unlearn(
        path: str | Path,
        strategy: str,
        seed: int,
        *,
        source: RowSource | None = None,
        backend: Backend | None = None,
    ) -> "SavedModel":
        """Read a model from which a strategy is to remove rows, as `read` does.

        Raises:
            InputError: As of `read`.
        """
        return SavedModel.read(path, backend, "unlearning", strategy, str(seed), source=source)

    def successor(self, path: str | Path, *purpose: str) -> "SavedModel":
        """Read a model that was made from this one, with the rows of this one.

        Args:
            path: Folder of the new model.
            purpose: What it is read for, as for `read`.

        Raises:
            InputError: If its files are missing or damaged.
        """
        content = load_provenance(path)
        with reading(path, "a saved model"):
            provenance = Provenance.from_dict(content)
        model = load_model(path, backend=_backend(self.experiment, content, purpose))
        return replace(self, model=model, provenance=provenance)

    def classifier(self, what: str) -> QuantumClassifier:
        """Return the model for what only classifiers can do.

        Args:
            what: What needs classes, for the error.

        Raises:
            InputError: If it predicts values.
        """
        check_classes(self.dataset, what)
        assert isinstance(self.model, QuantumClassifier)
        return self.model

    @property
    def trained(self) -> Rows:
        """The rows that it was trained on, as far as they are there."""
        return self.dataset.train.at(self.provenance.trained)

    @property
    def known(self) -> Rows:
        """The training rows that it has not forgotten."""
        return self.dataset.train.at(self.provenance.known)

    @property
    def validation(self) -> Rows:
        """The rows that were held out."""
        return self.dataset.train.at(self.provenance.validation)

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
        labels = [step.label for step in self.provenance.deletions if step.label is not None]
        held_out = self.validation
        gone = self.provenance.rows.of_positions(self.provenance.forgotten)
        split = ForgetSplit.of_trained_rows(
            self.dataset,
            request,
            self.known,
            held_out.where(~np.isin(held_out.y, labels)),
            seed=seed,
            forgotten_ids=gone.ids or (),
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
        forgotten = np.concatenate([step.forgotten for step in deletions])
        labels = {step.label for step in deletions}
        kind: Literal["class", "instances"] = "instances" if None in labels else "class"
        return ForgetSplit.of_rows(
            self.dataset,
            forget=self.dataset.train.at(forgotten),
            retain=self.known,
            validation=self.validation,
            label=labels.pop() if len(labels) == 1 else None,
            kind=kind,
            skipped_ids=untrained_ids(self.provenance.content.get("skipped_ids", [])),
        )


def _backend(experiment: Experiment, content: dict[str, Any], purpose: Sequence[str]) -> Backend:
    """Return the simulator on which a model was trained, with shots of its own."""
    which = (str(content.get(name)) for name in _WHICH_MODEL)
    return training_backend(experiment, experiment.seed, *purpose, *which)


def _provenance(
    path: str | Path, content: dict[str, Any], experiment: Experiment, ds: Dataset
) -> Provenance:
    """Return what was kept; where that is nothing, all training rows count as trained on."""
    if "rows" in content:
        with reading(path, "a saved model"):
            return Provenance.from_dict(content)
    warnings.warn(
        f"{path} does not say which rows it was trained on: all {len(ds.y_train)} training rows "
        f"of {ds.name} count as such, and a retrained model follows the presets",
        RowsWarning,
        stacklevel=3,
    )
    return Provenance.from_dict(
        {
            "experiment": experiment.to_dict(),
            **trained_entries(ds, ds.train, ds.train.take([])),
        }
    )
