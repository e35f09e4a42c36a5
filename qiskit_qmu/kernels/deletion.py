"""Deletion: the record of an exact deletion."""

from dataclasses import dataclass, field
from typing import final

from qiskit_qmu.backends import Usage


@final
@dataclass(frozen=True, kw_only=True)
class Deletion:
    """What was deleted from a kernel model, how exactly, and at what cost.

    Attributes:
        rows: Positions of the deleted rows in the training rows of ``fit``.
        remaining: Rows that are left.
        residual: Largest entry of ``|(K + αI)·solution − targets|`` over the remaining rows: how
            far the model is from solving the equations of a model that never had the deleted rows.
        usage: Circuits and shots; always none.
        seconds: Wall-clock time.

    Example:
        >>> from qiskit_qmu.kernels import KernelRidgeRegressor
        >>> model = KernelRidgeRegressor().fit([[0.1], [0.5], [0.9]], [1.0, 2.0, 3.0])
        >>> record = model.delete([1])
        >>> record.rows, record.remaining, record.usage.circuits, record.residual < 1e-12
        ((1,), 2, 0, True)
    """

    rows: tuple[int, ...]
    remaining: int
    residual: float
    usage: Usage = field(default_factory=Usage)
    seconds: float
