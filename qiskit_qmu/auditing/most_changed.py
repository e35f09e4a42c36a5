"""MaxDiff: which row was deleted, read off the answers of a model before and after."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


def most_changed(before: ArrayLike, after: ArrayLike) -> NDArray[np.int64]:
    """Rank candidate rows by how much a deletion changed the model's answer to them.

    A perfect deletion changes answers most where the row was: of an exact kernel model,
    f⁺(z) − f⁻(z) is the deleted row's coefficient times a covariance that peaks at the row. The
    first candidate is the attacker's guess. This is a risk of deleting, not a measure of
    forgetting; batches of deletions, and no model published in between, lower it. The baseline
    MaxDiff of Bertran et al., Reconstruction Attacks on Machine Unlearning,
    https://arxiv.org/abs/2405.20272.

    Args:
        before: Answers of the original to the candidates, shape (n,) or (n, outputs).
        after: Answers of the unlearned model to the same rows.

    Returns:
        Positions (n,) of the candidates, the most changed first; equal ones in their order.

    Raises:
        InputError: If shapes differ, or an answer is not finite.

    Example:
        >>> from qiskit_qmu.auditing import most_changed
        >>> from qiskit_qmu.kernels import KernelRidgeRegressor
        >>> x, y = [[0.1], [0.4], [0.7], [1.0]], [1.0, 2.0, 2.0, 1.0]
        >>> model = KernelRidgeRegressor(alpha=0.1).fit(x, y)
        >>> before = model.predict(x)
        >>> after = model.unfit([[0.7]], [2.0]).predict(x)
        >>> most_changed(before, after)[0]
        np.int64(2)
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if old.shape != new.shape or old.ndim not in (1, 2):
        raise InputError(
            "before and after must have the same shape (n,) or (n, outputs), got "
            f"{old.shape} and {new.shape}"
        )
    _check.finite(before=old, after=new)
    change = np.linalg.norm((new - old).reshape(len(old), -1), axis=1)
    return np.argsort(-change, kind="stable")
