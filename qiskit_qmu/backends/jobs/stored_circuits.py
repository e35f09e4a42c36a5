"""Transpiled circuits that stay as they are, whatever a device's calibration says tomorrow."""

from io import BytesIO
from pathlib import Path
from typing import final

from qiskit import qpy
from qiskit.circuit import QuantumCircuit
from qiskit.exceptions import QiskitError

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.jobs.digest import circuit_digest
from qiskit_qmu.backends.jobs.files import write_whole
from qiskit_qmu.backends.transpilation import Transpiler


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
            content = BytesIO()
            qpy.dump(self._transpiler(circuit), content)
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, lambda file: file.write(content.getvalue()))
        # Read also where it was just written, so that every process sees the same circuit.
        try:
            with path.open("rb") as file:
                (transpiled,) = qpy.load(file)
        except (OSError, QiskitError, ValueError, EOFError) as error:
            raise InputError(f"{path} must hold a transpiled circuit, got {error}") from error
        found: QuantumCircuit = transpiled
        return found
