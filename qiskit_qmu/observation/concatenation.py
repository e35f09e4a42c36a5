"""concatenate: observations of the same kind, one after the other."""

from typing import Any

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.observation.observations import Observations


def concatenate(*observations: Observations) -> Observations:
    """Join observations of the same kind, in the order given.

    Args:
        *observations: One or more, with the same classes, values, outputs, counts and shots.

    Returns:
        All examples.

    Raises:
        InputError: If none is given or their kinds differ.

    Example:
        >>> from qiskit_qmu.observation import Observations, concatenate
        >>> first, second = Observations(row_losses=[0.25, 1.0]), Observations(row_losses=[4.0])
        >>> concatenate(first, second).losses
        array([0.25, 1.  , 4.  ])
    """
    _check.not_empty(observations=observations)
    kinds = {_kind(part) for part in observations}
    if len(kinds) > 1:
        raise InputError(
            "observations must agree in classes, expectations, counts and shots, "
            f"got {' and '.join(str(dict(kind)) for kind in sorted(kinds, key=str))}"
        )
    every = [part.arrays() for part in observations]
    joined = {name: np.concatenate([arrays[name] for arrays in every]) for name in every[0]}
    return Observations(**joined, shots=observations[0].shots)


def _kind(observations: Observations) -> tuple[tuple[str, Any], ...]:
    """Return what two observations must share to be joined: shapes of a row, and shots."""
    shapes = {name: array.shape[1:] for name, array in observations.arrays().items()}
    return (*shapes.items(), ("shots", observations.shots))
