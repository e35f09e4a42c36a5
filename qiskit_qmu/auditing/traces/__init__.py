"""Traces: what is left in one model, beside what the same tests find in retrained ones."""

from qiskit_qmu.auditing.traces.layers import layers
from qiskit_qmu.auditing.traces.lifted_bias import lifted_bias
from qiskit_qmu.auditing.traces.linear_probe import linear_probe
from qiskit_qmu.auditing.traces.null_of_oracles import null_of_oracles, p_value_above
from qiskit_qmu.auditing.traces.relearning import relearning
from qiskit_qmu.auditing.traces.weight_distance import distance, weight_distance

__all__ = [
    "distance",
    "layers",
    "lifted_bias",
    "linear_probe",
    "null_of_oracles",
    "p_value_above",
    "relearning",
    "weight_distance",
]
