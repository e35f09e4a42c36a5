"""Circuits as QPY, read with care."""

from io import BytesIO

from qiskit import qpy
from qiskit.circuit import QuantumCircuit

from qiskit_qmu._check import InputError


def circuit_to_bytes(circuit: QuantumCircuit) -> bytes:
    """Return a circuit as QPY."""
    content = BytesIO()
    qpy.dump(circuit, content)
    return content.getvalue()


def circuit_from_bytes(content: bytes) -> QuantumCircuit:
    """Return the one circuit that QPY holds.

    Qiskit's reader trusts the sizes that it is told and ends the process where there is no memory
    for them, so the content must be as it was written: look at its checksum before, and call this
    inside of `qiskit_qmu._files.reading`, which words what the reader raises.

    Raises:
        InputError: If it holds more than one program, or something other than a circuit.
    """
    programs = qpy.load(BytesIO(content))
    if len(programs) != 1 or not isinstance(programs[0], QuantumCircuit):
        raise InputError(f"{len(programs)} programs, of which one must be a circuit")
    circuit: QuantumCircuit = programs[0]
    return circuit
