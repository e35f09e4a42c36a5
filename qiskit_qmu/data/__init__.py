"""Datasets and forget splits: which rows are learnt, and which of them are to be forgotten.

A `Dataset` holds training and test rows as arrays. It comes from `load_dataset` (one of
`DATASET_NAMES`) or, for your own arrays, from `dataset_from_arrays`:

    >>> dataset = load_dataset("digits", train_size=1000, test_size=500, seed=0)
    >>> dataset.x_train.shape, dataset.num_classes
    ((1000, 1, 8, 8), 10)

==================  =====================  =========================================  ============
name                row                    source                                     default rows
==================  =====================  =========================================  ============
``digits``          (1, 8, 8) in [0, 1]    scikit-learn                               1000 + 500
``iris``            (4,) centimetres       scikit-learn                               105 + 45
``diabetes``        (10,) standardised     scikit-learn                               300 + 142
``mnist``           (1, 28, 28) in [0, 1]  IDX files, given or downloaded             1000 + 500
``fashion-mnist``   (1, 28, 28) in [0, 1]  IDX files, given or downloaded             1000 + 500
==================  =====================  =========================================  ============

Diabetes has a value to predict in place of a class, as have arrays with float labels: their
``num_classes`` is None, single rows are forgotten, and models learn the squared error.

IDX files are looked for in ``data_dir``, else in the folder that the environment variable
``QISKIT_QMU_DATA`` names; they lie in that folder or, so that both datasets can share it, in a
subfolder named after the dataset. Without them they are downloaded
(``pip install 'qiskit_qmu[download]'``) and checked by hash.

Your own rows come from `read_table`: a CSV or Parquet file, a DataFrame, an NPZ file or a folder of
images. The dataset then has ids, names of classes and of features, and the columns of the table:

    dataset = read_table("customers.csv", label="churn", id="customer", test=0.3)
    dataset.ids_train, dataset.class_names, dataset.column("region")

A `ForgetSplit` divides the rows for unlearning. There are two kinds of forgetting, with different
questions and different oracles, so a split is of one kind and says which:

    >>> ForgetSplit.by_class(dataset, label=4).kind
    'class'
    >>> ForgetSplit.by_fraction(dataset, fraction=0.02, seed=0).kind
    'instances'
    >>> len(ForgetSplit.by_indices(dataset, [3, 14, 159]).forget)
    3

Rows of one's own are named by their ids, by a boolean mask, or by a condition on their columns:

    >>> bright = ForgetSplit.by_condition(load_dataset("iris"), "`petal width (cm)` > 2.4")
    >>> len(bright.forget)
    3

A split finds the rows that equal a forgotten one, since a retained copy undoes the deletion: see
`ForgetSplit.duplicates` and `ForgetSplit.notes`. Where the kind of request is not known beforehand,
as on a command line, a `ForgetRequest` says which rows and `ForgetSplit.of(dataset, request)` finds
them.

Its parts are `Rows`, which remember their positions in the dataset and have digests, so that a
record can prove which rows a model was trained on.
"""

from qiskit_qmu.data.array_datasets import dataset_from_arrays
from qiskit_qmu.data.arrays import are_classes, as_float, as_labels, as_rows, as_values
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.feature import feature_split, without_feature
from qiskit_qmu.data.forget_request import ForgetRequest
from qiskit_qmu.data.idx import read_idx
from qiskit_qmu.data.named_datasets import (
    CLASS_DATASET_NAMES,
    DATASET_NAMES,
    input_shape_of,
    load_dataset,
)
from qiskit_qmu.data.named_requests import SplitOptions
from qiskit_qmu.data.poisoning import Poison, PoisonedRows, poison
from qiskit_qmu.data.recorded_rows import RecordedRows
from qiskit_qmu.data.row_record import FoundRows, RowRecord
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.data.rows import Rows, RowsWarning, row_digests
from qiskit_qmu.data.split import ForgetSplit
from qiskit_qmu.data.table import read_table
from qiskit_qmu.data.table_columns import TableColumn
from qiskit_qmu.data.torch_datasets import arrays_from_torch, dataset_from_torch
from qiskit_qmu.data.withdrawn import withdrawn_positions

__all__ = [
    "CLASS_DATASET_NAMES",
    "DATASET_NAMES",
    "input_shape_of",
    "TableColumn",
    "Dataset",
    "are_classes",
    "as_float",
    "as_labels",
    "as_rows",
    "as_values",
    "load_dataset",
    "dataset_from_arrays",
    "read_table",
    "ForgetRequest",
    "ForgetSplit",
    "SplitOptions",
    "feature_split",
    "without_feature",
    "Poison",
    "PoisonedRows",
    "poison",
    "FoundRows",
    "RecordedRows",
    "RowRecord",
    "RowSource",
    "RowsWarning",
    "Rows",
    "row_digests",
    "read_idx",
    "withdrawn_positions",
    "arrays_from_torch",
    "dataset_from_torch",
]
