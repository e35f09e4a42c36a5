"""The one switch that decides where circuits run."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from qiskit.providers import BackendV2

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import fresh_seed
from qiskit_qmu.backends.backend import Backend

if TYPE_CHECKING:
    from qiskit_qmu.backends.runtime.options import RuntimeOptions

BACKEND_NAMES = ("exact", "aer", "fake_<device>", "ibm_<device>", "ibm:least_busy")
"""What `open_backend` takes as a name; ``fake_torino`` is the likeness of ``ibm_torino``."""


def open_backend(
    name: str | BackendV2 = "exact",
    *,
    shots: int | None = None,
    seed: int | None = None,
    **options: Any,
) -> Backend:
    """Open a backend.

    Args:
        name: "exact", the batched statevector; "aer", Qiskit Aer; "fake_<device>", layout and noise
            of an IBM device, simulated on the qubits that a circuit uses; "ibm_<device>", a device
            of your account, or "ibm:least_busy", the one with the shortest queue; or a BackendV2
            object.
        shots: Measurements of each circuit, forward and gradient; None for exact values, with noise
            where there is noise. Devices and BackendV2 objects need shots.
        seed: Seed of the shots and of SPSA's directions, zero or more. Every job has noise of its
            own, and the same seed repeats the noise of the whole sequence of jobs: give models
            that are compared seeds of their own, or one backend. None takes one from the operating
            system, or 0 with a ledger, whose run must repeat; ``settings()`` tell it.
        **options: For any but "exact":

            - ``method``: Aer's simulation method ("automatic").
            - ``noise_model``: An Aer NoiseModel (only "aer"). Instructions that it names, by name
              or label, stay as they were written; all others, and the rotations that turn an
              observable's basis, are translated to its basis gates and have the noise of those.
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
            - ``max_qpu_seconds``: Send nothing beyond so many QPU seconds, by IBM's quick formula
              and what was charged (IBM's devices, or with a ledger).
            - ``readout_mitigation``: Correct outputs and gradients for bits that are misread each
              by itself (False); misreads of several qubits together are not corrected, and a value
              beyond what is possible is warned of. Takes four short circuits for each set of
              measured qubits; corrected outcome probabilities may be negative, and counts stay as
              they were read.

            For devices of IBM's only:

            - ``mode``: "job", each job by itself; "batch", together; or "session", with the device
              to itself, for which a batch stands in on plans that allow none ("job").
            - ``max_time``: Longest life of a batch or session, in seconds or as "2h 30m".
            - ``instance``: Instance of the account, by name or CRN.
            - ``service``: A QiskitRuntimeService to use in place of the saved account.
            - ``min_num_qubits``: Fewest qubits of the least busy device.
            - ``dynamical_decoupling``: Pulses on idle qubits: True, or "XX", "XpXm" or "XY4".
            - ``twirling``: Random Pauli gates around gates and measurements.
            - ``resilience_level``: None for expectation values from counts; 0, 1 or 2 for those of
              IBM's Estimator without mitigation, with that of readout errors, and with zero-noise
              extrapolation too. Outcome probabilities cannot be mitigated so.
            - ``max_execution_time``: Most QPU seconds of one job.
            - ``tags``: Further tags of each job.
            - ``runtime_options``: The library's SamplerOptions, with a resilience level its
              EstimatorOptions, in place of the four options before; or a dict of some of their
              fields, which win over them.

    Returns:
        The backend, which is its own context manager.

    Raises:
        InputError: If the name or an option is unknown, or a value is out of range.
    """
    from qiskit_qmu.backends.devices.exact_backend import ExactBackend  # (it implements Backend)

    if shots is not None:
        _check.at_least(1, shots=shots)
    if seed is None:
        seed = fresh_seed() if options.get("ledger") is None else 0
    _check.at_least(0, seed=seed)
    if name == "exact":
        if options:
            raise InputError(f"the exact backend must have no options, got {', '.join(options)}")
        return ExactBackend(shots=shots, seed=seed)
    return _open_device(name, shots, seed, options)


def _open_device(
    name: str | BackendV2, shots: int | None, seed: int, values: dict[str, Any]
) -> Backend:
    from qiskit_qmu.backends.devices import local  # (it implements Backend)
    from qiskit_qmu.backends.devices.factory import DeviceOptions

    of_ibm, values = _options_of_ibm(name, values)
    options = DeviceOptions(**values)
    if of_ibm is not None:
        from qiskit_qmu.backends.runtime.open import open_runtime  # (loads IBM's library)

        return open_runtime(name, shots, seed, options, of_ibm)
    if isinstance(name, BackendV2):
        return local.open_device(name, shots, seed, options)
    if name == "aer":
        return local.open_aer(shots, seed, options)
    if isinstance(name, str) and name.startswith(local.FAKE_PREFIX):
        return local.open_fake(name, shots, seed, options)
    _check.one_of(BACKEND_NAMES, backend=name)
    raise InputError(f"backend must be a name or a BackendV2, got {name!r}")


def _options_of_ibm(
    name: str | BackendV2, values: dict[str, Any]
) -> tuple["RuntimeOptions | None", dict[str, Any]]:
    """Return the options of an IBM device, None for any other, and those of all devices.

    Raises:
        InputError: If an option is unknown, or is given for a device that has no use for it.
    """
    from qiskit_qmu.backends.devices.factory import DeviceOptions  # (they implement Backend)
    from qiskit_qmu.backends.runtime.options import RuntimeOptions

    shared = [field.name for field in fields(DeviceOptions)]
    own = [field.name for field in fields(RuntimeOptions)]
    for option in values:
        _check.one_of([*shared, *own], option=option)
    of_ibm = {option: value for option, value in values.items() if option in own}
    if _is_ibm(name):
        rest = {option: value for option, value in values.items() if option in shared}
        return RuntimeOptions(**of_ibm), rest
    for option in of_ibm:
        raise InputError(f"{option} must be given for devices of IBM's only, got {name}")
    return None, values


def _is_ibm(name: str | BackendV2) -> bool:
    if isinstance(name, str):
        return name.startswith(("ibm_", "ibm:"))
    module = type(name).__module__
    return module.startswith("qiskit_ibm_runtime") and "fake_provider" not in module
