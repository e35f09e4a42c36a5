"""Outputs of a whole batch of rows from shots, and the counts that they are computed from."""

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from qiskit_qmu.simulator.compile.active_qubits import ActiveCircuit, active_qubits
from qiskit_qmu.simulator.engine.cache import SimulationCache
from qiskit_qmu.simulator.readout.registers import (
    merge_outcomes,
    outcome_of_states,
    register_values,
)
from qiskit_qmu.simulator.shots.draws import outcome_counts
from qiskit_qmu.simulator.shots.measured_circuit import MeasuredCircuit
from qiskit_qmu.simulator.shots.sampled_pauli_sums import SampledPauliSums

LARGEST_REGISTER = 16
"""Largest register, in bits, whose counts are kept as a table."""

Counts = NDArray[np.int64]
"""How often each outcome was measured in each row, (B, 2^bits)."""


def expectations_with_counts(
    cache: SimulationCache,
    measured: MeasuredCircuit,
    rows: NDArray[np.float64],
    shots: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float64], Counts | None]:
    """Estimate observables; qubit-wise commuting ones share their shots.

    Args:
        cache: Cache of compiled circuits.
        measured: The circuit with O observables.
        rows: Parameter values (B, P), in the circuit's order.
        shots: Measurements of each row in each basis.
        generator: Source of the shots.

    Returns:
        Estimates (B, O), and the counts (B, 2^qubits) that they are computed from; None instead of
        counts unless exactly one basis was measured, on at most 16 qubits.
    """
    active = measured.active
    kept: list[Counts] = []
    small = len(active.wires) <= LARGEST_REGISTER
    readout = SampledPauliSums(measured.terms, shots, generator, kept=kept if small else None)
    chunks = cache.state_chunks(active.circuit, rows, measured.content)
    values = [readout(states)[0] for _, states in chunks]
    counts = _on_all_qubits(np.concatenate(kept), active) if kept else None
    return np.concatenate(values, axis=1).T, counts


def register_counts(
    cache: SimulationCache,
    circuit: QuantumCircuit,
    rows: NDArray[np.float64],
    shots: int,
    generator: np.random.Generator,
) -> Counts:
    """Measure a circuit with one classical register.

    Args:
        cache: Cache of compiled circuits.
        circuit: The circuit to measure.
        rows: Parameter values (B, P), in the circuit's order.
        shots: Measurements of each row.
        generator: Source of the shots.

    Returns:
        The counts (B, 2^bits) of the register's values.
    """
    outcomes, count = outcome_of_states(circuit)
    chunks = cache.state_chunks(active_qubits(circuit).circuit, rows)
    tables = [outcome_counts(states, shots, generator) for _, states in chunks]
    by_state = torch.as_tensor(np.concatenate(tables).T)
    return np.ascontiguousarray(
        merge_outcomes(by_state, torch.as_tensor(outcomes), count).T.numpy()
    )


def _on_all_qubits(counts: Counts, active: ActiveCircuit) -> Counts:
    """Return counts of the active qubits as counts (B, 2^n) of all; an idle qubit reads 0."""
    outcomes = register_values(np.arange(counts.shape[1]), active.wires).astype(np.int64)
    by_state, of_states = torch.as_tensor(counts.T), torch.as_tensor(outcomes)
    merged = merge_outcomes(by_state, of_states, 2 ** len(active.wires))
    return np.ascontiguousarray(merged.T.numpy())
