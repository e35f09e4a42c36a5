"""Sees the jobs that a backend sends."""

from qiskit.primitives import BaseSamplerV2


class JobRecorder(BaseSamplerV2):
    """Passes jobs on and keeps their PUBs."""

    def __init__(self, inner: BaseSamplerV2) -> None:
        self.inner, self.jobs = inner, []

    def run(self, pubs, *, shots=None):
        self.jobs.append((pubs, shots))
        return self.inner.run(pubs, shots=shots)

    @property
    def circuits(self) -> list[int]:
        """Circuits of each job."""
        return [sum(pub.parameter_values.size for pub in pubs) for pubs, _ in self.jobs]


def record_jobs(backend) -> JobRecorder:
    """Record what a backend sends from now on."""
    recorder = JobRecorder(backend.sampler._sampler)
    backend.sampler._sampler = recorder
    return recorder
