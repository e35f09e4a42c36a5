"""Observations: a model's outputs as NumPy arrays, without torch or Qiskit."""

from qiskit_qmu.observation.concatenation import concatenate
from qiskit_qmu.observation.observations import Observations

__all__ = ["Observations", "concatenate"]
