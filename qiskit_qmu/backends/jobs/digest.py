"""Hashes of jobs and circuits that are the same in every process."""

import hashlib

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from qiskit_qmu.backends.jobs.service import Pubs
from qiskit_qmu.simulator.compile.content import circuit_content


def job_digest(pubs: Pubs, shots: int | None) -> str:
    """Return a hash of circuits, parameter values, observables and shots.

    Args:
        pubs: PUBs of one job.
        shots: Measurements of each circuit.
    """
    hashed = hashlib.sha256(repr(shots).encode())
    for pub in pubs:
        hashed.update(circuit_digest(pub.circuit).encode())
        values = pub.parameter_values.as_array(pub.circuit.parameters)
        hashed.update(repr(values.shape).encode())
        hashed.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
        if isinstance(pub, EstimatorPub):
            hashed.update(repr(pub.observables.tolist()).encode())
    return hashed.hexdigest()[:32]


def circuit_digest(circuit: QuantumCircuit) -> str:
    """Return a hash of a circuit's content, with parameters by name."""
    return hashlib.sha256(repr(circuit_content(circuit)).encode()).hexdigest()[:32]
