"""Which rows each shadow model is trained on."""

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


def complementary_halves(
    models: int, rows: int, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Return for each model a random half of the rows, the other half for the next model.

    Every row is in exactly half of the models (of an odd number of rows each pair leaves out one,
    another than the pairs before, so that no row lacks references). So when a pair is taken out,
    the other models say nothing of what it was trained on: without one model alone, the rows that
    are left in fewer models would be its own, and an attack could read memberships off their
    number.

    Args:
        models: Number of models, even.
        rows: Number of rows, at least two.
        generator: Source of the halves.

    Returns:
        Whether model k is trained on row x, booleans (models, rows); models 2i and 2i + 1 are a
        pair.

    Raises:
        InputError: If the number of models is odd, or there are too few models or rows.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.shadows import complementary_halves
        >>> included = complementary_halves(4, 6, np.random.default_rng(0))
        >>> included.sum(axis=0), included.sum(axis=1)
        (array([2, 2, 2, 2, 2, 2]), array([3, 3, 3, 3]))
    """
    _check.at_least(2, models=models, rows=rows)
    if models % 2:
        raise InputError(f"models must be an even number, since they come in pairs, got {models}")
    half = rows // 2
    included = np.zeros((models, rows), dtype=bool)
    left_out = generator.permutation(rows) if rows % 2 else None
    for pair in range(models // 2):
        order = generator.permutation(rows)
        if left_out is not None:
            last = left_out[pair % rows]
            order = np.append(order[order != last], last)
        included[2 * pair, order[:half]] = True
        included[2 * pair + 1, order[half : 2 * half]] = True
    return included
