"""Published studies as protocols: sweeps with fixed data, models and sizes, ours beside theirs."""

from qiskit_qmu.experiments.reproduce.registry import PROTOCOLS
from qiskit_qmu.experiments.reproduce.running import Reproduction, reproduce, reproduction_plan

__all__ = ["PROTOCOLS", "Reproduction", "reproduce", "reproduction_plan"]
