"""Features of norm one or less, on which the bounds of a removal rest."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


def bounded_features(values: Any, num_rows: int) -> NDArray[np.float64]:
    """Return features with a constant, (n, k + 1), of norm one or less.

    Args:
        values: Features (n, k) of any norm; longer rows are scaled to norm one.
        num_rows: The number n of rows that they belong to.

    Raises:
        InputError: If they have another shape, or are not finite.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.certified.bounded_features import bounded_features
        >>> bounded_features([[3.0, 4.0]], 1).round(3)
        array([[0.424, 0.566, 0.707]])
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 2 or len(array) != num_rows:
        raise InputError(f"features must have shape ({num_rows}, k), got {array.shape}")
    _check.finite(features=array)
    norms = np.maximum(1.0, np.linalg.norm(array, axis=1, keepdims=True))
    together = np.hstack([array / norms, np.ones((num_rows, 1))])
    return np.asarray(together / np.sqrt(2) * (1 - 1e-15))
