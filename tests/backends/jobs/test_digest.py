"""Digests of jobs."""

from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu.backends.jobs.digest import job_digest


def circuit(angle, name="x"):
    made = QuantumCircuit(2)
    made.ry(Parameter(name), 0)
    made.rz(angle, 1)
    made.measure_all()
    return made


def if_test(value):
    made = QuantumCircuit(1, 1)
    with made.if_test((made.clbits[0], value)):
        made.x(0)
    return made


def test_a_digest_depends_on_all_that_is_asked_for():
    pubs = [
        ([SamplerPub.coerce((circuit(0.1), [0.5]))], 8),
        ([SamplerPub.coerce((circuit(0.2), [0.5]))], 8),
        ([SamplerPub.coerce((circuit(0.1, "y"), [0.5]))], 8),
        ([SamplerPub.coerce((circuit(0.1), [0.6]))], 8),
        ([SamplerPub.coerce((circuit(0.1), [[0.5]]))], 8),
        ([SamplerPub.coerce((circuit(0.1), [0.5]))], 9),
        ([SamplerPub.coerce((circuit(0.1), [0.5]))] * 2, 8),
        ([EstimatorPub.coerce((circuit(0.1), "ZZ", [0.5]))], 8),
        ([EstimatorPub.coerce((circuit(0.1), "ZI", [0.5]))], 8),
    ]
    pubs += [([SamplerPub.coerce(if_test(value))], 8) for value in (0, 1)]
    digests = [job_digest(*asked) for asked in pubs]
    assert len(set(digests)) == len(pubs)
    assert job_digest([SamplerPub.coerce((circuit(0.1), [0.5]))], 8) == digests[0]
