"""Quantum classifiers, and what strategies need to handle any torch module that holds a QNN."""

from qiskit_qmu.models.basic import BasicQNN
from qiskit_qmu.models.classifier import ClassifierConfig, QuantumClassifier
from qiskit_qmu.models.fewer_shots import deal_shots, with_fewer_shots
from qiskit_qmu.models.files import load_model, load_provenance, save_model
from qiskit_qmu.models.hybrid import HybridQNN
from qiskit_qmu.models.initialization import reinitialize
from qiskit_qmu.models.moving import on_backend
from qiskit_qmu.models.observing import ROWS_AT_ONCE, in_mode, observe
from qiskit_qmu.models.parameters import (
    Part,
    clone_module,
    named_parameters,
    parameter_counts,
)
from qiskit_qmu.models.per_example import per_example_gradients

__all__ = [
    "ROWS_AT_ONCE",
    "BasicQNN",
    "ClassifierConfig",
    "HybridQNN",
    "Part",
    "QuantumClassifier",
    "clone_module",
    "deal_shots",
    "in_mode",
    "load_model",
    "load_provenance",
    "named_parameters",
    "observe",
    "on_backend",
    "parameter_counts",
    "per_example_gradients",
    "reinitialize",
    "save_model",
    "with_fewer_shots",
]
