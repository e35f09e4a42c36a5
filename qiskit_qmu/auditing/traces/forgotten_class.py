"""The class that a task forgets, from a model's outputs."""

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation import SplitObservations


def forgotten_class(observed: SplitObservations) -> int:
    """Return the number of the forgotten class.

    Args:
        observed: Outputs of a model on a task that forgets a class.

    Raises:
        InputError: If it forgets rows of several classes, or values.
    """
    labels = observed.forget.labels
    if labels is None or len(np.unique(labels)) != 1:
        got = "values" if labels is None else f"{len(np.unique(labels))} classes"
        raise InputError(f"this test is about one forgotten class, but the rows have {got}")
    return int(labels[0])
