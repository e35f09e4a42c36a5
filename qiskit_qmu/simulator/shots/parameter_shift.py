"""Jacobians from shots by the parameter-shift rule.

Every angle is shifted by ±π/2 (Schuld et al., Evaluating analytic gradients on quantum hardware,
https://arxiv.org/abs/1811.11184), and each shifted circuit is measured with the requested shots.
Only the derivatives of states are simulated: as an angle a enters as exp(-i a P / 2) with P² = 1,
the derivative D of a state ψ also gives the state at both shifted angles,
ψ(a ± π/2) = (ψ ± 2 D) / √2.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from qiskit_qmu.simulator.compile.active_qubits import active_qubits
from qiskit_qmu.simulator.engine.cache import SimulationCache
from qiskit_qmu.simulator.readout.jacobians import jacobian_by_angles
from qiskit_qmu.simulator.readout.registers import merge_outcomes, outcome_of_states
from qiskit_qmu.simulator.shots.draws import outcome_counts
from qiskit_qmu.simulator.shots.measured_circuit import MeasuredCircuit
from qiskit_qmu.simulator.shots.sampled_pauli_sums import sampled_expectations


def sampled_expectation_jacobian(
    cache: SimulationCache,
    measured: MeasuredCircuit,
    rows: NDArray[np.float64],
    wanted: Sequence[int],
    shots: int,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Estimate `expectation_jacobian` from shots; commuting observables of a circuit share them.

    Args:
        cache: Cache of compiled circuits.
        measured: The circuit with O observables.
        rows: Parameter values (B, P), in the circuit's order.
        wanted: Columns of the requested parameters; the others stay zero.
        shots: Measurements of each circuit in each basis.
        generator: Source of the shots.
    """

    def slopes(states: torch.Tensor, derivatives: torch.Tensor) -> torch.Tensor:
        both = _shifted_columns(states, derivatives)
        means, _ = sampled_expectations(measured.terms, both, shots, generator)
        return _difference(torch.as_tensor(means), len(derivatives))

    return jacobian_by_angles(
        cache,
        measured.active.circuit,
        rows,
        measured.num_observables,
        wanted,
        slopes,
        by_shifts=True,
        content=measured.content,
    )


def sampled_outcome_jacobian(
    cache: SimulationCache,
    circuit: QuantumCircuit,
    rows: NDArray[np.float64],
    wanted: Sequence[int],
    shots: int,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Estimate `outcome_jacobian` from shots.

    Args:
        cache: Cache of compiled circuits.
        circuit: The circuit.
        rows: Parameter values (B, P), in the circuit's order.
        wanted: Columns of the requested parameters; the others stay zero.
        shots: Measurements of each circuit.
        generator: Source of the shots.
    """
    outcomes, count = outcome_of_states(circuit)
    circuit = active_qubits(circuit).circuit

    def slopes(states: torch.Tensor, derivatives: torch.Tensor) -> torch.Tensor:
        both = _shifted_columns(states, derivatives)
        frequencies = outcome_counts(both, shots, generator).T / shots
        merged = merge_outcomes(torch.as_tensor(frequencies), torch.as_tensor(outcomes), count)
        return _difference(merged, len(derivatives))

    return jacobian_by_angles(cache, circuit, rows, count, wanted, slopes, by_shifts=True)


def shifted_states(
    states: torch.Tensor, derivative: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the states at angles that are π/2 larger and smaller, each (K, 2^n, B).

    Args:
        states: States (2^n, B).
        derivative: Their derivatives (K, 2^n, B).
    """
    half = states / 2**0.5
    step = derivative * 2**0.5
    return half + step, half - step


def _shifted_columns(states: torch.Tensor, derivatives: torch.Tensor) -> torch.Tensor:
    """Return the states (2^n, 2 K B) at angles shifted up, then down."""
    return torch.cat(shifted_states(states, derivatives)).movedim(1, 0).flatten(1)


def _difference(values: torch.Tensor, num_angles: int) -> torch.Tensor:
    """Return half the difference (O, K, B) of values (O, 2 K B) shifted up and down."""
    up, down = values.view(len(values), 2, num_angles, -1).unbind(1)
    return (up - down) / 2
