"""Transpilers: each virtual circuit is turned once into one that a device accepts."""

from functools import partial
from typing import Any, Protocol, final

from qiskit.circuit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.providers import BackendV2
from qiskit.transpiler import Target, generate_preset_pass_manager

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.transpilation.layout import best_qubits, subset_of
from qiskit_qmu.backends.transpilation.timing import Timing


class Transpiler(Protocol):
    """Transpiles a circuit for a device; measurements keep their classical bits.

    Attributes:
        timing: How long the device takes; None if unknown.
    """

    timing: Timing | None

    def __call__(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return the device's circuit.

        Raises:
            InputError: If the circuit does not fit the device.
        """
        ...

    def check(self, num_qubits: int) -> None:
        """Raise InputError if no circuit of so many qubits can fit."""
        ...


@final
class PassManagerTranspiler:
    """Runs a pass manager.

    Args:
        pass_manager: The user's own, or a factory of a preset one, which Qiskit cannot pickle.
        timing: How long the device takes; None if unknown.
    """

    def __init__(self, pass_manager: Any, timing: Timing | None = None) -> None:
        self._given = pass_manager
        self._made: Any = None
        self.timing = timing

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": None}

    def __call__(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return the device's circuit."""
        if self._made is None:
            self._made = self._given if hasattr(self._given, "run") else self._given()
        return _run(self._made, circuit)

    def check(self, num_qubits: int) -> None:
        """Do nothing: the limits of a pass manager are unknown."""


@final
class DeviceTranspiler:
    """Places a circuit on a small connected set of good qubits of a device and keeps it there.

    On a whole device, routing spreads: a circuit of ten qubits ends up on twelve, whose noise costs
    sixteen times as much to simulate. Several seeds are tried, and the circuit with the smallest
    expected error is kept.

    Args:
        target: The device's target, with its error rates.
        optimization_level: Level of Qiskit's preset pass managers, 0 to 3.
        seed: Seed of layout and routing.
        attempts: Seeds to try.
        timing: How long the device takes; None if unknown.
    """

    def __init__(
        self,
        target: Target,
        *,
        optimization_level: int,
        seed: int,
        attempts: int = 4,
        timing: Timing | None = None,
    ) -> None:
        self.timing = timing
        self._target = target
        self._level = optimization_level
        self._seeds = range(seed, seed + attempts)
        self._chosen: dict[int, tuple[list[int], Target]] = {}

    def qubits(self, count: int) -> list[int]:
        """Return the device's qubits that circuits of so many qubits are placed on."""
        return self._subset(count)[0]

    def check(self, num_qubits: int) -> None:
        """Raise InputError if the device has no connected set of so many qubits."""
        self._subset(num_qubits)

    def __call__(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return the device's circuit, as wide as the device."""
        qubits, target = self._subset(circuit.num_qubits)
        tried = [
            _run(
                generate_preset_pass_manager(self._level, target=target, seed_transpiler=seed),
                circuit,
            )
            for seed in self._seeds
        ]
        best = min(tried, key=lambda placed: _expected_error(placed, target))
        whole = QuantumCircuit(self._target.num_qubits, name=circuit.name)
        for register in best.cregs:
            whole.add_register(register)
        return whole.compose(best, qubits, best.clbits)

    def _subset(self, count: int) -> tuple[list[int], Target]:
        if count not in self._chosen:
            qubits = best_qubits(self._target, count)
            self._chosen[count] = (qubits, subset_of(self._target, qubits))
        return self._chosen[count]


def make_transpiler(
    device: BackendV2, options: DeviceOptions, *, small_subset: bool = False
) -> Transpiler:
    """Return a device's transpiler.

    Args:
        device: The device.
        options: Optimization level, seed, layout, pass manager.
        small_subset: Keep circuits on as few qubits as they have, unless a layout is given.
    """
    timing = Timing.of(device)
    if options.pass_manager is not None:
        return PassManagerTranspiler(options.pass_manager, timing)
    layout = options.initial_layout
    if layout is None and small_subset:
        return DeviceTranspiler(
            device.target,
            optimization_level=options.level,
            seed=options.seed_transpiler,
            timing=timing,
        )
    return PassManagerTranspiler(
        partial(
            generate_preset_pass_manager,
            options.level,
            backend=device,
            initial_layout=None if layout is None else list(layout),
            seed_transpiler=options.seed_transpiler,
        ),
        timing,
    )


def _run(pass_manager: Any, circuit: QuantumCircuit) -> QuantumCircuit:
    try:
        transpiled: QuantumCircuit = pass_manager.run(circuit)
    except QiskitError as error:
        raise InputError(f"the circuit does not fit the device: {error.message}") from error
    return transpiled


def _expected_error(circuit: QuantumCircuit, target: Target) -> float:
    """Return the sum of the error rates of a circuit's instructions."""
    total = 0.0
    for instruction in circuit.data:
        if instruction.name not in target:
            continue
        qubits = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        properties = target[instruction.name].get(qubits)
        total += (properties.error or 0.0) if properties is not None else 0.0
    return total
