"""Observations: a model's outputs as NumPy arrays, without torch or Qiskit."""

from qiskit_qmu.observation.concatenation import concatenate
from qiskit_qmu.observation.frames import observations_from_frame, observations_to_frame
from qiskit_qmu.observation.observations import Observations

__all__ = ["Observations", "concatenate", "observations_from_frame", "observations_to_frame"]
