"""Gates and noise of a device as real matrices on Pauli coefficients."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import Delay, Gate, Operation, QuantumCircuit
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import PTM, SuperOp

from qiskit_qmu._check import InputError


class NoiseTables:
    """What an Aer noise model does after each gate and at each readout.

    Args:
        noise_model: A ``qiskit_aer.noise.NoiseModel``; None for no noise.

    Attributes:
        in_tables: Whether these tables contain all noise except that of delays. Noise models may
            also have passes, which change a circuit in any way.
    """

    def __init__(self, noise_model: Any | None) -> None:
        self._local: dict[str, dict[tuple[int, ...], Any]] = {}
        self._default: dict[str, Any] = {}
        self._readout: dict[tuple[int, ...], Any] = {}
        self._default_readout: Any = None
        self.in_tables = True
        if noise_model is not None:
            # Aer has no public access to these tables; the tests compare with what Aer does.
            self._local = noise_model._local_quantum_errors  # noqa: SLF001
            self._default = noise_model._default_quantum_errors  # noqa: SLF001
            self._readout = noise_model._local_readout_errors  # noqa: SLF001
            self._default_readout = noise_model._default_readout_error  # noqa: SLF001
            passes = noise_model._custom_noise_passes  # noqa: SLF001
            self.in_tables = all(getattr(own, "_ops", ()) == (Delay,) for own in passes)
        self._matrices: dict[object, NDArray[np.float64]] = {}

    def after(self, operation: Operation, qubits: tuple[int, ...]) -> NDArray[np.float64] | None:
        """Return the Pauli transfer matrix of the noise after a gate, or None.

        Raises:
            InputError: If the noise acts on other qubits than the gate.
        """
        name = getattr(operation, "label", None) or operation.name
        error = self._error(name, qubits)
        if error is None:
            return None
        if error.num_qubits != len(qubits):
            raise InputError(
                f"{error.num_qubits}-qubit noise on the {len(qubits)}-qubit gate {name!r}: noise "
                "acts on the qubits of its gate"
            )
        key = (name, qubits)
        if key not in self._matrices:
            self._matrices[key] = _transfer_matrix(error)
        return self._matrices[key]

    def before_measurement(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return a circuit with measurement noise appended, on every qubit that has some.

        It is attached to an identity named like measurements. Its effect on qubits that are not
        measured does not matter.
        """
        qubits = [qubit for qubit in range(circuit.num_qubits) if self._error("measure", (qubit,))]
        if not qubits:
            return circuit
        noisy = circuit.copy()
        for qubit in qubits:
            noisy.append(UnitaryGate(np.eye(2), label="measure"), [qubit])
        return noisy

    def _error(self, name: str, qubits: tuple[int, ...]) -> Any:
        """Return the error of an instruction; None if it has none."""
        error = self._local.get(name, {}).get(qubits, self._default.get(name))
        return None if error is None or error.ideal() else error

    def readout(self, qubit: int) -> NDArray[np.float64] | None:
        """Return P(read | prepared) of a qubit, (prepared, read); None without readout errors.

        Raises:
            InputError: If several qubits have a joint readout error.
        """
        if any(len(qubits) > 1 for qubits in self._readout):
            raise InputError("joint readout errors of several qubits are not supported")
        error = self._readout.get((qubit,), self._default_readout)
        return None if error is None else np.asarray(error.probabilities, dtype=float)


def gate_matrix(gate: Operation) -> NDArray[np.float64]:
    """Return the Pauli transfer matrix of a gate without parameters.

    Raises:
        InputError: If the gate is not unitary.
    """
    if not isinstance(gate, Gate):
        raise InputError(f"{gate.name!r} is not a unitary gate")
    return _transfer_matrix(gate)


def rotation_matrices(gate: Gate) -> tuple[NDArray[np.float64], ...]:
    """Return C, D, E with the transfer matrix C + D cos θ + E sin θ of a one-parameter gate.

    Raises:
        InputError: If the gate is not of that form.
    """
    zero, half, whole, other = (
        _transfer_matrix(type(gate)(angle)) for angle in (0.0, np.pi / 2, np.pi, 1.0)
    )
    constant, cosine = (zero + whole) / 2, (zero - whole) / 2
    sine = half - constant
    if not np.allclose(constant + cosine * np.cos(1.0) + sine * np.sin(1.0), other, atol=1e-12):
        raise InputError(f"parametrized gate {gate.name!r} is not a rotation")
    return constant, cosine, sine


def _transfer_matrix(channel: Any) -> NDArray[np.float64]:
    return np.asarray(PTM(SuperOp(channel)).data.real, dtype=float)
