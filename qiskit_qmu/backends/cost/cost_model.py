"""CostModel: time and bytes of a circuit, a shot and a job on a device."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol, final

from qiskit.circuit import QuantumCircuit

from qiskit_qmu.backends.cost.networks import NetworkCircuits
from qiskit_qmu.backends.cost.payload import payload_of
from qiskit_qmu.backends.gradients.rules import DerivativeRule
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit
from qiskit_qmu.backends.transpilation.timing import Timing


@final
@dataclass(frozen=True, kw_only=True)
class CostModel:
    """Cost parameters of networks on a device; bytes are averaged over several networks.

    Attributes:
        backend: Name of the device.
        max_executions_per_job: Largest number of circuits times shots per job; None for no limit.
        execution_seconds: Time from one shot to the next, for the longest scheduled circuit; None
            if durations are unknown.
        circuits_per_row: Measurement bases of a forward pass.
        job_bytes: Bytes of a job without angles.
        forward_bytes: Bytes of the angles of a circuit of a forward pass.
        gradient_bytes: Bytes of the angles of a circuit of a gradient.
        calibrations: Pending calibrations of readout errors.
    """

    backend: str
    max_executions_per_job: int | None
    execution_seconds: float | None
    circuits_per_row: float
    job_bytes: float
    forward_bytes: float
    gradient_bytes: float
    calibrations: int = 0


class CircuitPreparer(Protocol):
    """Prepares a network's circuits for submission."""

    def rotations(self, circuit: QuantumCircuit) -> RotationCircuit:
        """Return a circuit with one parameter per rotation."""
        ...

    def measured(self, circuit: RotationCircuit, basis: str) -> RotationCircuit:
        """Return a circuit measured in a Pauli basis."""
        ...

    def transpiled(self, circuit: RotationCircuit) -> QuantumCircuit:
        """Return the device's circuit."""
        ...

    def missing_calibrations(self, circuits: Iterable[QuantumCircuit]) -> int:
        """Return how many readout calibrations a device's circuits still need."""
        ...


def cost_model_of(
    networks: Sequence[NetworkCircuits],
    preparer: CircuitPreparer,
    rule: DerivativeRule,
    *,
    backend: str,
    max_executions_per_job: int | None,
    timing: Timing | None,
) -> CostModel:
    """Prepare networks' circuits and derive their cost model; nothing is sent.

    Args:
        networks: The networks' circuits, at least one.
        preparer: Prepares circuits for submission.
        rule: How gradients are measured.
        backend: Name of the device.
        max_executions_per_job: Largest number of circuits times shots per job; None for no limit.
        timing: How long the device takes; None if unknown.
    """
    payloads, prepared = [], []
    for network in networks:
        rotations = preparer.rotations(network.circuit)
        measured = [preparer.measured(rotations, basis) for basis in network.bases]
        circuits = [preparer.transpiled(circuit) for circuit in measured or [rotations]]
        payloads.append(payload_of(network, rotations, circuits, rule))
        prepared += circuits
    return CostModel(
        backend=backend,
        max_executions_per_job=max_executions_per_job,
        execution_seconds=None if timing is None else timing.execution_seconds(prepared),
        circuits_per_row=len(prepared) / len(networks),
        job_bytes=fmean(payload.job for payload in payloads),
        forward_bytes=fmean(payload.forward for payload in payloads),
        gradient_bytes=fmean(payload.gradient for payload in payloads),
        calibrations=preparer.missing_calibrations(prepared),
    )
