"""Options of backends that run transpiled circuits, checked before anything runs."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends.devices.device_backend import DeviceBackend
from qiskit_qmu.backends.gradients.rules import GradientRule
from qiskit_qmu.backends.jobs.folder import JobFolder
from qiskit_qmu.backends.jobs.local_jobs import LocalJobs, LocalRuns
from qiskit_qmu.backends.jobs.policy import JobPolicy
from qiskit_qmu.backends.jobs.resumable_sampler import Journal
from qiskit_qmu.backends.jobs.service import JobService
from qiskit_qmu.backends.jobs.stored_circuits import StoredTranspiler
from qiskit_qmu.backends.noise.noisy_instructions import NoisyInstructions
from qiskit_qmu.backends.primitives.broadcast_estimator import BroadcastEstimator
from qiskit_qmu.backends.primitives.broadcast_sampler import BroadcastSampler
from qiskit_qmu.backends.primitives.grouped_estimator import GroupedEstimator
from qiskit_qmu.backends.primitives.service_estimator import ServiceEstimator
from qiskit_qmu.backends.transpilation.transpilers import Transpiler


@final
@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """What `open_backend` takes besides name, shots and seed; see there."""

    method: str | None = None
    noise_model: Any | None = None
    optimization_level: int | None = None
    seed_transpiler: int = 0
    initial_layout: Sequence[int] | None = None
    pass_manager: Any | None = None
    gradient: GradientRule = "parameter-shift"
    spsa_epsilon: float = 0.1
    spsa_directions: int = 1
    max_executions_per_job: int | None = None
    readout_mitigation: bool = False
    ledger: str | Path | None = None
    job_policy: JobPolicy | None = None
    max_qpu_seconds: float | None = None

    def __post_init__(self) -> None:
        _check.at_least(0, seed_transpiler=self.seed_transpiler)
        _check.one_of((False, True), readout_mitigation=self.readout_mitigation)
        if self.job_policy is not None and not isinstance(self.job_policy, JobPolicy):
            raise InputError(f"job_policy must be a JobPolicy, got {self.job_policy!r}")
        if self.optimization_level is not None:
            _check.one_of(range(4), optimization_level=self.optimization_level)
        if self.initial_layout is not None:
            _check.at_least(
                0, **{f"initial_layout[{i}]": q for i, q in enumerate(self.initial_layout)}
            )
        if self.pass_manager is not None:
            if not callable(getattr(self.pass_manager, "run", None)):
                raise InputError(f"pass_manager must have a method run, got {self.pass_manager!r}")
            if self.optimization_level is not None or self.initial_layout is not None:
                raise InputError(
                    "optimization_level and initial_layout must not be given with a pass_manager, "
                    f"got {self.optimization_level} and {self.initial_layout}"
                )

    def refuse(self, *names: str, of: str) -> None:
        """Raise InputError if an option is given that a backend has no use for."""
        for name in names:
            value = getattr(self, name)
            if value is not None:
                raise InputError(f"{name} must not be given for {of}, got {value!r}")

    def level(self, default: int) -> int:
        """Return the optimization level."""
        return default if self.optimization_level is None else self.optimization_level

    def backend(
        self,
        name: str,
        sampler: LocalRuns,
        transpiler: Transpiler,
        shots: int | None,
        seed: int,
        *,
        default_level: int = 3,
        noisy: NoisyInstructions | None = None,
    ) -> DeviceBackend:
        """Return the bundle over a sampler of this machine."""
        if self.ledger is None:
            if self.max_qpu_seconds is not None:
                raise InputError(
                    "max_qpu_seconds must be given with a ledger or a device of IBM's, "
                    f"got {self.max_qpu_seconds} for {name}"
                )
            return self.bundle(
                name,
                sampler,
                transpiler,
                shots,
                seed,
                default_level=default_level,
                noisy=noisy,
            )
        return self.service_backend(
            LocalJobs(name, sampler),
            transpiler,
            shots,
            seed,
            default_level=default_level,
            noisy=noisy,
        )

    def service_backend(
        self,
        service: JobService,
        transpiler: Transpiler,
        shots: int | None,
        seed: int,
        *,
        default_level: int = 3,
        own_estimator: bool = False,
        noisy: NoisyInstructions | None = None,
        service_options: Mapping[str, Any] | None = None,
    ) -> DeviceBackend:
        """Return the bundle over a service that takes jobs, with a ledger where one is given.

        With ``own_estimator``, expectation values are those of the service's estimator.
        ``service_options`` are further ones that decide results, as JSON values.

        Raises:
            InputError: If no shots are given, or the ledger's folder cannot be used.
        """
        if shots is None:
            raise InputError(f"shots must be given for jobs on {service.name}, got none")
        bundle = partial(
            self.bundle,
            service.name,
            shots=shots,
            seed=seed,
            default_level=default_level,
            noisy=noisy,
            estimator=ServiceEstimator if own_estimator else BroadcastEstimator,
        )
        policy = self.job_policy or JobPolicy()
        if self.max_qpu_seconds is not None:
            policy = replace(policy, max_qpu_seconds=self.max_qpu_seconds)
        backend = bundle(Journal(service, None, policy), transpiler)
        if self.ledger is None:
            return backend
        # Only now that all options are known to be possible is something written.
        decisive = {
            "device": service.name,
            "shots": shots,
            "seed": seed,
            **self._decisive(default_level),
            **(service_options or {}),
        }
        with ExitStack() as opened:
            folder = opened.enter_context(JobFolder(self.ledger))
            folder.ledger.bind("options", decisive)
            journal = Journal(service, folder, policy)
            opened.pop_all()  # (it is the same work, and stays open)
        return bundle(journal, StoredTranspiler(transpiler, folder))

    def _decisive(self, default_level: int) -> dict[str, Any]:
        """Return the options that results depend on, as JSON values."""
        noise = self.noise_model
        noise_text = None if noise is None else repr(noise.to_dict(serializable=True))
        return {
            "method": self.method,
            "noise_model": noise_text and hashlib.sha256(noise_text.encode()).hexdigest(),
            "optimization_level": self.level(default_level),
            "seed_transpiler": self.seed_transpiler,
            "initial_layout": self.initial_layout and [int(q) for q in self.initial_layout],
            "pass_manager": self.pass_manager is not None,
            "gradient": self.gradient,
            "spsa_epsilon": self.spsa_epsilon,
            "spsa_directions": self.spsa_directions,
            "max_executions_per_job": self.max_executions_per_job,
            "readout_mitigation": self.readout_mitigation,
        }

    def bundle(
        self,
        name: str,
        sampler: Any,
        transpiler: Transpiler,
        shots: int | None,
        seed: int,
        *,
        default_level: int = 3,
        estimator: Callable[[BroadcastSampler], GroupedEstimator] = BroadcastEstimator,
        noisy: NoisyInstructions | None = None,
    ) -> DeviceBackend:
        """Return the bundle over any sampler."""
        return DeviceBackend(
            name,
            sampler,
            transpiler,
            shots=shots,
            seed=seed,
            gradient=self.gradient,
            spsa_epsilon=self.spsa_epsilon,
            spsa_directions=self.spsa_directions,
            max_executions_per_job=self.max_executions_per_job,
            readout_mitigation=self.readout_mitigation,
            optimization_level=None if self.pass_manager else self.level(default_level),
            estimator=estimator,
            noisy=noisy,
        )
