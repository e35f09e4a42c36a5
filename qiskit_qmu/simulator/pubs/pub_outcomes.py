"""Outcomes of all PUBs of one circuit, from one simulation of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.primitives import BitArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu.simulator.engine.cache import SimulationCache
from qiskit_qmu.simulator.pubs.circuit_groups import CircuitGroup, states_of_rows
from qiskit_qmu.simulator.readout.observables import basis_probabilities
from qiskit_qmu.simulator.readout.outcome_probabilities import OutcomeProbabilities
from qiskit_qmu.simulator.readout.registers import register_bytes, register_qubits, register_values
from qiskit_qmu.simulator.shots.draws import draw_outcomes, outcome_weights

RegisterFields = dict[str, BitArray | OutcomeProbabilities]
"""Outcomes of each classical register."""

_SHOTS_AT_ONCE = 2**21


def sample_group(
    group: CircuitGroup,
    pubs: Sequence[SamplerPub],
    cache: SimulationCache,
    generator: np.random.Generator,
) -> dict[int, RegisterFields]:
    """Measure the circuit of a group with the shots that each PUB requests.

    Args:
        group: PUBs of one circuit, by their positions.
        pubs: All PUBs; those without shots get probabilities.
        cache: Simulates the circuit.
        generator: Source of the shots.

    Returns:
        For each PUB of the group, by its position, its classical registers.
    """
    registers = register_qubits(group.active.circuit)
    measured = sorted({q for qubits in registers.values() for q in qubits if q is not None})
    members: dict[int | None, dict[int, NDArray[np.int64]]] = {}
    for position, rows in group.members.items():
        members.setdefault(pubs[position].shots, {})[position] = rows
    readings = [
        _OutcomeCollector(shots, alike, len(measured), generator)
        for shots, alike in members.items()
    ]
    chunks = cache.state_chunks(group.active.circuit, group.rows) if len(group.rows) else ()
    for chunk, states in chunks:
        for reading in readings:
            for chosen, own_states in states_of_rows(reading.rows, chunk, states):
                reading.add(chosen, _joint_weights(own_states, measured))
                del own_states
        del states  # before the next chunk is computed
    sources = {
        name: [None if qubit is None else measured.index(qubit) for qubit in qubits]
        for name, qubits in registers.items()
    }
    return {
        position: _fields(result, sources, len(measured), pubs[position])
        for reading in readings
        for position, result in reading.results().items()
    }


class _OutcomeCollector:
    """Collects the shots, or the probabilities, of all PUBs with one number of shots.

    Args:
        shots: The number of shots; None for probabilities.
        members: The rows of each PUB.
        num_bits: Bits of an outcome.
        generator: Source of the shots.
    """

    def __init__(
        self,
        shots: int | None,
        members: dict[int, NDArray[np.int64]],
        num_bits: int,
        generator: np.random.Generator,
    ) -> None:
        self.rows = np.concatenate(list(members.values()))
        self._members = members
        self._shots = shots
        # Separate streams, used row by row, so that results do not depend on the chunk size.
        self._streams = generator.spawn(2)
        if shots is None:
            self._all = np.empty((len(self.rows), 2**num_bits))
        else:
            kind = np.min_scalar_type(2**num_bits - 1)
            self._all = np.empty((len(self.rows), shots), dtype=kind)

    def add(self, chosen: NDArray[np.int64], weights: NDArray[np.float64]) -> None:
        """Add the probabilities (k, 2^m) of some of the rows."""
        if self._shots is None:
            self._all[chosen] = weights
            return
        at_once = max(1, _SHOTS_AT_ONCE // self._shots)
        for first in range(0, len(chosen), at_once):
            piece = slice(first, first + at_once)
            self._all[chosen[piece]] = draw_outcomes(weights[piece], self._shots, *self._streams)

    def results(self) -> dict[int, NDArray[Any]]:
        """Return the probabilities or shots of each PUB."""
        ends = np.cumsum([len(rows) for rows in self._members.values()])[:-1]
        return dict(zip(self._members, np.split(self._all, ends), strict=True))


def _joint_weights(states: torch.Tensor, measured: list[int]) -> NDArray[np.float64]:
    """Return the joint outcome probabilities (B, 2^m) of m qubits, in ascending order."""
    if 2 ** len(measured) == len(states):
        return outcome_weights(states)
    values = register_values(np.arange(len(states)), measured).astype(np.int64)
    weights = basis_probabilities(states).double()
    sums = weights.new_zeros(2 ** len(measured), weights.shape[1])
    sums = sums.index_add(0, torch.as_tensor(values, device=sums.device), weights)
    return np.ascontiguousarray(sums.T.cpu().numpy())


def _fields(
    result: NDArray[Any],
    sources: dict[str, list[int | None]],
    num_bits: int,
    pub: SamplerPub,
) -> RegisterFields:
    """Return the outcomes of each register from joint probabilities, or shots, of all bits."""
    joint = result.reshape(*pub.shape, result.shape[-1])
    fields: RegisterFields = {}
    for name, source in sources.items():
        if pub.shots is None:
            fields[name] = OutcomeProbabilities(joint, len(source), source)
        else:
            fields[name] = BitArray(register_bytes(num_bits, source)[joint], len(source))
    return fields
