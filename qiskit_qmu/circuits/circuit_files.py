"""Circuits as QPY, with checks when read."""

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
    """Return the single circuit in QPY data.

    Qiskit's reader trusts the sizes in the data and aborts the process if it cannot allocate them,
    so the content must be intact: verify its checksum first, and call this inside
    `qiskit_qmu._files.reading`, which translates the reader's errors.

    Raises:
        InputError: If the data contain more than one program, or something other than a circuit.
    """
    programs = qpy.load(BytesIO(content))
    if len(programs) != 1 or not isinstance(programs[0], QuantumCircuit):
        raise InputError(f"it does not contain exactly one circuit ({len(programs)} programs)")
    circuit: QuantumCircuit = programs[0]
    return circuit
