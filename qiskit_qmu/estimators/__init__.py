"""Estimators for scikit-learn: `QNNClassifier` trains, predicts and unlearns."""

from qiskit_qmu.estimators.qnn_classifier import QNNClassifier

__all__ = ["QNNClassifier"]
