"""Saved models and the rows they were trained on: train, unlearn and audit, step by step."""

from qiskit_qmu.experiments.saved.audit import audit_saved
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.experiments.saved.observing import observe_saved
from qiskit_qmu.experiments.saved.training import train_and_save
from qiskit_qmu.experiments.saved.unlearning import unlearn_saved

__all__ = ["SavedModel", "audit_saved", "observe_saved", "train_and_save", "unlearn_saved"]
