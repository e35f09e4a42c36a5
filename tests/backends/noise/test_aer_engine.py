"""Aer as an engine: jobs that run in several threads share one."""

import sys

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qiskit_qmu.backends.noise import aer_engine
from qiskit_qmu.backends.noise.aer_engine import AerEngine


def between_all_lines(work, interruption):
    """Return what some work gives that is interrupted before each line of the engine's module."""

    def trace(frame, event, _argument):
        if frame.f_code.co_filename != aer_engine.__file__:
            return None
        if event == "line":
            sys.settrace(None)
            interruption()
            sys.settrace(trace)
        return trace

    sys.settrace(trace)
    try:
        return work()
    finally:
        sys.settrace(None)


def test_jobs_of_other_threads_do_not_change_what_a_circuit_gives():
    noise = NoiseModel()
    noise.add_all_qubit_quantum_error(depolarizing_error(0.02, 1), ["x"])
    engine = AerEngine(noise_model=noise)
    zero, one = QuantumCircuit(1), QuantumCircuit(1)
    one.x(0)

    def of(circuit):
        return engine.probabilities(circuit, np.zeros((1, 0)))

    found = between_all_lines(lambda: of(zero), interruption=lambda: of(one))
    assert np.allclose(found, [[1, 0]], atol=1e-12)
