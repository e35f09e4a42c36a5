"""Fake backends: layout and noise of IBM devices, simulated on the qubits in use."""

import difflib
from functools import lru_cache
from typing import Any

from qiskit.providers import BackendV2

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends.devices.device_backend import DeviceBackend
from qiskit_qmu.backends.devices.factory import open_local, seed_of
from qiskit_qmu.backends.devices.local_sampler import LocalSampler
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.transpilation.layout import subset_of
from qiskit_qmu.backends.transpilation.transpilers import make_transpiler

FAKE_PREFIX = "fake_"
_NO_DEVICES = ("FakeProvider",)


def open_fake(options: DeviceOptions) -> DeviceBackend:
    """Open a fake backend, by its name such as "fake_torino" or as an object.

    Raises:
        InputError: If there is no such fake backend; the message suggests the nearest name.
    """
    _check.one_of((None, "automatic", "density_matrix", "statevector"), method=options.method)
    name, options = options.label, seed_of(options)
    device = fake_device(name) if isinstance(options.name, str) else options.name
    transpiler = make_transpiler(device, options, small_subset=True)
    engine = _EnginesOfSubsets(device, options.method or "automatic")
    sampler = LocalSampler(engine, stream(options.seed or 0, "shots", name))
    return open_local(options, name, sampler, transpiler)


@lru_cache(maxsize=4)  # building a device's target and noise takes longer than simulating it
def fake_device(name: str) -> BackendV2:
    """Return IBM's fake device with a name in snake case.

    Raises:
        InputError: If there is none.
    """
    from qiskit_ibm_runtime import fake_provider

    known = fake_device_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        meant = f"did you mean {near[0]}? " if near else ""
        raise InputError(f"there is no fake backend {name!r}; {meant}`qmu list devices` lists them")
    device: BackendV2 = getattr(fake_provider, known[name])()
    return device


def fake_device_names() -> dict[str, str]:
    """Return the class names of IBM's fake devices by their names in snake case."""
    from qiskit_ibm_runtime import fake_provider

    known = {}
    for attribute in dir(fake_provider):
        short = attribute.removeprefix("Fake").removesuffix("V2").removesuffix("Backend").lower()
        if attribute.startswith("Fake") and short and not attribute.startswith(_NO_DEVICES):
            known[FAKE_PREFIX + short] = attribute
    return known


@lru_cache(maxsize=16)
def _noise_of(device: BackendV2, qubits: tuple[int, ...]) -> Any:
    from qiskit_aer.noise import NoiseModel

    return NoiseModel.from_backend(DeviceSubset(device, qubits))


class _EnginesOfSubsets:
    """Simulators of a device, one per set of its qubits; they are not pickled."""

    def __init__(self, device: BackendV2, method: str) -> None:
        self._device = device
        self._method = method
        self._known: dict[tuple[int, ...], Any] = {}

    def __call__(self, qubits: tuple[int, ...]) -> Any:
        from qiskit_qmu.backends.noise.aer_engine import AerEngine

        if qubits not in self._known:
            self._known[qubits] = AerEngine(self._method, _noise_of(self._device, qubits))
        return self._known[qubits]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": {}}


class DeviceSubset(BackendV2):
    """Some qubits of a device, renumbered from zero, to build a noise model from.

    Args:
        device: The device.
        qubits: The qubits, in order.
    """

    def __init__(self, device: BackendV2, qubits: tuple[int, ...]) -> None:
        super().__init__(name=device.name)
        self._target = subset_of(device.target, qubits)

    @property
    def target(self) -> Any:
        """The target of these qubits."""
        return self._target

    @property
    def max_circuits(self) -> None:
        """No limit: nothing runs here."""

    @classmethod
    def _default_options(cls) -> Any:
        from qiskit.providers import Options

        return Options()

    def run(self, run_input: Any, **options: Any) -> Any:
        """Raise an error: this only describes a device.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("a DeviceSubset cannot run circuits")
