"""The one switch that decides where circuits run."""

from dataclasses import fields
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2
from qiskit.providers import BackendV2
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.gradients import BaseEstimatorGradient, BaseSamplerGradient
from qiskit_machine_learning.neural_networks import NeuralNetwork

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


@runtime_checkable
class Backend(Protocol):
    """Primitives, gradients and precision as one bundle.

    Qiskit ML 0.9 takes them one by one and gives wrong or incomparable numbers when they are mixed:
    its gradients, for one, never see the precision of the forward pass.

    Attributes:
        name: Name under which it was opened.
        shots: Measurements of each circuit, forward and gradient; None for exact values.
        precision: Precision to hand to an EstimatorQNN.
    """

    name: str
    shots: int | None
    precision: float
    estimator: BaseEstimatorV2
    sampler: BaseSamplerV2
    estimator_gradient: BaseEstimatorGradient
    sampler_gradient: BaseSamplerGradient

    def connector(self, network: NeuralNetwork, weights: np.ndarray) -> TorchConnector:
        """Connect a network that was built on this backend to torch."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return what results depend on, as JSON values; no secrets."""
        ...

    def close(self) -> None:
        """Give back what the backend holds."""
        ...

    def __enter__(self) -> "Backend": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


BACKEND_NAMES = ("exact", "aer", "fake_<device>")
"""What `open_backend` takes as a name; ``fake_torino`` is the likeness of ``ibm_torino``."""


def open_backend(
    name: str | BackendV2 = "exact", *, shots: int | None = None, seed: int = 0, **options: Any
) -> Backend:
    """Open a backend.

    Args:
        name: "exact", the batched statevector; "aer", Qiskit Aer; "fake_<device>", layout and noise
            of an IBM device, simulated on the qubits that a circuit uses; or a BackendV2 object.
        shots: Measurements of each circuit, forward and gradient; None for exact values, with noise
            where there is noise. A BackendV2 object needs shots.
        seed: Seed of the shots, zero or more. Every job has noise of its own.
        **options: For any but "exact":

            - ``method``: Aer's simulation method ("automatic").
            - ``noise_model``: An Aer NoiseModel (only "aer").
            - ``optimization_level``: Of Qiskit's preset pass managers (3; 1 on "aer").
            - ``seed_transpiler``: Seed of layout and routing (0).
            - ``initial_layout``: The device's qubit for each qubit of a circuit. Where it is not
              given, a fake device's circuits stay on a connected set of its best qubits.
            - ``pass_manager``: Used in place of a preset one.
            - ``gradient``: "parameter-shift", or the cheap and rough "spsa".
            - ``spsa_epsilon``, ``spsa_directions``: SPSA's step in radians (0.1), and the
              directions averaged for each row (1).
            - ``max_executions_per_job``: Cut jobs at so many circuits times shots.
            - ``ledger``: Folder of a run in which each job is written down before it is sent, and
              its result kept. Opened again by the same work, nothing is sent twice.
            - ``job_policy``: A `JobPolicy`: whether to wait for jobs, and what they may cost.
            - ``readout_mitigation``: Correct outputs and gradients for misread bits (False). Takes
              four short circuits for each set of measured qubits; corrected outcome probabilities
              may be negative, and counts stay as they were read.

    Returns:
        The backend, which is its own context manager.

    Raises:
        InputError: If the name or an option is unknown, or a value is out of range.
    """
    from qiskit_qmu.backends.exact import ExactBackend  # (it implements Backend)

    if shots is not None:
        _check.at_least(1, shots=shots)
    _check.at_least(0, seed=seed)
    if name == "exact":
        if options:
            raise InputError(f"the exact backend must have no options, got {', '.join(options)}")
        return ExactBackend(shots=shots, seed=seed)
    return _open_device(name, shots, seed, options)


def _open_device(
    name: str | BackendV2, shots: int | None, seed: int, values: dict[str, Any]
) -> Backend:
    from qiskit_qmu.backends import local  # (it implements Backend)
    from qiskit_qmu.backends.options import DeviceOptions

    known = [field.name for field in fields(DeviceOptions)]
    for option in values:
        _check.one_of(known, option=option)
    options = DeviceOptions(**values)
    if isinstance(name, BackendV2):
        return local.open_device(name, shots, seed, options)
    if name == "aer":
        return local.open_aer(shots, seed, options)
    if isinstance(name, str) and name.startswith(local.FAKE_PREFIX):
        return local.open_fake(name, shots, seed, options)
    _check.one_of(BACKEND_NAMES, backend=name)
    raise InputError(f"backend must be a name or a BackendV2, got {name!r}")
