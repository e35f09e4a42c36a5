"""Opens a user's BackendV2 object."""

from typing import Any

from qiskit.primitives import BackendSamplerV2, BaseSamplerV2
from qiskit.providers import BackendV2

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import CopiesDrawAnew, stream
from qiskit_qmu.backends.devices.device_backend import DeviceBackend
from qiskit_qmu.backends.devices.factory import open_local, seed_of
from qiskit_qmu.backends.noise.noisy_instructions import NoisyInstructions
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.transpilation.transpilers import make_transpiler


def open_object(options: DeviceOptions) -> DeviceBackend:
    """Open a BackendV2.

    Raises:
        InputError: If there are no shots, or the device cannot be calibrated for mitigation.
    """
    device: Any = options.name
    name, options = options.label, seed_of(options)
    if options.shots is None:
        raise InputError(f"{name} needs shots: a device cannot return exact values")
    if options.readout_mitigation and "x" not in device.target.operation_names:
        raise InputError(f"readout_mitigation needs a device with an X gate; {name} has none")
    noise_model = getattr(device.options, "noise_model", None)
    noisy = None if noise_model is None else NoisyInstructions(noise_model, keep=False)
    transpiler = make_transpiler(device, options)
    sampler = _SeededSampler(device, options.seed or 0)
    return open_local(options, name, sampler, transpiler, noisy=noisy)


class _SeededSampler(CopiesDrawAnew, BaseSamplerV2):
    """Qiskit's sampler over any backend, with a different seed per job if the backend takes one."""

    def __init__(self, device: BackendV2, seed: int) -> None:
        self._device = device
        self._generator = stream(seed, "shots", device.name or "")
        self._takes_seed = hasattr(device.options, "seed_simulator")

    def run(self, pubs: Any, *, shots: int | None = None) -> Any:
        """Run a job."""
        options: dict[str, Any] = {}
        (generator,) = self._generator.spawn(1)
        if self._takes_seed:
            options["seed_simulator"] = int(generator.integers(2**31))
        return BackendSamplerV2(backend=self._device, options=options).run(pubs, shots=shots)

    def skip(self, runs: int) -> None:
        """Skip the noise of so many runs."""
        self._generator.spawn(runs)
