"""NoOp: the unchanged model, the reference of every table."""

from dataclasses import dataclass
from typing import final

import numpy as np

from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.method import Method
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy


@final
@dataclass(frozen=True, kw_only=True)
class NoOp(UnlearningStrategy):
    """Return a copy of the original model.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> result = qmu.unlearning.NoOp()(model, split)
        >>> result.stopped, result.changed
        ('nothing to do', False)
    """

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return a copy; see `UnlearningStrategy`."""
        with working_copy(model, self, split) as work:
            work.stop("nothing to do", "NoOp does nothing by design")
        return work.result()


METHOD = Method(strategy=NoOp, summary="the trained model, unchanged", group="reference")
