"""Opens Qiskit Aer, which is imported only here."""

from functools import partial
from typing import Any

from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends.devices.device_backend import DeviceBackend
from qiskit_qmu.backends.devices.factory import open_local, seed_of
from qiskit_qmu.backends.devices.local_sampler import LocalSampler
from qiskit_qmu.backends.noise.noisy_instructions import NoisyInstructions
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.transpilation.transpilers import PassManagerTranspiler


def open_aer(options: DeviceOptions) -> DeviceBackend:
    """Open Qiskit Aer.

    Raises:
        InputError: If the method is unknown, or cannot return exact values and there are no shots.
    """
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel

    from qiskit_qmu.backends.noise.aer_engine import EXACT_METHODS, AerEngine

    method, noise_model = options.method or "automatic", options.noise_model
    methods = AerSimulator().available_methods()
    _check.one_of([m for m in methods if m not in {"unitary", "superop"}], method=method)
    if noise_model is not None and not isinstance(noise_model, NoiseModel):
        raise InputTypeError(f"noise_model must be an Aer NoiseModel, got {noise_model!r}")
    noisy = noise_model is not None and not noise_model.is_ideal()
    exact = ("automatic", "density_matrix") if noisy else ("automatic", *EXACT_METHODS)
    if options.shots is None and method not in exact:
        raise InputError(
            f"method {method!r} needs shots; only {', '.join(exact)} "
            f"{'simulate noise' if noisy else 'return values'} exactly"
        )
    # Trivial layout: the noise model's qubits are those of the circuit.
    noisy_instructions = None
    if noisy:
        noisy_instructions = NoisyInstructions(noise_model, keep=options.pass_manager is None)
    basis = [*_SIMULATED]
    if noise_model is not None:  # which may name instructions that are no gates, such as "unitary"
        known = get_standard_gate_name_mapping()
        basis = [name for name in noise_model.basis_gates if name in known] or basis
    manager = options.pass_manager or partial(
        generate_preset_pass_manager,
        options.level,
        basis_gates=basis,
        routing_method="none",  # else swaps are elided, and noise lands on other qubits
        seed_transpiler=options.seed_transpiler,
    )
    engine = AerEngine(method, noise_model)
    options = seed_of(options)
    sampler = LocalSampler(
        partial(_for_any, engine), stream(options.seed or 0, "shots", "aer"), compact=not noisy
    )
    return open_local(
        options, "aer", sampler, PassManagerTranspiler(manager), noisy=noisy_instructions
    )


_SIMULATED = (
    "id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "rx", "ry", "rz", "p",
    "cx", "cy", "cz", "swap", "rzz",
)  # fmt: skip
"""One- and two-qubit gates that every method simulates or rejects itself."""


def _for_any(engine: Any, _qubits: tuple[int, ...]) -> Any:
    return engine
