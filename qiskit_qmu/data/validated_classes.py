"""Checks the rows and labels that a classifier after scikit-learn is fitted to."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError


def validated_classes(
    estimator: Any, x: ArrayLike, y: ArrayLike, dtype: type[np.floating[Any]]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.intp]]:
    """Return checked rows (n, features), the sorted classes, and the number of each row's (n,).

    Args:
        estimator: The estimator, whose number of features is noted.
        x: Rows.
        y: Labels.
        dtype: Type of the rows.

    Raises:
        InputError: If there is one class only.
        ValueError: If scikit-learn refuses rows or labels.
    """
    # Imported late: importing scikit-learn takes most of a second.
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import validate_data

    rows, labels = validate_data(estimator, x, y, dtype=dtype)
    check_classification_targets(labels)
    classes, numbers = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"a classifier needs rows of at least two classes, got 1 class: {classes[0]}"
        )
    return rows, classes, numbers
