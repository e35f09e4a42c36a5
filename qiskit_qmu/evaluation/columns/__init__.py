"""The reported numbers: a file for each kind of them, and the registry that sets their order."""

from qiskit_qmu.evaluation.columns.accuracies import (
    FORGET_TEST,
    FORGET_TRAIN,
    RETAIN_TEST,
    RETAIN_TRAIN,
)
from qiskit_qmu.evaluation.columns.attacks import (
    ATTACK_AUCS,
    AUC,
    PAPER_CONTROL,
    PAPER_EXCESS,
    PAPER_RATE,
    REFERENCE_AUC,
)
from qiskit_qmu.evaluation.columns.column import (
    BASELINES,
    CHANCE,
    CHANCE_SHARE,
    COIN,
    DESTROYED,
    NOTHING,
    Column,
    number,
    show_ratio,
)
from qiskit_qmu.evaluation.columns.costs import CIRCUITS, GRADIENTS, SHOTS
from qiskit_qmu.evaluation.columns.distances import JS_EXACT, JS_FORGET, JS_RETAIN
from qiskit_qmu.evaluation.columns.registry import COSTS, RESULTS, SHOT_RESULTS, result_columns
from qiskit_qmu.evaluation.columns.values import (
    LOSS_FORGET,
    LOSS_RETAIN_TEST,
    LOSS_RETAIN_TRAIN,
    R2_FORGET,
    R2_RETAIN_TEST,
    R2_RETAIN_TRAIN,
    VALUE_COLUMNS,
)

__all__ = [
    "FORGET_TEST",
    "FORGET_TRAIN",
    "RETAIN_TEST",
    "RETAIN_TRAIN",
    "ATTACK_AUCS",
    "AUC",
    "PAPER_CONTROL",
    "PAPER_EXCESS",
    "PAPER_RATE",
    "REFERENCE_AUC",
    "BASELINES",
    "CHANCE",
    "CHANCE_SHARE",
    "COIN",
    "DESTROYED",
    "NOTHING",
    "Column",
    "number",
    "show_ratio",
    "CIRCUITS",
    "GRADIENTS",
    "SHOTS",
    "JS_EXACT",
    "JS_FORGET",
    "JS_RETAIN",
    "COSTS",
    "RESULTS",
    "SHOT_RESULTS",
    "result_columns",
    "LOSS_FORGET",
    "LOSS_RETAIN_TEST",
    "LOSS_RETAIN_TRAIN",
    "R2_FORGET",
    "R2_RETAIN_TEST",
    "R2_RETAIN_TRAIN",
    "VALUE_COLUMNS",
]
