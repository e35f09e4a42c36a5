"""What an instruction is, by its class: anyone may give any name to a gate of his own."""

from qiskit.circuit import Barrier, CircuitInstruction, Delay, Measure, Operation
from qiskit.circuit.library import IGate


def does_nothing(operation: Operation) -> bool:
    """Whether this is a barrier, a delay or an identity."""
    return isinstance(operation, Barrier | Delay | IGate)


def is_measurement(instruction: CircuitInstruction) -> bool:
    """Whether this measures one qubit into one classical bit."""
    # Most instructions have no classical bits, and making their operation takes time.
    return bool(instruction.clbits) and isinstance(instruction.operation, Measure)


def is_barrier(instruction: CircuitInstruction) -> bool:
    """Whether this is a barrier."""
    return isinstance(instruction.operation, Barrier)
