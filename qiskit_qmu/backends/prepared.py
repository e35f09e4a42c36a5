"""Circuits that were prepared for a device, remembered by their content."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, final

from qiskit.circuit import QuantumCircuit

from qiskit_qmu.backends.rotations import RotationCircuit
from qiskit_qmu.backends.transpilation import Transpiler
from qiskit_qmu.simulator.cache import circuit_content

_CAPACITY = 64


@final
class PreparedCircuits:
    """Numbers the rotations of circuits and transpiles them, once for each circuit.

    Args:
        transpiler: Makes a circuit one that the device takes.
    """

    def __init__(self, transpiler: Transpiler) -> None:
        self._transpiler = transpiler
        self._known: OrderedDict[Hashable, Any] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": OrderedDict()}  # (its keys are objects of this process)

    def rotations(self, circuit: QuantumCircuit) -> RotationCircuit:
        """Return a circuit with one parameter for each rotation."""
        registers = tuple((register.name, register.size) for register in circuit.cregs)
        # A layout does not show in the content, and a circuit that has one is refused.
        key = (circuit_content(circuit), registers, circuit.layout is None)
        found: RotationCircuit = self._get(key, lambda: RotationCircuit.of(circuit))
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
        found: QuantumCircuit = self._get(_Same(circuit), lambda: self._transpiler(circuit.circuit))
        return found

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
    """A key that is equal to those of the same object only, and keeps it alive."""

    def __init__(self, circuit: RotationCircuit) -> None:
        self._circuit = circuit

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._circuit is self._circuit

    def __hash__(self) -> int:
        return id(self._circuit)
