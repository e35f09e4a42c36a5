"""What a job asks for, as a short text that is the same in every process."""

import hashlib
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from qiskit_qmu.backends.jobs.service import Pubs


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
    """Return a hash of a circuit's instructions, with parameters by name."""
    words = [repr(circuit.num_qubits), repr([(r.name, r.size) for r in circuit.cregs])]
    for instruction in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        clbits = [circuit.find_bit(clbit).index for clbit in instruction.clbits]
        words.append(repr((instruction.name, _numbers(instruction.params), qubits, clbits)))
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]


def _numbers(values: Any) -> list[str]:
    return [
        circuit_digest(value) if isinstance(value, QuantumCircuit) else _number(value)
        for value in values
    ]


def _number(value: Any) -> str:
    return repr(value.tolist()) if isinstance(value, np.ndarray) else str(value)
