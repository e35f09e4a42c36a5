"""CostModel: what a device takes for a circuit, a measurement of it and a job."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol, final

from qiskit.circuit import QuantumCircuit

from qiskit_qmu.backends.cost.networks import NetworkCircuits
from qiskit_qmu.backends.cost.payload import payload_of
from qiskit_qmu.backends.gradients.rules import Rule
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit
from qiskit_qmu.backends.transpilation.timing import Timing


@final
@dataclass(frozen=True, kw_only=True)
class CostModel:
    """What a device takes for some networks; where there are several, the mean of their bytes.

    Attributes:
        backend: Name of the device.
        max_executions_per_job: Largest number of circuits times shots of one job; None for any.
        execution_seconds: From one measurement of a circuit to the next, by the longest scheduled
            circuit; None where durations are not known.
        circuits_per_row: Measurement bases of a forward pass.
        job_bytes: Of a job without angles.
        forward_bytes: Of the angles of a circuit of a forward pass.
        gradient_bytes: Of the angles of a circuit of a gradient.
        calibrations: Calibrations of readout errors that are still to be done.
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
    """Makes a network's circuits ready to be sent."""

    def rotations(self, circuit: QuantumCircuit) -> RotationCircuit:
        """Return a circuit with one parameter for each rotation."""
        ...

    def measured(self, circuit: RotationCircuit, basis: str) -> RotationCircuit:
        """Return a circuit measured in a Pauli basis."""
        ...

    def transpiled(self, circuit: RotationCircuit) -> QuantumCircuit:
        """Return the device's circuit."""
        ...

    def missing_calibrations(self, circuits: Iterable[QuantumCircuit]) -> int:
        """Return how many readout calibrations a device's circuits still take."""
        ...


def cost_model_of(
    networks: Sequence[NetworkCircuits],
    preparer: CircuitPreparer,
    rule: Rule,
    *,
    backend: str,
    max_executions_per_job: int | None,
    timing: Timing | None,
) -> CostModel:
    """Prepare networks' circuits and read off what they take; nothing is sent.

    Args:
        networks: What is measured, at least one.
        preparer: Makes circuits ready to be sent.
        rule: How gradients are measured.
        backend: Name of the device.
        max_executions_per_job: Largest number of circuits times shots of one job; None for any.
        timing: How long it takes; None where it is unknown.
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
