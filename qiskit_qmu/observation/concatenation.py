"""concatenate: joins observations of the same kind."""

from typing import Any

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.observation.observations import Observations


def concatenate(*observations: Observations) -> Observations:
    """Join observations of the same kind, in the order given.

    Args:
        *observations: At least one, all with the same classes, values, outputs, counts and shots.

    Returns:
        Observations of all examples.

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
            "observations differ in classes, expectations, counts or shots: "
            f"{' and '.join(str(dict(kind)) for kind in sorted(kinds, key=str))}"
        )
    every = [part.arrays() for part in observations]
    joined = {name: np.concatenate([arrays[name] for arrays in every]) for name in every[0]}
    return Observations(**joined, shots=observations[0].shots)


def _kind(observations: Observations) -> tuple[tuple[str, Any], ...]:
    """Return the properties that joined observations must share: shapes of a row, and shots."""
    shapes = {name: array.shape[1:] for name, array in observations.arrays().items()}
    return (*shapes.items(), ("shots", observations.shots))
