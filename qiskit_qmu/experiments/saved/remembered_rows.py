"""The rows of a saved model's dataset, as its record remembers them or where they are now."""

from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files import FileError, reading
from qiskit_qmu.data import Dataset, RowSource
from qiskit_qmu.data.layout import Layout
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.setup import load_rows
from qiskit_qmu.experiments.saved.saving import untrained_recipe
from qiskit_qmu.models import load_model


def remembered_experiment(
    path: str | Path, content: dict[str, Any], source: RowSource
) -> Experiment:
    """Return the recipe of a model, with its rows where they are now.

    Args:
        path: Folder of the model.
        content: Its record.
        source: What is known better than the model does.

    Raises:
        InputError: If the record is damaged, or does not say where the rows are.
    """
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


def remembered_rows(experiment: Experiment, source: RowSource) -> Dataset:
    """Return the dataset of a model's recipe.

    Args:
        experiment: The recipe.
        source: Where the rows are now, as the recipe has it already; and the folder of image files.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        return load_rows(experiment, experiment.seed, source.data_dir)
    except FileError as error:
        if source.dataset is not None or experiment.is_bundled:
            raise
        raise FileError(f"{error}; say where the rows are now with --dataset FILE") from error


def laid_out(dataset: Dataset, experiment: Experiment, layout: Layout) -> Dataset:
    """Return a dataset with the columns, texts and class numbers that a model knows.

    Args:
        dataset: What was read for a recipe.
        experiment: The recipe.
        layout: What the model knows.

    Raises:
        InputError: If a column is missing, or a row is of an unknown class.
    """
    if experiment.is_bundled:
        return dataset
    tested = experiment.test if isinstance(experiment.test, str) else None
    form = RowSource.of(experiment.to_dict()).form
    return layout.applied(dataset, experiment.dataset, tested, form)
