"""DeviceOptions: which backend to open and how, as plain data with the help of each option.

The keywords, docstring and types of `open_backend`, the options of the command line, and the keys
of ``backend_options`` in experiments all come from these fields. Nothing here imports Qiskit.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, fields
from pathlib import Path
from typing import Any, Literal, final, get_args

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, positive
from qiskit_qmu.backends.kinds import DEVICES, EVERY, IBM, Kind, kind_of, label_of
from qiskit_qmu.backends.option_fields import check_options, option
from qiskit_qmu.backends.option_rules import (
    at_least,
    duration,
    has_run,
    layout,
    one_of,
    strings,
)

GradientRule = Literal["parameter-shift", "spsa"]
Mode = Literal["job", "batch", "session"]
SEQUENCES = ("XX", "XpXm", "XY4")


@final
@dataclass(frozen=True)
class DeviceOptions:
    """Which backend to open and how; the fields are described by `open_backend`.

    Raises:
        InputError: If a value is out of range, or an option does not apply to the backend.

    Example:
        >>> from qiskit_qmu.backends import DeviceOptions
        >>> DeviceOptions("aer", shots=1000).level
        1
        >>> DeviceOptions("exact", optimization_level=3)
        Traceback (most recent call last):
            ...
        qiskit_qmu._check.InputError: optimization_level applies only to aer, fake backends, ...
    """

    name: str | Any = option(
        "exact",
        '"exact", the batched statevector; "aer", Qiskit Aer; "fake_<device>", layout and noise of '
        "an IBM device, simulated on the qubits that a circuit uses; "
        '"ibm_<device>", a device of your account, or "ibm:least_busy", the one with the shortest '
        "queue; or a BackendV2 object.",
        of=EVERY,
        decides=False,
    )
    _: KW_ONLY
    shots: int | None = option(
        None,
        "Measurements of each circuit, forward and gradient; None for exact values (of the noisy "
        "circuit if there is noise). Devices and BackendV2 objects need shots.",
        of=EVERY,
        rule=at_least(1),
    )
    seed: int | None = option(
        None,
        "Seed of the shots and of SPSA's directions, zero or more. Every job has different noise, "
        "and the same seed repeats the noise of the whole sequence of jobs: give models that are "
        "compared different seeds, or one backend. None takes one from the operating system, "
        "which a ledger keeps for the rest of its run; ``settings()`` returns it.",
        of=EVERY,
        rule=at_least(0),
    )
    method: str | None = option(
        None, 'Simulation method of Qiskit Aer ("automatic").', of=("aer", "fake")
    )
    noise_model: Any | None = option(
        None,
        "An Aer NoiseModel. Instructions that it names, by name or label, are kept as they are; "
        "all others, and the rotations that measure an observable's basis, are transpiled to its "
        "basis gates and get the noise of those, as with transpile for an AerSimulator of the "
        "noise model. (AerSimulator.run without transpile leaves gates that the model does not "
        "name free of noise.)",
        of=("aer",),
    )
    optimization_level: int | None = option(
        None,
        "Optimization level of Qiskit's preset pass managers, 0 to 3 (3; 1 on aer).",
        metavar="N",
        parse=int,
        rule=one_of(*range(4)),
    )
    seed_transpiler: int = option(
        0, "Seed of layout and routing (0).", metavar="N", parse=int, rule=at_least(0)
    )
    initial_layout: Sequence[int] | None = option(
        None,
        "The device's qubit for each qubit of a circuit. By default, circuits on fake backends and "
        "IBM devices are placed on a connected set of the best qubits.",
        of=DEVICES,
        rule=layout,
    )
    pass_manager: Any | None = option(
        None, "A pass manager to use instead of a preset one.", rule=has_run
    )
    gradient: GradientRule = option(
        "parameter-shift",
        'Gradient rule: "parameter-shift", or the cheaper, less precise "spsa".',
        metavar="RULE",
        rule=one_of(*get_args(GradientRule)),
    )
    spsa_epsilon: float = option(
        0.1, "Step of SPSA, in radians (0.1).", metavar="STEP", parse=float, rule=positive
    )
    spsa_directions: int = option(
        1, "Directions averaged by SPSA for each row (1).", metavar="N", parse=int, rule=at_least(1)
    )
    max_executions_per_job: int | None = option(
        None, "Largest number of circuits times shots of one job.", metavar="N", parse=int
    )
    readout_mitigation: bool = option(
        False,
        "Correct outputs and gradients for independent readout errors of each qubit (False). "
        "Correlated readout errors are not corrected, and values outside an observable's range "
        "raise a warning. Takes four short circuits for each set of measured qubits; corrected "
        "outcome probabilities may be negative, and counts are not corrected.",
        rule=one_of(False, True),
    )
    ledger: str | Path | None = option(
        None,
        "Folder in which each job is recorded before it is sent, and its result stored. When the "
        "same work is run again with it, no job is sent twice.",
        decides=False,
    )
    job_policy: Any | None = option(
        None, "A `JobPolicy`: whether to wait for jobs, and what they may cost.", decides=False
    )
    max_qpu_seconds: float | None = option(
        None,
        "Budget in QPU seconds, by IBM's quick formula and the time charged; no job that would "
        "exceed it is sent (IBM devices, or with a ledger).",
        decides=False,
        rule=positive,
    )
    mode: Mode = option(
        "job",
        'Execution mode: "job", jobs on their own; "batch", jobs together; or "session", with '
        'exclusive access to the device, or a batch on plans without sessions ("job").',
        of=IBM,
        decides=False,
        metavar="MODE",
        rule=one_of(*get_args(Mode)),
    )
    max_time: int | str | None = option(
        None,
        'Longest life of a batch or session, in seconds or as "2h 30m".',
        of=IBM,
        decides=False,
        metavar="TIME",
        rule=duration,
    )
    instance: str | None = option(
        None, "Instance of the account, by name or CRN.", of=IBM, decides=False, metavar="NAME"
    )
    service: Any | None = option(
        None,
        "A QiskitRuntimeService to use instead of the saved account.",
        of=IBM,
        decides=False,
        secret=True,
    )
    min_num_qubits: int | None = option(
        None,
        "Fewest qubits of the least busy device.",
        of=IBM,
        decides=False,
        metavar="N",
        parse=int,
        rule=at_least(1),
    )
    dynamical_decoupling: bool | str = option(
        False,
        'Dynamical decoupling sequence on idle qubits: "XX", "XpXm" or "XY4"; True for "XX".',
        of=IBM,
        metavar="SEQUENCE",
        rule=one_of(False, True, *SEQUENCES),
    )
    twirling: bool = option(
        False,
        "Pauli twirling of gates and measurements. IBM runs whole randomizations, up to 63 shots "
        "more than requested in each row; they are dropped from the results.",
        of=IBM,
        metavar="",
        parse=bool,
        rule=one_of(False, True),
    )
    resilience_level: int | None = option(
        None,
        "None for expectation values from counts; 0, 1 or 2 for those of IBM's Estimator without "
        "mitigation, with readout-error mitigation, or with zero-noise extrapolation as well. "
        "It does not apply to outcome probabilities.",
        of=IBM,
        metavar="N",
        parse=int,
        rule=one_of(None, 0, 1, 2),
    )
    max_execution_time: int | None = option(
        None,
        "Largest QPU time of one job, in seconds.",
        of=IBM,
        decides=False,
        metavar="S",
        parse=int,
        rule=at_least(1),
    )
    tags: Sequence[str] = option(
        (), "Additional tags of each job.", of=IBM, decides=False, rule=strings
    )
    runtime_options: Any | None = option(
        None,
        "SamplerOptions of qiskit-ibm-runtime (EstimatorOptions with a resilience level) instead "
        "of dynamical_decoupling, twirling and max_execution_time; or a dict of some of their "
        "fields, which take precedence.",
        of=IBM,
        secret=True,
    )

    def __post_init__(self) -> None:
        check_options(self, self.kind, self.label)
        self._check_together()

    @property
    def kind(self) -> Kind | None:
        """The kind of backend that the name denotes; None if unknown."""
        return kind_of(self.name)

    @property
    def label(self) -> str:
        """The backend's name."""
        return label_of(self.name)

    @property
    def level(self) -> int:
        """The optimization level, with its default."""
        default = 1 if self.kind == "aer" else 3
        return default if self.optimization_level is None else self.optimization_level

    def decisive(self) -> dict[str, Any]:
        """Options that results depend on, as JSON values."""
        values = {
            own.name: getattr(self, own.name) for own in fields(self) if own.metadata["decides"]
        }
        noise = None
        if self.noise_model is not None:
            text = repr(self.noise_model.to_dict(serializable=True))
            noise = hashlib.sha256(text.encode()).hexdigest()
        layout = self.initial_layout
        values |= {
            "noise_model": noise,
            "optimization_level": self.level,
            "pass_manager": self.pass_manager is not None,
            "initial_layout": None if layout is None else [int(qubit) for qubit in layout],
        }
        decisive: dict[str, Any] = json.loads(json.dumps(values, default=str))
        return decisive

    def _check_together(self) -> None:
        if self.max_executions_per_job is not None:
            _check.at_least(self.shots or 1, max_executions_per_job=self.max_executions_per_job)
        if self.pass_manager is not None and (
            self.optimization_level is not None or self.initial_layout is not None
        ):
            raise InputError(
                "optimization_level and initial_layout have no effect with a pass_manager; got "
                f"{self.optimization_level} and {self.initial_layout}"
            )
        if self.max_time is not None and self.mode == "job":
            raise InputError(f"max_time applies to mode batch or session, got mode {self.mode}")
        if self.readout_mitigation and self.resilience_level is not None:
            raise InputError(
                "readout_mitigation cannot be combined with resilience_level="
                f"{self.resilience_level}, as IBM's Estimator mitigates readout errors itself"
            )
        if self.runtime_options is not None and not isinstance(self.runtime_options, dict):
            for name in ("dynamical_decoupling", "twirling", "max_execution_time"):
                if getattr(self, name):
                    raise InputError(
                        f"{name}={getattr(self, name)!r} has no effect if runtime_options is an "
                        "options object (a dict can be combined with it)"
                    )
