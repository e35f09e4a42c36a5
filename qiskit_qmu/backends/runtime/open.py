"""Opens IBM devices as backends."""

from dataclasses import replace
from pathlib import Path

from qiskit.providers import BackendV2

from qiskit_qmu._check import InputError
from qiskit_qmu._files import make_folder, read_text, reading, write_file
from qiskit_qmu.backends.cost.estimate import IBM_EXECUTIONS_PER_JOB
from qiskit_qmu.backends.devices.device_backend import DeviceBackend
from qiskit_qmu.backends.devices.factory import open_service
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.primitives.broadcast_estimator import BroadcastEstimator
from qiskit_qmu.backends.primitives.service_estimator import ServiceEstimator
from qiskit_qmu.backends.runtime.runtime_jobs import RuntimeJobs
from qiskit_qmu.backends.runtime.service import LEAST_BUSY, find_device
from qiskit_qmu.backends.transpilation.transpilers import make_transpiler


def open_runtime(options: DeviceOptions) -> DeviceBackend:
    """Open an IBM device, given by name or as an object.

    Args:
        options: The options. The seed sets SPSA's directions; a device's noise has none.

    Raises:
        InputError: If there are no shots, no account or no such device, or IBM's library rejects
            an option.
        RunError: If the service is unreachable or rejects the request.
    """
    if options.shots is None:
        raise InputError(f"{options.label} needs shots: a device cannot return exact values")
    if isinstance(options.name, str):
        found = _found(options.name, options)
    elif options.service is not None:
        raise InputError(
            f"service has no effect with a device object, as for {options.label}; omit one of them"
        )
    else:
        found = options.name
    limit = options.max_executions_per_job or IBM_EXECUTIONS_PER_JOB
    own_estimator = options.resilience_level is not None
    return open_service(
        replace(options, max_executions_per_job=limit),
        RuntimeJobs(found, options),
        make_transpiler(found, options, small_subset=True),
        estimator=ServiceEstimator if own_estimator else BroadcastEstimator,
    )


def _found(name: str, options: DeviceOptions) -> BackendV2:
    """Return a device; a resumed run stays with the least busy one that it chose."""
    if name != LEAST_BUSY or options.ledger is None:
        return find_device(name, options)
    chosen, what = Path(options.ledger) / "device.txt", "the device name of a run"
    if chosen.exists():
        text = read_text(chosen, what, largest=1_000).strip()
        with reading(chosen, what):
            if len(text.split()) != 1:
                raise InputError(repr(text))
        return find_device(text, options)
    device = find_device(name, options)
    make_folder(chosen.parent)
    write_file(chosen, device.name)
    return device
