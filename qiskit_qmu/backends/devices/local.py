"""Opens simulators and fake devices; Aer and IBM's library are loaded here and not before."""

import difflib
from functools import partial
from typing import Any

from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.primitives import BackendSamplerV2, BaseSamplerV2
from qiskit.providers import BackendV2
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import CopiesDrawAnew, stream
from qiskit_qmu.backends.devices.device_backend import DeviceBackend
from qiskit_qmu.backends.devices.factory import DeviceOptions
from qiskit_qmu.backends.devices.local_sampler import LocalSampler
from qiskit_qmu.backends.noise.noisy_instructions import NoisyInstructions
from qiskit_qmu.backends.transpilation.layout import subset_of
from qiskit_qmu.backends.transpilation.transpilers import PassManagerTranspiler, make_transpiler

FAKE_PREFIX = "fake_"
_NO_DEVICES = ("FakeProvider",)


def open_aer(shots: int | None, seed: int, options: DeviceOptions) -> DeviceBackend:
    """Open Qiskit Aer.

    Raises:
        InputError: If the method is unknown, or cannot give exact values where no shots are given.
    """
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel

    from qiskit_qmu.backends.noise.aer_engine import EXACT_METHODS, AerEngine

    options.refuse("initial_layout", of="aer")
    method, noise_model = options.method or "automatic", options.noise_model
    methods = AerSimulator().available_methods()
    _check.one_of([m for m in methods if m not in {"unitary", "superop"}], method=method)
    if noise_model is not None and not isinstance(noise_model, NoiseModel):
        raise InputError(f"noise_model must be an Aer NoiseModel, got {noise_model!r}")
    noisy = noise_model is not None and not noise_model.is_ideal()
    exact = ("automatic", "density_matrix") if noisy else ("automatic", *EXACT_METHODS)
    if shots is None and method not in exact:
        raise InputError(
            f"shots must be given with method {method!r}: only {', '.join(exact)} "
            f"{'simulate noise' if noisy else 'are'} exactly"
        )
    # Placed trivially: the noise model's qubits are those of the circuit.
    noisy_instructions = None
    if noisy:
        noisy_instructions = NoisyInstructions(noise_model, keep=options.pass_manager is None)
    basis = [*_SIMULATED]
    if noise_model is not None:  # which may name what is no gate, such as "unitary"
        known = get_standard_gate_name_mapping()
        basis = [name for name in noise_model.basis_gates if name in known] or basis
    manager = options.pass_manager or partial(
        generate_preset_pass_manager,
        options.level(1),
        basis_gates=basis,
        routing_method="none",  # else it leaves out swaps, and qubits miss the noise of their own
        seed_transpiler=options.seed_transpiler,
    )
    engine = AerEngine(method, noise_model)
    sampler = LocalSampler(
        partial(_for_any, engine), stream(seed, "shots", "aer"), compact=not noisy
    )
    transpiler = PassManagerTranspiler(manager)
    return options.backend(
        "aer", sampler, transpiler, shots, seed, default_level=1, noisy=noisy_instructions
    )


_SIMULATED = (
    "id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "rx", "ry", "rz", "p",
    "cx", "cy", "cz", "swap", "rzz",
)  # fmt: skip
"""Gates on one or two qubits that every method simulates or refuses itself."""


def open_fake(name: str, shots: int | None, seed: int, options: DeviceOptions) -> DeviceBackend:
    """Open the likeness of an IBM device by its name, such as "fake_torino".

    Raises:
        InputError: If there is no such device; the message lists names like it.
    """
    return open_likeness(name, fake_device(name), shots, seed, options)


def open_likeness(
    name: str, device: BackendV2, shots: int | None, seed: int, options: DeviceOptions
) -> DeviceBackend:
    """Open a fake device: its layout and its noise, simulated on the qubits in use."""
    options.refuse("noise_model", of=name)
    _check.one_of((None, "automatic", "density_matrix", "statevector"), method=options.method)
    transpiler = make_transpiler(
        device,
        optimization_level=options.level(3),
        seed_transpiler=options.seed_transpiler,
        initial_layout=options.initial_layout,
        pass_manager=options.pass_manager,
        small_subset=True,
    )
    engine = _EnginesOfSubsets(device, options.method or "automatic")
    sampler = LocalSampler(engine, stream(seed, "shots", name))
    return options.backend(name, sampler, transpiler, shots, seed)


def open_device(
    device: BackendV2, shots: int | None, seed: int, options: DeviceOptions
) -> DeviceBackend:
    """Open a backend object of the user's.

    Raises:
        InputError: If no shots are given.
    """
    name = device.name or type(device).__name__
    if type(device).__module__.startswith("qiskit_ibm_runtime.fake_provider"):
        return open_likeness(name, device, shots, seed, options)
    options.refuse("noise_model", "method", of=name)
    noise_model = getattr(device.options, "noise_model", None)
    if shots is None:
        raise InputError(f"shots must be given for {name}: a device has no exact values")
    if options.readout_mitigation and "x" not in device.target.operation_names:
        raise InputError(f"readout_mitigation needs a device with an X gate, got {name}")
    transpiler = make_transpiler(
        device,
        optimization_level=options.level(3),
        seed_transpiler=options.seed_transpiler,
        initial_layout=options.initial_layout,
        pass_manager=options.pass_manager,
    )
    noisy = None if noise_model is None else NoisyInstructions(noise_model, keep=False)
    return options.backend(name, _SeededSampler(device, seed), transpiler, shots, seed, noisy=noisy)


def fake_device(name: str) -> BackendV2:
    """Return IBM's fake device of a name in snake case.

    Raises:
        InputError: If there is none.
    """
    from qiskit_ibm_runtime import fake_provider

    known = fake_device_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=5, cutoff=0.5) or sorted(known)
        raise InputError(
            f"backend must be one of IBM's fake devices, such as {', '.join(near[:5])}; got "
            f"{name!r}"
        )
    device: BackendV2 = getattr(fake_provider, known[name])()
    return device


def fake_device_names() -> dict[str, str]:
    """Return the names of IBM's fake devices, in snake case, and of their classes."""
    from qiskit_ibm_runtime import fake_provider

    known = {}
    for attribute in dir(fake_provider):
        short = attribute.removeprefix("Fake").removesuffix("V2").removesuffix("Backend").lower()
        if attribute.startswith("Fake") and short and not attribute.startswith(_NO_DEVICES):
            known[FAKE_PREFIX + short] = attribute
    return known


def _for_any(engine: Any, _qubits: tuple[int, ...]) -> Any:
    return engine


class _EnginesOfSubsets:
    """Simulators of a device, one for each set of its qubits; they are not pickled."""

    def __init__(self, device: BackendV2, method: str) -> None:
        self._device = device
        self._method = method
        self._known: dict[tuple[int, ...], Any] = {}

    def __call__(self, qubits: tuple[int, ...]) -> Any:
        from qiskit_aer.noise import NoiseModel

        from qiskit_qmu.backends.noise.aer_engine import AerEngine

        if qubits not in self._known:
            noise = NoiseModel.from_backend(DeviceSubset(self._device, qubits))
            self._known[qubits] = AerEngine(self._method, noise)
        return self._known[qubits]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": {}}


class DeviceSubset(BackendV2):
    """Some qubits of a device, renumbered from zero: what a noise model is made of.

    Args:
        device: The device.
        qubits: Which of its qubits, in order.
    """

    def __init__(self, device: BackendV2, qubits: tuple[int, ...]) -> None:
        super().__init__(name=device.name)
        self._target = subset_of(device.target, qubits)

    @property
    def target(self) -> Any:
        """What these qubits can do among themselves."""
        return self._target

    @property
    def max_circuits(self) -> None:
        """No limit: nothing runs here."""

    @classmethod
    def _default_options(cls) -> Any:
        from qiskit.providers import Options

        return Options()

    def run(self, run_input: Any, **options: Any) -> Any:
        """Refuse: this is a description of a device.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("a subset of a device runs nothing")


class _SeededSampler(CopiesDrawAnew, BaseSamplerV2):
    """Qiskit's sampler over any backend, with a seed of its own for each job where it takes one."""

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
        """Leave out the noise of so many runs."""
        self._generator.spawn(runs)
