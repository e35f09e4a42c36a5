"""Exact derivatives of a whole batch of readouts by all parameters of a circuit.

Expectation values are differentiated backwards by the adjoint method, outcome probabilities
forwards by tangents.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.compile.active_qubits import active_qubits
from qiskit_qmu.simulator.compile.content import Content
from qiskit_qmu.simulator.engine.cache import SharedColumns, SimulationCache
from qiskit_qmu.simulator.memory import STATES_WITH_GRADIENT
from qiskit_qmu.simulator.readout.observables import PauliSums
from qiskit_qmu.simulator.readout.registers import merge_outcomes, outcome_of_states

_LARGEST_BACKWARD_BATCH = 8192
# Bytes of derivatives processed at once: a few megabytes are faster than all rows together.
_LARGEST_SWEEP = 2**23

AngleSlopes = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Maps states (2^n, B) and derivatives (K, 2^n, B) to derivatives (O, K, B) of a readout."""


def expectation_jacobian(
    cache: SimulationCache,
    circuit: QuantumCircuit,
    rows: NDArray[np.float64],
    observables: Sequence[SparsePauliOp],
) -> NDArray[np.float64]:
    """Return the derivatives (B, O, P) of expectation values by all circuit parameters.

    Args:
        cache: Cache of compiled circuits.
        circuit: The circuit.
        rows: Parameter values (B, P), in the circuit's order.
        observables: O observables.
    """
    active = active_qubits(circuit)
    split = SharedColumns(active.circuit, rows)
    simulation = cache.simulation(active.circuit, split.batched_parameters, split.shared_parameters)
    sums = PauliSums(list(map(active.restrict, observables)), cache.dtype, cache.device)

    def outputs(batched: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        return sums(simulation(batched.unsqueeze(0), shared))[:, 0]

    at_once = min(_LARGEST_BACKWARD_BATCH, simulation.rows_at_once(STATES_WITH_GRADIENT))
    rows_at_once = min(at_once, max(1, len(rows)))
    derivative = torch.func.jacrev(
        outputs, argnums=(0, 1), chunk_size=max(1, at_once // rows_at_once)
    )
    jacobian = np.zeros((len(rows), len(observables), rows.shape[1]))
    for start in range(0, len(rows), rows_at_once):
        chunk = slice(start, start + rows_at_once)
        by_value = torch.func.vmap(derivative, in_dims=(0, None))(
            split.batched[chunk], split.shared
        )
        jacobian[chunk][:, :, split.order] = torch.cat(by_value, dim=2).detach().cpu().numpy()
    return jacobian


def outcome_jacobian(
    cache: SimulationCache,
    circuit: QuantumCircuit,
    rows: NDArray[np.float64],
    wanted: Sequence[int],
) -> NDArray[np.float64]:
    """Return the derivatives (B, O, P) of outcome probabilities by circuit parameters.

    Args:
        cache: Cache of compiled circuits.
        circuit: The circuit.
        rows: Parameter values (B, P), in the circuit's order.
        wanted: Columns of the requested parameters; the others stay zero.
    """
    indices, count = outcome_of_states(circuit)
    outcomes = torch.as_tensor(indices, device=cache.device)
    circuit = active_qubits(circuit).circuit

    def slopes(states: torch.Tensor, derivatives: torch.Tensor) -> torch.Tensor:
        by_state = 2 * (states.conj() * derivatives).real
        return merge_outcomes(by_state.movedim(1, 0), outcomes, count)

    return jacobian_by_angles(cache, circuit, rows, count, wanted, slopes, by_shifts=False)


def jacobian_by_angles(
    cache: SimulationCache,
    circuit: QuantumCircuit,
    rows: NDArray[np.float64],
    num_outputs: int,
    wanted: Sequence[int],
    slopes: AngleSlopes,
    *,
    by_shifts: bool,
    content: Content | None = None,
) -> NDArray[np.float64]:
    """Apply the chain rule to a readout's derivatives by the angles."""
    split = SharedColumns(circuit, rows)
    simulation = cache.simulation(
        circuit, split.batched_parameters, split.shared_parameters, content
    )
    amplitudes = simulation.program.amplitude_angles if by_shifts else set()
    jacobian = np.zeros((len(rows), num_outputs, rows.shape[1]))
    places = np.flatnonzero(np.isin(split.order, wanted))
    columns = split.order[places]
    states_at_once = simulation.rows_at_once(STATES_WITH_GRADIENT)
    in_cache = min(states_at_once, _LARGEST_SWEEP // simulation.state_bytes)
    rows_at_once = max(1, in_cache // max(1, simulation.program.num_angles))
    for start in range(0, len(rows), rows_at_once) if len(columns) else ():
        chunk = slice(start, start + rows_at_once)
        batched = split.batched[chunk]
        by_values = simulation.angle_slopes(batched, split.shared)[:, :, places].double()
        used = by_values.abs().amax((0, 2)).nonzero()[:, 0]
        if not amplitudes.isdisjoint(used.tolist()):
            raise InputError(
                "there is no parameter-shift rule for amplitudes of a raw feature vector; use an "
                "exact primitive (shots=None) for their gradients"
            )
        for angles in used.split(states_at_once) if len(used) else ():
            states = simulation.derivatives(batched, split.shared, angles.tolist())
            by_angle = slopes(*states).double()
            chained = torch.einsum("okb,bkp->bop", by_angle, by_values[:, angles])
            jacobian[chunk][:, :, columns] += chained.cpu().numpy()
    return jacobian
