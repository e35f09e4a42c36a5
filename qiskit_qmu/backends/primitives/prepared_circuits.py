"""Circuits prepared for a device, cached by their content."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, final

from qiskit.circuit import QuantumCircuit

from qiskit_qmu.backends.noise.noisy_instructions import NoisyInstructions
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit, check_virtual
from qiskit_qmu.backends.transpilation.transpilers import Transpiler
from qiskit_qmu.simulator.compile.content import circuit_content

_CAPACITY = 64


@final
class PreparedCircuits:
    """Numbers the rotations of circuits and transpiles them, once per circuit.

    Args:
        transpiler: Transpiles circuits for the device.
        noisy: Instructions that transpilation must keep; None for none.
    """

    def __init__(self, transpiler: Transpiler, noisy: NoisyInstructions | None = None) -> None:
        self._transpiler = transpiler
        self._noisy = noisy
        self._known: OrderedDict[Hashable, Any] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": OrderedDict()}  # (its keys are specific to this process)

    def rotations(self, circuit: QuantumCircuit) -> RotationCircuit:
        """Return a circuit with one parameter per rotation."""
        # The content does not include a layout, and circuits with one are rejected.
        key = (circuit_content(circuit), circuit.layout is None)
        found: RotationCircuit = self._get(key, lambda: self._numbered(circuit))
        return found

    def measured(self, circuit: RotationCircuit, basis: str) -> RotationCircuit:
        """Return a circuit measured in a Pauli basis."""
        found: RotationCircuit = self._get(
            (_Same(circuit), basis), lambda: circuit.measured_in(basis)
        )
        return found

    def transpiled(self, circuit: RotationCircuit) -> QuantumCircuit:
        """Return the device's circuit."""
        if circuit.placed:
            return circuit.circuit
        found: QuantumCircuit = self._get(_Same(circuit), lambda: self._placed(circuit.circuit))
        return found

    def _numbered(self, circuit: QuantumCircuit) -> RotationCircuit:
        check_virtual(circuit)
        return RotationCircuit.of(circuit if self._noisy is None else self._noisy.written(circuit))

    def _placed(self, circuit: QuantumCircuit) -> QuantumCircuit:
        if self._noisy is None:
            return self._transpiler(circuit)
        sealed, kept = self._noisy.sealed(circuit)
        return self._noisy.restored(circuit, self._transpiler(sealed), kept)

    def _get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        # One operation at a time, because the jobs of one primitive may run in several threads.
        value = self._known.pop(key, None)
        if value is None:
            value = make()
        self._known[key] = value
        if len(self._known) > _CAPACITY:
            self._known.popitem(last=False)
        return value


@final
class _Same:
    """A key that is equal only for the same object, and keeps it alive."""

    def __init__(self, circuit: RotationCircuit) -> None:
        self._circuit = circuit

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._circuit is self._circuit

    def __hash__(self) -> int:
        return id(self._circuit)
