"""Aer as an engine: jobs that run in several threads have one engine."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qiskit_qmu.backends.noise.aer_engine import AerEngine


@pytest.fixture
def _frequent_switches():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_frequent_switches")
def test_each_thread_gets_the_probabilities_of_its_own_circuit():
    noise = NoiseModel()
    noise.add_all_qubit_quantum_error(depolarizing_error(0.02, 1), ["x"])
    engine = AerEngine(noise_model=noise)
    prepared = [QuantumCircuit(1), QuantumCircuit(1)]
    prepared[1].x(0)
    expected = ([1, 0], [0.01, 0.99])

    def largest_error(value):
        asked = [engine.probabilities(prepared[value], np.zeros((1, 0))) for _ in range(150)]
        return np.abs(np.concatenate(asked) - expected[value]).max()

    with ThreadPoolExecutor(4) as threads:
        errors = list(threads.map(largest_error, [0, 1, 0, 1]))
    assert max(errors) < 1e-12
