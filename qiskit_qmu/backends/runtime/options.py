"""Options of IBM's devices, checked before a service is reached."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, final, get_args

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Mode = Literal["job", "batch", "session"]
SEQUENCES = ("XX", "XpXm", "XY4")


@final
@dataclass(frozen=True, kw_only=True)
class RuntimeOptions:
    """What `open_backend` takes for devices of IBM's only; see there.

    Attributes:
        mode: How jobs are scheduled: each by itself, together in a batch, or in a session that has
            the device to itself.
        max_time: Longest life of a batch or session, in seconds or as "2h 30m".
        instance: Instance of the account, by name or CRN.
        service: A QiskitRuntimeService to use in place of the saved account.
        min_num_qubits: Fewest qubits of a device that is chosen as the least busy one.
        dynamical_decoupling: Pulses on idle qubits: True for "XX", or a sequence by name.
        twirling: Random Pauli gates around gates and measurements. IBM runs whole randomizations,
            so up to 63 shots more than asked for in each row; they are left out.
        resilience_level: None for expectation values from counts; 0, 1 or 2 for those of IBM's
            Estimator, with no mitigation, that of readout errors, or zero-noise extrapolation too.
        max_execution_time: Most QPU seconds of one job.
        tags: Further tags of each job.
        runtime_options: The library's SamplerOptions, with a resilience level its EstimatorOptions,
            which take the place of the options above; or a dict of some of their fields, which win
            over them.
    """

    mode: Mode = "job"
    max_time: int | str | None = None
    instance: str | None = None
    service: Any | None = field(default=None, repr=False, compare=False)
    min_num_qubits: int | None = None
    dynamical_decoupling: bool | str = False
    twirling: bool = False
    resilience_level: int | None = None
    max_execution_time: int | None = None
    tags: Sequence[str] = ()
    runtime_options: Any | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check.one_of(get_args(Mode), mode=self.mode)
        _check.one_of((False, True, *SEQUENCES), dynamical_decoupling=self.dynamical_decoupling)
        _check.one_of((False, True), twirling=self.twirling)
        _check.one_of((None, 0, 1, 2), resilience_level=self.resilience_level)
        for name in ("min_num_qubits", "max_execution_time"):
            if getattr(self, name) is not None:
                _check.at_least(1, **{name: getattr(self, name)})
        _check_time(self.max_time)
        if isinstance(self.tags, str) or not all(isinstance(tag, str) for tag in self.tags):
            raise InputError(f"tags must be a list of texts, got {self.tags!r}")
        if self.max_time is not None and self.mode == "job":
            raise InputError(
                f"max_time must be given with a batch or session, got mode {self.mode}"
            )
        given = self.runtime_options
        if given is not None and not isinstance(given, dict):
            self._refuse_beside_object()

    def _refuse_beside_object(self) -> None:
        for name in ("dynamical_decoupling", "twirling", "max_execution_time"):
            if getattr(self, name):
                raise InputError(
                    f"{name} must not be given beside an object of runtime_options, which would "
                    f"silence it; got {getattr(self, name)!r}"
                )

    def fields_of_library(self) -> dict[str, Any]:
        """Return the options in the words of IBM's library, nested; those left out are its own."""
        values: dict[str, Any] = {}
        if self.dynamical_decoupling:
            sequence = self.dynamical_decoupling
            values["dynamical_decoupling"] = {
                "enable": True,
                "sequence_type": sequence if isinstance(sequence, str) else SEQUENCES[0],
            }
        if self.twirling:
            values["twirling"] = {"enable_gates": True, "enable_measure": True}
        if self.max_execution_time is not None:
            values["max_execution_time"] = self.max_execution_time
        return values

    def decisive(self) -> dict[str, Any]:
        """Return the options that results depend on, as JSON values."""
        given = self.runtime_options
        return {
            "dynamical_decoupling": self.dynamical_decoupling,
            "twirling": self.twirling,
            "resilience_level": self.resilience_level,
            "runtime_options": json.loads(json.dumps(given, default=str)),
        }


def _check_time(max_time: int | str | None) -> None:
    if isinstance(max_time, str):
        if not max_time.strip() or re.fullmatch(r"(\d+h)?\s*(\d+m)?\s*(\d+s)?", max_time) is None:
            raise InputError(f"max_time must be seconds or like 2h 30m 10s, got {max_time!r}")
    elif max_time is not None:
        _check.at_least(1, max_time=max_time)
