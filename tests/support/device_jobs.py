"""A small job on a backend."""

from qiskit.circuit import Parameter, QuantumCircuit

CIRCUIT = QuantumCircuit(2)
CIRCUIT.ry(Parameter("a"), 0)
CIRCUIT.cx(0, 1)
CIRCUIT.measure_all()


def measure(backend, jobs: int = 1) -> list:
    """Measure the circuit at other angles in each job; return the registers."""
    angles = [[[0.1 + job], [2.0]] for job in range(jobs)]
    return [backend.sampler.run([(CIRCUIT, rows)]).result()[0].data.meas for rows in angles]
