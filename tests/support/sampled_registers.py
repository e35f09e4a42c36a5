"""What a classical register must read, and a test of counts against it."""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector
from scipy import stats

SIGNIFICANCE = 1e-6
"""Probability with which a chi-square test rejects a correct program; the streams are fixed."""


def register_probabilities(circuit: QuantumCircuit, register: str) -> np.ndarray:
    """Return the distribution of one register, read slowly from the state vector."""
    qubit_of = {
        instruction.clbits[0]: circuit.find_bit(instruction.qubits[0]).index
        for instruction in circuit.data
        if instruction.operation.name == "measure"
    }
    bits = next(own for own in circuit.cregs if own.name == register)
    state = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities()
    expected = np.zeros(2 ** len(bits))
    for outcome, weight in enumerate(state):
        value = sum(
            (outcome >> qubit_of[bit] & 1) << i for i, bit in enumerate(bits) if bit in qubit_of
        )
        expected[value] += weight
    return expected


def assert_distributed(counts: dict[int, int], expected: np.ndarray) -> None:
    """Test counts by chi-square; outcomes that are expected less than five times are one."""
    observed = np.array([counts.get(outcome, 0) for outcome in range(len(expected))])
    assert not observed[expected < 1e-12].any()
    shots = observed.sum()
    rare = expected * shots < 5
    observed = np.append(observed[~rare], observed[rare].sum())
    mean = np.append(expected[~rare], expected[rare].sum()) * shots
    if mean[-1] < 5:
        observed, mean = observed[:-1], mean[:-1] * observed[:-1].sum() / mean[:-1].sum()
    assert stats.chisquare(observed, mean).pvalue > SIGNIFICANCE or len(mean) == 1
