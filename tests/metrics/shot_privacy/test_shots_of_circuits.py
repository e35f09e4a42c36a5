"""Shots of simulated circuits leak what the accountant says of their exact outcomes."""

import numpy as np
import pytest
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.quantum_info import Statevector

from qiskit_qmu.metrics import auroc
from qiskit_qmu.metrics.shot_privacy import audited_privacy
from qiskit_qmu.simulator import TorchSampler

ANGLE = Parameter("a")


def _circuit():
    circuit = QuantumCircuit(2)
    circuit.ry(ANGLE, 0)
    circuit.cx(0, 1)
    circuit.ry(0.7, 1)
    return circuit


def _exact(angle):
    return Statevector(_circuit().assign_parameters({ANGLE: angle})).probabilities()


def _counts(angle, rows, shots):
    """Return how often each of four outcomes was measured, (rows, 4)."""
    measured = _circuit()
    measured.measure_all()
    job = TorchSampler(seed=7).run([(measured, np.full((rows, 1), angle))], shots=shots)
    outcomes = job.result()[0].data.meas.array[..., 0]
    return (outcomes[..., None] == np.arange(4)).sum(axis=1)


@pytest.mark.parametrize("shots", [1, 16, 64])
def test_attacks_on_simulated_counts_reach_the_accountants_auc(shots):
    """Within 5 standard errors, of a model with a row (0.9) and without (1.0)."""
    p, q = _exact(0.9), _exact(1.0)
    ratio = np.log(p / q)
    inside, outside = (_counts(angle, 4000, shots) @ ratio for angle in (0.9, 1.0))
    found = auroc(inside.round(9), outside.round(9))
    exact = audited_privacy(p, q, shots).auc
    assert found == pytest.approx(exact.value, abs=5 * 0.5 / np.sqrt(2000) / 1.7 + exact.error)


def test_many_shots_are_the_exact_simulator():
    shots = 10**6
    (counts,) = _counts(0.9, 1, shots)
    p = _exact(0.9)
    assert np.abs(counts / shots - p).max() < 5 * np.sqrt(p * (1 - p) / shots).max()
    assert audited_privacy(p, _exact(0.91), shots).auc.low > 0.999
