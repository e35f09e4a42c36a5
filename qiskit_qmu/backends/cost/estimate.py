"""Estimates what work would cost on a device, before anything is sent."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, final

import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends.cost.cost_model import CostModel
from qiskit_qmu.backends.cost.networks import NetworkCircuits, networks_of
from qiskit_qmu.backends.readout.calibration import CALIBRATION_CIRCUITS, calibration_shots
from qiskit_qmu.backends.transpilation.timing import SECONDS_PER_JOB, quick_seconds
from qiskit_qmu.backends.usage import Usage

IBM_EXECUTIONS_PER_JOB = 10_000_000
"""IBM's limit, https://quantum.cloud.ibm.com/docs/guides/job-limits."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Workload:
    """Work on the networks of a model, and how it is divided into requests.

    Attributes:
        usage: The amount of work; its shots do not matter here.
        networks: The networks' circuits.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.backends import Workload, metered
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> with metered(model) as meter:
        ...     observed = model.observe([[0.1, 0.2], [0.3, 0.4]], [0, 1])
        >>> Workload.on(model, meter.usage).usage.circuits
        2
    """

    usage: Usage
    networks: tuple[NetworkCircuits, ...]

    def __post_init__(self) -> None:
        requested = sum(size * times for size, times in self.usage.requests)
        if requested != self.usage.circuits:
            raise InputError(
                f"the requests of a usage have {requested} circuits in total, but the usage has "
                f"{self.usage.circuits}"
            )

    def __add__(self, other: "Workload") -> "Workload":
        return Workload(usage=self.usage + other.usage, networks=self.networks + other.networks)

    @staticmethod
    def on(module: torch.nn.Module, usage: Usage) -> "Workload":
        """Return work on a module.

        Raises:
            InputError: If the module has no EstimatorQNN or SamplerQNN.
        """
        return Workload(usage=usage, networks=networks_of(module))


@final
@dataclass(frozen=True, kw_only=True)
class CostEstimate:
    """Estimated cost of work on a device.

    Overhead that the service adds is not counted: twirling sends more bytes, and zero-noise
    extrapolation runs more circuits.

    Attributes:
        backend: Name of the device.
        shots: Measurements of each circuit; None for exact values, which no device returns: then
            there are circuits and jobs, but no executions, bytes or seconds.
        circuits: Circuits at their rows of angles, including pending calibrations if readout
            errors are mitigated.
        executions: Circuits times shots; calibrations may have more shots than other circuits.
        jobs: Number of jobs.
        payload_bytes: Total bytes of all jobs' inputs.
        qpu_seconds: By IBM's quick formula, 2 s per job and 0.35 ms per execution.
        scheduled_qpu_seconds: By the duration of the longest scheduled circuit: 2 s per job, and
            the repetition delay plus that duration per execution; None if unknown.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import observation_workload
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> work = observation_workload(model, [[0.1, 0.2]], rows=500)
        >>> estimate = qmu.open_backend("aer", seed=0).estimate(work, shots=1000)
        >>> estimate.circuits, estimate.executions, estimate.jobs, estimate.qpu_seconds
        (500, 500000, 1, 177.0)
    """

    backend: str
    shots: int | None
    circuits: int
    executions: int
    jobs: int
    payload_bytes: int
    qpu_seconds: float
    scheduled_qpu_seconds: float | None

    @property
    def most_qpu_seconds(self) -> float:
        """The larger of the two times."""
        return max(self.qpu_seconds, self.scheduled_qpu_seconds or 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


def estimate_cost(work: Workload, cost_model: CostModel, shots: int | None) -> CostEstimate:
    """Return the estimated cost of work.

    Args:
        work: The work.
        cost_model: The device's cost model.
        shots: Measurements of each circuit; None for exact values.

    Raises:
        InputError: If the shots of one circuit exceed the limit of a job.
    """
    limit = cost_model.max_executions_per_job
    portions = [(work.usage, shots)]
    if cost_model.calibrations and work.usage.circuits:
        portions.append((_calibrations(cost_model.calibrations), calibration_shots(shots, limit)))
    jobs = sum(_jobs(usage, number, limit) for usage, number in portions)
    executions = sum(usage.circuits * (number or 0) for usage, number in portions)
    sent_jobs = 0 if shots is None else jobs
    scheduled = None
    if cost_model.execution_seconds is not None:
        scheduled = SECONDS_PER_JOB * sent_jobs + cost_model.execution_seconds * executions
    return CostEstimate(
        backend=cost_model.backend,
        shots=shots,
        circuits=sum(usage.circuits for usage, _ in portions),
        executions=executions,
        jobs=jobs,
        payload_bytes=0 if shots is None else _payload_bytes(work.usage, cost_model, jobs),
        qpu_seconds=quick_seconds(executions, sent_jobs),
        scheduled_qpu_seconds=scheduled,
    )


def check_budget(estimates: CostEstimate | Iterable[CostEstimate], max_qpu_seconds: float) -> None:
    """Raise an error if work would exceed a budget.

    The larger of the two estimated times counts.

    Args:
        estimates: One estimate, or several, whose sum counts.
        max_qpu_seconds: The budget in QPU seconds.

    Raises:
        InputError: If the work would exceed the budget, or the budget is not positive.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.backends import check_budget
        >>> from qiskit_qmu.experiments import observation_workload
        >>> backend = qmu.open_backend("aer", shots=1000, seed=0)
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> work = observation_workload(model, [[0.1, 0.2]], rows=500)
        >>> estimate = backend.estimate(work)
        >>> check_budget(estimate, max_qpu_seconds=60)
        Traceback (most recent call last):
            ...
        qiskit_qmu._check.InputError: the work would take an estimated 177.0 QPU seconds, ...
    """
    _check.positive(max_qpu_seconds=max_qpu_seconds)
    each = [estimates] if isinstance(estimates, CostEstimate) else estimates
    seconds = sum(estimate.most_qpu_seconds for estimate in each)
    if seconds > max_qpu_seconds:
        raise InputError(
            f"the work would take an estimated {seconds:,.1f} QPU seconds, more than the "
            f"{max_qpu_seconds:,.1f} allowed"
        )


def _calibrations(times: int) -> Usage:
    """Return the circuits that measure readout errors."""
    return Usage(circuits=times * CALIBRATION_CIRCUITS, requests=((CALIBRATION_CIRCUITS, times),))


def _jobs(usage: Usage, shots: int | None, limit: int | None) -> int:
    """Return the number of jobs that requests are split into."""
    if shots is not None:
        _check.at_least(1, shots=shots)
    if shots is None or limit is None:
        return sum(times for _, times in usage.requests)
    if shots > limit:
        raise InputError(f"{shots} shots exceed the limit of {limit} executions per job")
    return sum(times * math.ceil(size / (limit // shots)) for size, times in usage.requests)


def _payload_bytes(usage: Usage, cost_model: CostModel, jobs: int) -> int:
    forward = min(usage.circuits, usage.forward_evaluations * cost_model.circuits_per_row)
    gradient = usage.circuits - forward
    angles = forward * cost_model.forward_bytes + gradient * cost_model.gradient_bytes
    return round(jobs * cost_model.job_bytes + angles)
