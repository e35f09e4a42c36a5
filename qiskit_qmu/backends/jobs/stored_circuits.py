"""Transpiled circuits that stay as they are, whatever a device's calibration says tomorrow."""

from pathlib import Path
from typing import final

from qiskit.circuit import QuantumCircuit

from qiskit_qmu._files import make_folder, read_sealed, reading, write_sealed
from qiskit_qmu.backends.jobs.digest import circuit_digest
from qiskit_qmu.backends.transpilation import Transpiler
from qiskit_qmu.circuits.circuit_files import circuit_from_bytes, circuit_to_bytes

_WHAT = "a transpiled circuit"


@final
class StoredTranspiler(Transpiler):
    """Transpiles a circuit once in a run's life: a run that is picked up sends the same one.

    Args:
        transpiler: What transpiles a circuit that is seen for the first time.
        folder: Where transpiled circuits are kept, as QPY.
    """

    def __init__(self, transpiler: Transpiler, folder: Path) -> None:
        self.timing = transpiler.timing
        self._transpiler = transpiler
        self._folder = folder

    def check(self, num_qubits: int) -> None:
        """Raise InputError if it is known before a circuit is there that it cannot fit."""
        self._transpiler.check(num_qubits)

    def __call__(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return the device's circuit.

        Raises:
            InputError: If the circuit does not fit the device, or a kept one is damaged.
        """
        path = self._folder / f"{circuit_digest(circuit)}.qpy"
        if not path.exists():
            make_folder(self._folder)
            write_sealed(path, circuit_to_bytes(self._transpiler(circuit)))
        # Read also where it was just written, so that every process sees the same circuit.
        content = read_sealed(path, _WHAT)
        with reading(path, _WHAT):
            return circuit_from_bytes(content)
