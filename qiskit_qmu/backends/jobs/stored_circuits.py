"""Stores transpiled circuits, so that a run keeps them when the device's calibration changes."""

import hashlib
from typing import final

from qiskit.circuit import QuantumCircuit

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_bytes, reading, write_file
from qiskit_qmu.backends.jobs.digest import circuit_digest
from qiskit_qmu.backends.jobs.folder import JobFolder
from qiskit_qmu.backends.transpilation.transpilers import Transpiler
from qiskit_qmu.circuits.circuit_files import circuit_from_bytes, circuit_to_bytes

_WHAT = "the transpiled circuit of this run"


@final
class StoredTranspiler(Transpiler):
    """Transpiles each circuit once per run: a resumed run sends the same one.

    The ledger holds each circuit's checksum, which detects replaced files.

    Args:
        transpiler: Transpiles new circuits.
        folder: Where transpiled circuits are stored, as QPY.
    """

    def __init__(self, transpiler: Transpiler, folder: JobFolder) -> None:
        self.timing = transpiler.timing
        self._transpiler = transpiler
        self._folder = folder

    def check(self, num_qubits: int) -> None:
        """Raise InputError if no circuit of so many qubits can fit."""
        self._transpiler.check(num_qubits)

    def __call__(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return the device's circuit.

        Raises:
            InputError: If the circuit does not fit the device, or a stored one is missing or
                damaged.
        """
        # Otherwise two threads could overwrite each other's circuit.
        with self._folder.turn:
            return self._stored(circuit)

    def _stored(self, circuit: QuantumCircuit) -> QuantumCircuit:
        name = circuit_digest(circuit)
        path, ledger = self._folder.circuits / f"{name}.qpy", self._folder.ledger
        if ledger.note(_note(name)) is None:
            content = circuit_to_bytes(self._transpiler(circuit))
            write_file(path, content)
            ledger.set_note(_note(name), hashlib.sha256(content).hexdigest())
        # Read back even if just written, so that every process sees the same circuit.
        kept = read_bytes(path, _WHAT)
        with reading(path, _WHAT):
            if hashlib.sha256(kept).hexdigest() != ledger.note(_note(name)):
                raise InputError("its checksum differs")
            return circuit_from_bytes(kept)


def _note(name: str) -> str:
    return f"circuit {name}"
