"""Options of backends that run transpiled circuits, checked before anything runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from qiskit.primitives import BaseSamplerV2

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends.device import DeviceBackend, GradientRule
from qiskit_qmu.backends.transpilation import Transpiler


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

    def __post_init__(self) -> None:
        _check.at_least(0, seed_transpiler=self.seed_transpiler)
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
        sampler: BaseSamplerV2,
        transpiler: Transpiler,
        shots: int | None,
        seed: int,
    ) -> DeviceBackend:
        """Return the bundle over a sampler."""
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
        )
