"""The dataset of a model that deletes rows by itself, as its record knows it."""

from qiskit_qmu.data import Dataset, RowSource
from qiskit_qmu.experiments.exact.model_folder import ExactFolder
from qiskit_qmu.experiments.saved.remembered_rows import (
    laid_out,
    remembered_experiment,
    remembered_rows,
)


def recorded_dataset(own: ExactFolder, source: RowSource) -> Dataset:
    """Return the dataset of a model, with the test rows of its record.

    Args:
        own: The model with its record.
        source: Where the rows are now, if not where the record says.

    Raises:
        InputError: If the data is not there any more, or holds other test rows.
    """
    kept = own.provenance
    experiment = remembered_experiment(own.path, kept.content, source)
    dataset = laid_out(remembered_rows(experiment, source), experiment, kept.layout)
    return kept.rows.find(dataset, needed=(), new_test=source.test is not None).dataset
