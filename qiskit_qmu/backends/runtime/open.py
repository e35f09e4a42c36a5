"""Opens devices of IBM's as backends."""

from dataclasses import replace
from pathlib import Path

from qiskit.providers import BackendV2

from qiskit_qmu._check import InputError
from qiskit_qmu._files import make_folder, read_text, reading, write_file
from qiskit_qmu.backends.cost.estimate import IBM_EXECUTIONS_PER_JOB
from qiskit_qmu.backends.devices.device_backend import DeviceBackend
from qiskit_qmu.backends.devices.factory import DeviceOptions
from qiskit_qmu.backends.runtime.options import RuntimeOptions
from qiskit_qmu.backends.runtime.runtime_jobs import RuntimeJobs
from qiskit_qmu.backends.runtime.service import LEAST_BUSY, find_device
from qiskit_qmu.backends.transpilation.transpilers import make_transpiler


def open_runtime(
    device: str | BackendV2,
    shots: int | None,
    seed: int,
    options: DeviceOptions,
    runtime: RuntimeOptions,
) -> DeviceBackend:
    """Open a device of IBM's.

    Args:
        device: "ibm_<device>", "ibm:least_busy", or an IBMBackend.
        shots: Measurements of each circuit.
        seed: Seed of SPSA's directions; a device's noise has none.
        options: Those of all devices.
        runtime: Those of IBM's devices.

    Raises:
        InputError: If no shots are given, there is no account or no such device, or an option is
            none of IBM's library.
        RunError: If the service is out of reach or refuses.
    """
    name = device if isinstance(device, str) else device.name
    options.refuse("noise_model", "method", of=name)
    if shots is None:
        raise InputError(f"shots must be given for {name}: a device has no exact values")
    if options.readout_mitigation and runtime.resilience_level is not None:
        raise InputError(
            "readout_mitigation must not be given with a resilience_level, which mitigates readout "
            f"itself; got level {runtime.resilience_level}"
        )
    if isinstance(device, str):
        found = _found(device, runtime, options.ledger)
    elif runtime.service is not None:
        raise InputError(f"service must not be given with a device object, got both for {name}")
    else:
        found = device
    transpiler = make_transpiler(
        found,
        optimization_level=options.level(3),
        seed_transpiler=options.seed_transpiler,
        initial_layout=options.initial_layout,
        pass_manager=options.pass_manager,
        small_subset=True,
    )
    limit = options.max_executions_per_job or IBM_EXECUTIONS_PER_JOB
    return replace(options, max_executions_per_job=limit).service_backend(
        RuntimeJobs(found, runtime),
        transpiler,
        shots,
        seed,
        own_estimator=runtime.resilience_level is not None,
        service_options=runtime.decisive(),
    )


def _found(name: str, runtime: RuntimeOptions, ledger: str | Path | None) -> BackendV2:
    """Return a device; a run that chose the least busy one stays with it when picked up again."""
    if name != LEAST_BUSY or ledger is None:
        return find_device(name, runtime)
    chosen, what = Path(ledger) / "device.txt", "the name of the device that a run chose"
    if chosen.exists():
        text = read_text(chosen, what, largest=1_000).strip()
        with reading(chosen, what):
            if len(text.split()) != 1:
                raise InputError(repr(text))
        return find_device(text, runtime)
    device = find_device(name, runtime)
    make_folder(chosen.parent)
    write_file(chosen, device.name)
    return device
