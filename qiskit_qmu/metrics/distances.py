"""Distances between the outputs of two models on the same rows."""

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray


def euclidean(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return the Euclidean distance of two models' outputs, row by row.

    Args:
        first: Outputs, shape (…, rows, values).
        second: Outputs on the same rows, whose leading axes broadcast against the first's.

    Returns:
        Distances, shape (…, rows).

    Example:
        >>> from qiskit_qmu.metrics import euclidean
        >>> euclidean([[0.0, 0.0]], [[3.0, 4.0]]).tolist()
        [5.0]
    """
    difference = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    return np.asarray(np.sqrt((difference**2).sum(axis=-1)))


def root_jensen_shannon(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return the square root of the Jensen–Shannon divergence of class probabilities, row by row.

    The root is a metric (Endres and Schindelin, IEEE Transactions on Information Theory 2003,
    https://doi.org/10.1109/TIT.2003.813506), as an energy distance needs; the divergence is none.

    Args:
        first: Probabilities, shape (…, rows, classes).
        second: Probabilities on the same rows, whose leading axes broadcast against the first's.

    Returns:
        Distances, shape (…, rows), between 0 and √ln 2.

    Example:
        >>> from qiskit_qmu.metrics import root_jensen_shannon
        >>> root_jensen_shannon([[1.0, 0.0]], [[0.0, 1.0]]).round(4).tolist()
        [0.8326]
    """
    p, q = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    middle = (p + q) / 2
    halves = scipy.special.rel_entr(p, middle) + scipy.special.rel_entr(q, middle)
    # Rounding gives -1e-17 for equal rows.
    return np.asarray(np.sqrt(np.maximum(halves.sum(axis=-1) / 2, 0.0)))
