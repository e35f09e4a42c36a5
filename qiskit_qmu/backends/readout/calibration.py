"""Readout error rates of measured qubits, calibrated once for each set of qubits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import ClassicalRegister, QuantumCircuit

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.readout.moments import moments
from qiskit_qmu.backends.readout.outcomes import Outcomes
from qiskit_qmu.backends.readout.readout_errors import ReadoutErrors
from qiskit_qmu.backends.transpilation.compact_circuit import CompactCircuit

FEWEST_SHOTS = 4096
"""Fewest shots of a calibration circuit, to keep its error small."""

_PATTERNS = ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))
"""State that each third of the qubits is prepared in.

Every qubit is 0 in two of the circuits and 1 in two. Two qubits of different thirds take all four
combinations, so readout crosstalk between them is averaged.
"""
CALIBRATION_CIRCUITS = len(_PATTERNS)
"""Circuits of one calibration."""

_SMALLEST_CONTRAST = 0.1


@final
class ReadoutCalibration:
    """Measures how often each qubit is misread, and remembers it.

    Qubits are prepared by X gates; an error of such a gate counts as a readout error. Drift of the
    device is ignored: rates stay as first measured.

    Args:
        run: Measures circuits that are already on the device's qubits.
        shots: Shots of each calibration circuit; None for exact probabilities.
    """

    def __init__(
        self, run: Callable[[Sequence[QuantumCircuit]], list[Outcomes]], shots: int | None
    ) -> None:
        self._run = run
        self._shots = shots
        self._known: dict[tuple[int, ...], ReadoutErrors] = {}

    def errors(self, circuit: QuantumCircuit) -> dict[str, ReadoutErrors]:
        """Return the errors of each classical register of a device's circuit.

        Runs calibration circuits if the circuit's set of measured qubits was not calibrated yet.

        Raises:
            InputError: If a qubit is measured before its last gate, or its readout can hardly
                distinguish 0 from 1.
        """
        registers = _read_qubits(circuit)
        qubits = _all_of(registers)
        if qubits not in self._known:
            self._known[qubits] = self._calibrated(circuit.num_qubits, qubits)
        rates = self._known[qubits]
        return {
            name: ReadoutErrors(
                _of_bits(rates.prob_meas1_prep0, qubits, bits),
                _of_bits(rates.prob_meas0_prep1, qubits, bits),
                rates.shots,
                tuple(bits),
                qubits,
            )
            for name, bits in registers.items()
        }

    def is_known(self, circuit: QuantumCircuit) -> bool:
        """Return whether `errors` of a circuit needs no further calibration."""
        return _all_of(_read_qubits(circuit)) in self._known

    def missing(self, circuits: Iterable[QuantumCircuit]) -> int:
        """Return how many sets of qubits must still be calibrated for a device's circuits."""
        return len({_all_of(_read_qubits(circuit)) for circuit in circuits} - self._known.keys())

    @contextmanager
    def provisional(self) -> Iterator[None]:
        """Discard calibrations made inside the block: they will be requested again."""
        known = self._known.copy()
        try:
            yield
        finally:
            self._known = known

    def to_list(self) -> list[dict[str, Any]]:
        """Return all calibrations as JSON values, in the order in which they were made."""
        return [
            {
                "qubits": list(qubits),
                "prob_meas1_prep0": rates.prob_meas1_prep0.tolist(),
                "prob_meas0_prep1": rates.prob_meas0_prep1.tolist(),
                "circuits": CALIBRATION_CIRCUITS,
                "shots": self._shots,
            }
            for qubits, rates in self._known.items()
        ]

    def _calibrated(self, num_qubits: int, qubits: tuple[int, ...]) -> ReadoutErrors:
        # Neighbours on a device mostly have consecutive numbers, so they are in different thirds.
        prepared = np.array([[pattern[i % 3] for i in range(len(qubits))] for pattern in _PATTERNS])
        circuits = [_preparing(pattern, num_qubits, qubits) for pattern in prepared]
        each_bit = [[(1 << bit, 1.0)] for bit in range(len(qubits))]
        signs = np.array(
            [moments(outcomes["meas"], each_bit).means[:, 0] for outcomes in self._run(circuits)]
        )
        wrong = (1 - signs * (1 - 2 * prepared)) / 2
        rates = [np.mean(wrong, axis=0, where=prepared == value) for value in (0, 1)]
        shots = None if self._shots is None else self._shots * len(_PATTERNS) // 2
        errors = ReadoutErrors(rates[0], rates[1], shots, qubits, qubits)
        for qubit, contrast in zip(qubits, errors.contrast, strict=True):
            if contrast < _SMALLEST_CONTRAST:
                raise InputError(
                    f"readout of qubit {qubit} is too noisy to mitigate: its two error rates sum "
                    f"to {1 - contrast:.3g}; at most {1 - _SMALLEST_CONTRAST:g} can be corrected"
                )
        return errors


def calibration_shots(shots: int | None, max_executions_per_job: int | None) -> int | None:
    """Return the shots of each calibration circuit; None for exact probabilities.

    Args:
        shots: Shots of the circuits whose results are corrected.
        max_executions_per_job: Limit per job.
    """
    if shots is None:
        return None
    enough = max(shots, FEWEST_SHOTS)
    return enough if max_executions_per_job is None else min(enough, max_executions_per_job)


def _read_qubits(circuit: QuantumCircuit) -> dict[str, list[int | None]]:
    """Return, by classical register, the qubit that each bit is read from (None if unused)."""
    compact = CompactCircuit.of(circuit, keep_all=True)
    if compact.unmeasured is None:
        raise InputError("readout mitigation requires all measurements at the end of a circuit")
    return compact.registers


def _all_of(registers: dict[str, list[int | None]]) -> tuple[int, ...]:
    return tuple(sorted({q for bits in registers.values() for q in bits if q is not None}))


def _of_bits(
    rates: NDArray[np.float64], qubits: tuple[int, ...], bits: list[int | None]
) -> NDArray[np.float64]:
    """Return the rates of a register's bits; unused bits have no errors."""
    return np.array([0.0 if qubit is None else rates[qubits.index(qubit)] for qubit in bits])


def _preparing(
    pattern: NDArray[np.int64], num_qubits: int, qubits: tuple[int, ...]
) -> QuantumCircuit:
    """Return a circuit that prepares a basis state of some qubits and measures them in order."""
    circuit = QuantumCircuit(num_qubits)
    circuit.add_register(ClassicalRegister(len(qubits), "meas"))
    for qubit, value in zip(qubits, pattern, strict=True):
        if value:
            circuit.x(qubit)
    circuit.barrier(qubits)
    circuit.measure(qubits, range(len(qubits)))
    return circuit
