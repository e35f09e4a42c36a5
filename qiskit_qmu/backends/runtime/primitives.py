"""IBM's primitives: the client-side ones, or the legacy ones in older versions."""

import copy
import dataclasses
import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

from qiskit.primitives.containers.estimator_pub import EstimatorPub

from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.backends.jobs.service import Pubs
from qiskit_qmu.backends.options import SEQUENCES, DeviceOptions

_SHOTS = "shots="
"""Prefix of the tag that records a job's shots, needed to read its result."""


@final
@dataclass(frozen=True)
class Primitive:
    """One of IBM's primitive classes with its options class."""

    primitive: Any
    options: Any
    client_side: bool


def sampler_primitive() -> Primitive:
    """Return IBM's Sampler."""
    try:
        from qiskit_ibm_runtime.executor_sampler import Sampler  # (versions before 0.50 lack it)
        from qiskit_ibm_runtime.options_models import SamplerOptions
    except ImportError:
        from qiskit_ibm_runtime import SamplerV2
        from qiskit_ibm_runtime.options import SamplerOptions as LegacyOptions

        return Primitive(SamplerV2, LegacyOptions, client_side=False)
    return Primitive(Sampler, SamplerOptions, client_side=True)


def estimator_primitive() -> Primitive:
    """Return IBM's Estimator."""
    try:
        from qiskit_ibm_runtime.executor_estimator import (  # (versions before 0.50 lack it)
            Estimator,
        )
        from qiskit_ibm_runtime.options_models import EstimatorOptions
    except ImportError:
        from qiskit_ibm_runtime import EstimatorV2
        from qiskit_ibm_runtime.options import EstimatorOptions as LegacyOptions

        return Primitive(EstimatorV2, LegacyOptions, client_side=False)
    return Primitive(Estimator, EstimatorOptions, client_side=True)


@final
class PrimitiveRunner:
    """Runs PUBs on the primitive that the options select.

    Args:
        options: The user's options; a resilience level selects the Estimator.

    Raises:
        InputError: If the library rejects the options.
    """

    def __init__(self, options: DeviceOptions) -> None:
        self._mitigated = options.resilience_level is not None
        self._primitive = estimator_primitive() if self._mitigated else sampler_primitive()
        self._options = _library_options(self._primitive.options, options)
        self._tags = ("qiskit_qmu", *options.tags, *(self._options.environment.job_tags or ()))

    def run(self, mode: Any, pubs: Pubs, shots: int, tag: str) -> Any:
        """Send a job.

        Args:
            mode: The device, or a session or batch on it.
            pubs: Transpiled circuits.
            shots: Measurements of each circuit in each basis.
            tag: The job's own tag.

        Returns:
            The library's job.

        Raises:
            InputError: If the PUBs are for the other primitive.
        """
        if any(isinstance(pub, EstimatorPub) != self._mitigated for pub in pubs):
            raise InputError(
                "resilience_level applies only to expectation values of IBM's Estimator, not to "
                "outcome probabilities"
            )
        options = copy.deepcopy(self._options)
        options.environment.job_tags = [tag, *dict.fromkeys(self._tags), f"{_SHOTS}{shots}"]
        if self._mitigated:
            options.default_shots = shots
        with warnings.catch_warnings():
            # The legacy primitives emit a deprecation warning; used only if there are no others.
            warnings.simplefilter("ignore", DeprecationWarning)
            primitive = self._primitive.primitive(mode=mode, options=options)
        return primitive.run(list(pubs))

    def settings(self) -> dict[str, Any]:
        """Return primitive and options as JSON values, without tags."""
        options = self._options
        if self._primitive.client_side:
            # Noise models are for simulation and are not JSON.
            values = options.model_dump(
                exclude={
                    "environment": {"job_tags"},
                    "resilience": {"layer_noise_model"},
                    "simulator": True,
                }
            )
        else:
            values = dataclasses.asdict(options)
            values["environment"].pop("job_tags", None)
        found: dict[str, Any] = {
            "primitive": "estimator" if self._mitigated else "sampler",
            "client_side": self._primitive.client_side,
            "options": json.loads(json.dumps(values, default=str)),
        }
        return found


def shots_of(tags: Iterable[str]) -> int | None:
    """Return the shots that a job was sent with, from its tags; None if they do not record it."""
    found = [tag.removeprefix(_SHOTS) for tag in tags if tag.startswith(_SHOTS)]
    return int(found[-1]) if found and found[-1].isdecimal() else None


def _library_options(kind: Any, options: DeviceOptions) -> Any:
    """Return the library's options, validated by the library."""
    given = options.runtime_options
    if given is not None and not isinstance(given, kind | dict):
        raise InputTypeError(
            f"runtime_options must be a dict or IBM's {kind.__name__} (EstimatorOptions with a "
            f"resilience_level, else SamplerOptions), got {type(given).__name__}"
        )
    try:
        if isinstance(given, kind):
            built = copy.deepcopy(given)
        else:
            built = kind(**_merged(_library_fields(options), given or {}))
        if options.resilience_level is not None:
            built.resilience_level = options.resilience_level
    except (TypeError, ValueError) as error:
        line = " ".join(str(error).split())
        raise InputError(
            f"runtime_options are invalid for IBM's {kind.__name__}: {line}"
        ) from error
    if built.environment.private is True:
        raise InputError(
            "runtime_options make jobs private, but results of private jobs can be read only once"
        )
    return built


def _library_fields(options: DeviceOptions) -> dict[str, Any]:
    """Return the options as nested fields of IBM's library; omitted ones keep its defaults."""
    values: dict[str, Any] = {}
    if options.dynamical_decoupling:
        sequence = options.dynamical_decoupling
        values["dynamical_decoupling"] = {
            "enable": True,
            "sequence_type": sequence if isinstance(sequence, str) else SEQUENCES[0],
        }
    if options.twirling:
        values["twirling"] = {"enable_gates": True, "enable_measure": True}
    if options.max_execution_time is not None:
        values["max_execution_time"] = options.max_execution_time
    return values


def _merged(values: dict[str, Any], winning: dict[str, Any]) -> dict[str, Any]:
    merged = {**values, **winning}
    for name in values.keys() & winning.keys():
        if isinstance(values[name], dict) and isinstance(winning[name], dict):
            merged[name] = _merged(values[name], winning[name])
    return merged
