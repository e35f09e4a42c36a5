"""Models that delete rows by themselves, from training to deletion report.

They are those of `qiskit_qmu.kernels`, exactly, and of `qiskit_qmu.certified`, within a budget.
"""

from qiskit_qmu.experiments.exact.deletion import delete_exactly
from qiskit_qmu.experiments.exact.description import describe_exact
from qiskit_qmu.experiments.exact.prediction import predict_exact
from qiskit_qmu.experiments.exact.training import load_exact, train_exact

__all__ = [
    "delete_exactly",
    "describe_exact",
    "load_exact",
    "predict_exact",
    "train_exact",
]
