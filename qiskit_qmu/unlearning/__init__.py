"""Strategies that remove the influence of rows from a model.

Every strategy is a frozen dataclass of hyperparameters and is called as
``strategy(model, split, generator=…)``; it returns an `UnlearningResult` and does not change the
model. `NoOp` and `Retrain` are the references for the others. `METHODS` contains all of them by
name, with their summaries and presets.
"""

from qiskit_qmu.unlearning.chain import Chain
from qiskit_qmu.unlearning.fine_tune import FineTune
from qiskit_qmu.unlearning.fisher import fisher_diagonal
from qiskit_qmu.unlearning.gradient_ascent import GradientAscent
from qiskit_qmu.unlearning.method import Method, Need, PresetContext
from qiskit_qmu.unlearning.no_op import NoOp
from qiskit_qmu.unlearning.registry import (
    DEFAULT_METHODS,
    METHODS,
    all_settings,
    make_strategy,
    preset_settings,
    summaries,
)
from qiskit_qmu.unlearning.relative_gradient_ascent import RelativeGradientAscent
from qiskit_qmu.unlearning.repeat import Repeat
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
    "Repeat",
    "Retrain",
    "SelectiveDampening",
    "UnchangedWarning",
    "UnlearningResult",
    "UnlearningStrategy",
    "fisher_diagonal",
    "DEFAULT_METHODS",
    "METHODS",
    "Method",
    "Need",
    "PresetContext",
    "all_settings",
    "make_strategy",
    "preset_settings",
    "summaries",
]
