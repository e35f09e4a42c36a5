"""CompactCircuit: a transpiled circuit restricted to the qubits that it uses."""

from dataclasses import dataclass
from typing import Any, final

from qiskit.circuit import QuantumCircuit

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.compile.instructions import is_barrier, is_measurement


@final
@dataclass(frozen=True, eq=False)
class CompactCircuit:
    """A circuit without its idle qubits.

    Attributes:
        qubits: The device's remaining qubits, in ascending order.
        measured: The circuit on them.
        unmeasured: The same without its final measurements; None if there are others.
        registers: For each classical register, the qubit that each bit holds (None if unused).
    """

    qubits: tuple[int, ...]
    measured: QuantumCircuit
    unmeasured: QuantumCircuit | None
    registers: dict[str, list[int | None]]

    @staticmethod
    def of(circuit: QuantumCircuit, *, keep_all: bool = False) -> "CompactCircuit":
        """Drop the idle qubits of a circuit, or none of them."""
        used = (
            set(range(circuit.num_qubits))
            if keep_all
            else {
                circuit.find_bit(qubit).index
                for instruction in circuit.data
                if not is_barrier(instruction)
                for qubit in instruction.qubits
            }
        )
        qubits = tuple(sorted(used))
        place = {qubit: position for position, qubit in enumerate(qubits)}
        measured = QuantumCircuit(len(qubits))
        for register in circuit.cregs:
            measured.add_register(register)
        unmeasured = QuantumCircuit(len(qubits))
        holds: dict[Any, int] = {}
        final_only = True
        for instruction in circuit.data:
            if is_barrier(instruction):
                continue
            own = [place[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
            measured.append(instruction.operation, own, instruction.clbits)
            if is_measurement(instruction):
                holds[instruction.clbits[0]] = own[0]
            elif instruction.clbits or set(own) & set(holds.values()) or _has_blocks(instruction):
                final_only = False
            else:
                unmeasured.append(instruction.operation, own)
        registers = {
            register.name: [holds.get(bit) for bit in register] for register in circuit.cregs
        }
        if not holds:
            raise InputError("a circuit without measurements cannot be sampled")
        return CompactCircuit(qubits, measured, unmeasured if final_only else None, registers)


def _has_blocks(instruction: Any) -> bool:
    return bool(getattr(instruction.operation, "blocks", ()))
