"""Builds backends from their options."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu._seeds import fresh_seed
from qiskit_qmu.backends.devices.device_backend import DeviceBackend
from qiskit_qmu.backends.jobs.folder import OPTIONS, JobFolder, seed_of_run
from qiskit_qmu.backends.jobs.local_jobs import LocalJobs, LocalRuns
from qiskit_qmu.backends.jobs.policy import JobPolicy
from qiskit_qmu.backends.jobs.resumable_sampler import ResumableSampler
from qiskit_qmu.backends.jobs.service import JobService
from qiskit_qmu.backends.jobs.stored_circuits import StoredTranspiler
from qiskit_qmu.backends.noise.noisy_instructions import NoisyInstructions
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.primitives.broadcast_estimator import BroadcastEstimator
from qiskit_qmu.backends.primitives.broadcast_sampler import BroadcastSampler
from qiskit_qmu.backends.primitives.grouped_estimator import GroupedEstimator
from qiskit_qmu.backends.transpilation.transpilers import Transpiler


def seed_of(options: DeviceOptions) -> DeviceOptions:
    """Return options with a seed: the given one, else the ledger's, else a fresh one."""
    if options.seed is not None:
        return options
    kept = None if options.ledger is None else seed_of_run(options.ledger)
    return replace(options, seed=fresh_seed() if kept is None else kept)


def open_local(
    options: DeviceOptions,
    name: str,
    sampler: LocalRuns,
    transpiler: Transpiler,
    *,
    noisy: NoisyInstructions | None = None,
) -> DeviceBackend:
    """Open a backend over a local sampler, with a ledger if one is given.

    Args:
        options: The options, with a seed.
        name: Name of the backend.
        sampler: Runs transpiled circuits.
        transpiler: Transpiles circuits for the sampler.
        noisy: Instructions that transpilation must keep; None for none.

    Raises:
        InputError: If there is a budget without a ledger, or a ledger without shots.
    """
    if options.ledger is not None:
        return open_service(options, LocalJobs(name, sampler), transpiler, noisy=noisy)
    if options.max_qpu_seconds is not None:
        raise InputError(
            f"max_qpu_seconds needs an IBM device or a ledger, got {options.max_qpu_seconds} for "
            f"{name}"
        )
    return DeviceBackend(name, sampler, transpiler, options, noisy=noisy)


def open_service(
    options: DeviceOptions,
    service: JobService,
    transpiler: Transpiler,
    *,
    estimator: Callable[[BroadcastSampler], GroupedEstimator] = BroadcastEstimator,
    noisy: NoisyInstructions | None = None,
) -> DeviceBackend:
    """Open a backend over a job service, with a ledger if one is given.

    Args:
        options: The options.
        service: Receives the jobs.
        transpiler: Transpiles circuits for the service.
        estimator: Makes the estimator over the sampler.
        noisy: Instructions that transpilation must keep; None for none.

    Raises:
        InputError: If there are no shots, or the ledger's folder cannot be used.
    """
    options = seed_of(options)
    if options.shots is None:
        raise InputError(f"jobs on {service.name} need shots: a device cannot return exact values")

    def opened(sampler: ResumableSampler, transpiler: Transpiler) -> DeviceBackend:
        return DeviceBackend(
            service.name, sampler, transpiler, options, estimator=estimator, noisy=noisy
        )

    policy = _policy(options)
    backend = opened(ResumableSampler(service, None, policy), transpiler)
    if options.ledger is None:
        return backend
    # Nothing is written until all options have been validated.
    with ExitStack() as stack:
        folder = stack.enter_context(JobFolder(options.ledger))
        folder.ledger.bind(OPTIONS, {"device": service.name, **options.decisive()})
        sampler = ResumableSampler(service, folder, policy)
        stack.pop_all()  # (it is the same work and stays open)
    return opened(sampler, StoredTranspiler(transpiler, folder))


def _policy(options: DeviceOptions) -> JobPolicy:
    policy = options.job_policy or JobPolicy()
    if not isinstance(policy, JobPolicy):
        raise InputTypeError(f"job_policy must be a JobPolicy, got {policy!r}")
    if options.max_qpu_seconds is not None:
        policy = replace(policy, max_qpu_seconds=options.max_qpu_seconds)
    return policy
