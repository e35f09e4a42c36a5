"""Checks that a circuit matches a device's ISA before it is sent."""

from collections.abc import Mapping

from qiskit.circuit import QuantumCircuit, Qubit
from qiskit.transpiler import Target

from qiskit_qmu._check import InputError


def check_isa(circuit: QuantumCircuit, target: Target) -> None:
    """Raise InputError unless the device supports every instruction on its qubits.

    IBM's client-side primitives do not check this; the device would reject the job after its time
    in the queue.

    Args:
        circuit: A circuit at most as wide as the device.
        target: The device's target.
    """
    if circuit.num_qubits > target.num_qubits:
        raise InputError(
            f"a circuit of {circuit.num_qubits} qubits does not fit the device, which has "
            f"{target.num_qubits}"
        )
    _check_block(circuit, target, {qubit: i for i, qubit in enumerate(circuit.qubits)})


def _check_block(circuit: QuantumCircuit, target: Target, place: Mapping[Qubit, int]) -> None:
    for instruction in circuit.data:
        operation = instruction.operation
        qubits = tuple(place[qubit] for qubit in instruction.qubits)
        for block in getattr(operation, "blocks", ()):
            inner = dict(zip(block.qubits, qubits, strict=True))
            _check_block(block, target, inner)
        if getattr(operation, "_directive", False):
            continue
        if not target.instruction_supported(operation.name, qubits):
            raise InputError(
                f"the device does not support {operation.name!r} on qubits {qubits} (was the "
                "pass_manager made for another device?)"
            )
