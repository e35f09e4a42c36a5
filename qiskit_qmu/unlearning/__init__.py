"""Strategies that remove the influence of rows from a model.

Every strategy is a frozen dataclass of hyperparameters and is called as
``strategy(model, split, generator=…)``; it returns an `UnlearningResult` and leaves the model as it
is.
`NoOp` and `Retrain` are what the others are read against.
"""

from qiskit_qmu.unlearning.chain import Chain
from qiskit_qmu.unlearning.fine_tune import FineTune
from qiskit_qmu.unlearning.fisher import fisher_diagonal
from qiskit_qmu.unlearning.gradient_ascent import GradientAscent
from qiskit_qmu.unlearning.no_op import NoOp
from qiskit_qmu.unlearning.relative_gradient_ascent import RelativeGradientAscent
from qiskit_qmu.unlearning.result import UnchangedWarning, UnlearningResult
from qiskit_qmu.unlearning.retrain import Retrain
from qiskit_qmu.unlearning.selective_dampening import SelectiveDampening
from qiskit_qmu.unlearning.strategy import UnlearningStrategy

__all__ = [
    "Chain",
    "FineTune",
    "GradientAscent",
    "NoOp",
    "RelativeGradientAscent",
    "Retrain",
    "SelectiveDampening",
    "UnchangedWarning",
    "UnlearningResult",
    "UnlearningStrategy",
    "fisher_diagonal",
]
