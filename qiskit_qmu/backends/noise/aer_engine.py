"""Qiskit Aer as the engine of a LocalSampler, and exact noise where it is faster than Aer's."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit, Reset
from qiskit_aer import AerSimulator

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.noise.density_plan import DensityPlan
from qiskit_qmu.backends.noise.tables import NoiseTables
from qiskit_qmu.backends.readout.readout_errors import on_one_bit
from qiskit_qmu.simulator.compile.content import circuit_content

LARGEST_DENSITY_MATRIX = 12
"""Qubits up to which noise is simulated exactly: 4^12 coefficients are 134 MB."""
LARGEST_STATE = 24
EXACT_METHODS = ("statevector", "density_matrix", "matrix_product_state")


@final
class AerEngine:
    """Runs circuits on Aer, or noisy ones as batched density matrices.

    Args:
        method: Aer's simulation method. "automatic" uses the statevector without noise; with noise,
            exact density matrices up to 12 qubits (this package's batched ones, several times as
            fast as Aer's) and Aer's trajectories beyond.
        noise_model: Noise on the qubits of the transpiled circuits; None for no noise.
        options: Further options of the AerSimulator.
    """

    def __init__(
        self,
        method: str = "automatic",
        noise_model: Any | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        ideal = noise_model is None or noise_model.is_ideal()
        self._method = method
        self._noise_model = None if ideal else noise_model
        self._noise = NoiseTables(self._noise_model)
        self._options = options or {}
        self._plan: tuple[object, DensityPlan | None] | None = None

    def probabilities(
        self, circuit: QuantumCircuit, angles: NDArray[np.float64], *, single: bool = False
    ) -> NDArray[np.float64] | None:
        """Return the probabilities (B, 2^n) of reading each basis state."""
        noisy = self._noise_model is not None
        automatic = self._method == "automatic"
        mixed = noisy or any(isinstance(each.operation, Reset) for each in circuit.data)
        if mixed and self._method not in {"automatic", "density_matrix"}:
            return None
        largest = LARGEST_DENSITY_MATRIX if mixed else LARGEST_STATE
        if circuit.num_qubits > largest or not (automatic or self._method in EXACT_METHODS):
            return None
        circuit = self._noise.before_measurement(circuit)
        plan = self._planned(circuit) if noisy and automatic else None
        if plan is not None:
            values = plan.probabilities(angles, single=single)
        else:
            values = self._saved(circuit, angles, mixed=mixed)
        return self._misread(values, circuit.num_qubits)

    def counts(
        self, circuit: QuantumCircuit, angles: NDArray[np.float64], shots: int, seed: int
    ) -> list[dict[str, int]]:
        """Return outcomes sampled by Aer."""
        result = self._run(circuit, angles, shots=shots, seed_simulator=seed)
        return [result.get_counts(row) for row in range(len(angles))]

    def _planned(self, circuit: QuantumCircuit) -> DensityPlan | None:
        """Return the plan of a circuit; None for one that only Aer can simulate."""
        key = circuit_content(circuit)
        known = self._plan  # read once: jobs that run in other threads may replace it meanwhile
        if known is None or known[0] != key:
            known = (key, self._new_plan(circuit))
            self._plan = known
        return known[1]

    def _new_plan(self, circuit: QuantumCircuit) -> DensityPlan | None:
        if not self._noise.in_tables:
            return None
        try:
            return DensityPlan(circuit, self._noise)
        except InputError:
            return None

    def _saved(
        self, circuit: QuantumCircuit, angles: NDArray[np.float64], *, mixed: bool
    ) -> NDArray[np.float64]:
        saved = circuit.copy()
        saved.save_probabilities()
        result = self._run(saved, angles, mixed=mixed)
        return np.array([result.data(row)["probabilities"] for row in range(len(angles))])

    def _run(
        self,
        circuit: QuantumCircuit,
        angles: NDArray[np.float64],
        *,
        mixed: bool = False,
        **options: Any,
    ) -> Any:
        method = self._method
        if method == "automatic":
            method = "density_matrix" if mixed else "statevector"
        simulator = AerSimulator(
            method=method,
            noise_model=self._noise_model,
            # Binding values in C++ takes two thirds of the time.
            runtime_parameter_bind_enable=bool(circuit.parameters),
            **self._options,
            **options,
        )
        binds = [{p: angles[:, i].tolist() for i, p in enumerate(circuit.parameters)}]
        circuits = [circuit] if circuit.parameters else [circuit] * len(angles)
        job = simulator.run(circuits, parameter_binds=binds if circuit.parameters else None)
        result = job.result()
        if not result.success:
            raise InputError(f"Aer cannot simulate the circuit: {result.status}")
        return result

    def _misread(self, values: NDArray[np.float64], num_qubits: int) -> NDArray[np.float64]:
        """Apply the readout errors of all qubits."""
        for qubit in range(num_qubits):
            confusion = self._noise.readout(qubit)
            if confusion is not None:
                values = on_one_bit(values, qubit, confusion)
        return values
