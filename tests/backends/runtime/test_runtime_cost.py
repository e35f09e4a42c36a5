"""What an estimate says of a device of IBM's is what its service receives."""

import json

import pytest
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Usage, Workload, metered
from qiskit_qmu.models import BasicQNN


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("options", [{}, {"max_executions_per_job": 2000}])
def test_estimates_are_what_is_sent(open_ibm, service, options):
    backend = open_ibm(shots=200, **options)
    model = BasicQNN(3, 3, 3, 1, backend=backend)
    with metered(model) as meter:
        model(torch.linspace(-1, 1, 12).reshape(4, 3)).sum().backward()
    estimate = backend.estimate(Workload.on(model, meter.usage))
    sent = service.server.jobs()
    assert estimate.jobs == len(sent) == (4 if options else 2)
    payload = sum(len(json.dumps(job["params"])) for job in sent)
    assert estimate.payload_bytes == pytest.approx(payload, rel=0.2)
    assert estimate.executions == backend.executed.executions
    assert estimate.scheduled_qpu_seconds < estimate.qpu_seconds


def test_ibms_limit_is_known(open_ibm):
    backend = open_ibm()
    model = BasicQNN(3, 3, 3, 1, backend=backend)
    with pytest.raises(InputError, match="exceed the limit of 10000000 executions per job"):
        backend.estimate(Workload.on(model, Usage()), 10_000_001)
