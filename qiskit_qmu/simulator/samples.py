"""Outcomes of all PUBs of one circuit, from one simulation of it."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.primitives import BitArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu.simulator.cache import SimulationCache
from qiskit_qmu.simulator.draws import draw_outcomes
from qiskit_qmu.simulator.observables import probabilities
from qiskit_qmu.simulator.outcome_probabilities import OutcomeProbabilities
from qiskit_qmu.simulator.pubs import CircuitGroup, states_of
from qiskit_qmu.simulator.registers import register_bytes, register_qubits, register_values
from qiskit_qmu.simulator.shots import outcome_weights

Fields = dict[str, BitArray | OutcomeProbabilities]
"""What each classical register read."""

_SHOTS_AT_ONCE = 2**21


def sample(
    group: CircuitGroup,
    pubs: Sequence[SamplerPub],
    cache: SimulationCache,
    generator: np.random.Generator,
) -> dict[int, Fields]:
    """Measure the circuit of a group as often as each PUB asks for.

    Args:
        group: PUBs of one circuit, by their positions.
        pubs: All PUBs; those without shots get probabilities.
        cache: What simulates the circuit.
        generator: Source of the shots.

    Returns:
        For each PUB of the group, by its position, its classical registers.
    """
    registers = register_qubits(group.active.circuit)
    measured = sorted({q for qubits in registers.values() for q in qubits if q is not None})
    positions: dict[int | None, list[int]] = {}
    for position in group.members:
        positions.setdefault(pubs[position].shots, []).append(position)
    rows = {
        shots: np.concatenate([group.members[position] for position in alike])
        for shots, alike in positions.items()
    }
    # Streams of their own, used row by row, so that the size of the chunks does not matter.
    streams = {shots: generator.spawn(2) for shots in rows}
    results = {shots: _room(len(wanted), shots, len(measured)) for shots, wanted in rows.items()}
    chunks = cache.state_chunks(group.active.circuit, group.rows) if len(group.rows) else ()
    for chunk, states in chunks:
        for shots, wanted in rows.items():
            for chosen, own_states in states_of(wanted, chunk, states):
                weights = _joint_weights(own_states, measured)
                results[shots][chosen] = (
                    weights if shots is None else _draw(weights, shots, *streams[shots])
                )
    sources = {
        name: [None if qubit is None else measured.index(qubit) for qubit in qubits]
        for name, qubits in registers.items()
    }
    fields: dict[int, Fields] = {}
    for shots, alike in positions.items():
        ends = np.cumsum([len(group.members[position]) for position in alike])[:-1]
        read = _probabilities if shots is None else _bit_arrays
        for position, result in zip(alike, np.split(results[shots], ends), strict=True):
            fields[position] = read(result, sources, len(measured), pubs[position].shape)
    return fields


def _room(rows: int, shots: int | None, num_bits: int) -> NDArray[np.generic]:
    """Return an array for the probabilities of some rows, or for their shots."""
    if shots is None:
        return np.empty((rows, 2**num_bits))
    return np.empty((rows, shots), dtype=np.min_scalar_type(2**num_bits - 1))


def _joint_weights(states: torch.Tensor, measured: list[int]) -> NDArray[np.float64]:
    """Return the probabilities (B, 2^m) of what m qubits read together, in ascending order."""
    if 2 ** len(measured) == len(states):
        return outcome_weights(states)
    values = register_values(np.arange(len(states)), measured).astype(np.int64)
    weights = probabilities(states).double()
    sums = weights.new_zeros(2 ** len(measured), weights.shape[1])
    sums = sums.index_add(0, torch.as_tensor(values, device=sums.device), weights)
    return np.ascontiguousarray(sums.T.cpu().numpy())


def _draw(
    weights: NDArray[np.float64],
    shots: int,
    generator: np.random.Generator,
    order: np.random.Generator,
) -> NDArray[np.int64]:
    at_once = max(1, _SHOTS_AT_ONCE // shots)
    pieces = [
        draw_outcomes(weights[first : first + at_once], shots, generator, order)
        for first in range(0, len(weights), at_once)
    ]
    return np.concatenate(pieces)


def _probabilities(
    weights: NDArray[np.float64],
    sources: dict[str, list[int | None]],
    num_bits: int,
    shape: tuple[int, ...],
) -> Fields:
    joint = weights.reshape(*shape, 2**num_bits)
    return {
        name: OutcomeProbabilities(joint, len(source), source) for name, source in sources.items()
    }


def _bit_arrays(
    outcomes: NDArray[np.int64],
    sources: dict[str, list[int | None]],
    num_bits: int,
    shape: tuple[int, ...],
) -> Fields:
    fields: Fields = {}
    for name, source in sources.items():
        packed = register_bytes(num_bits, source)[outcomes]
        fields[name] = BitArray(packed.reshape(*shape, *packed.shape[1:]), len(source))
    return fields
