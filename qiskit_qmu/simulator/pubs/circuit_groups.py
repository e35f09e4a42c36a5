"""PUBs grouped by circuit, so that each circuit is simulated once for all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.exceptions import QiskitError
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.compile.active_qubits import ActiveCircuit, active_qubits
from qiskit_qmu.simulator.engine.cache import SharedColumns, SimulationCache


class PubError(QiskitError, InputError):
    """A PUB that cannot be run: an error of this package and of Qiskit."""

    def __str__(self) -> str:
        return str(self.message)  # (Qiskit's __str__ adds quotes)


@final
@dataclass(frozen=True, kw_only=True)
class CircuitGroup:
    """PUBs that are simulated together.

    Attributes:
        active: Their circuit, without idle qubits.
        rows: Parameter values (R, P); those that PUBs have in common appear once.
        members: For each PUB, by its position, the rows of its bindings, flattened.
    """

    active: ActiveCircuit
    rows: NDArray[np.float64]
    members: dict[int, NDArray[np.int64]]


def group_pubs(
    pubs: Sequence[EstimatorPub] | Sequence[SamplerPub], cache: SimulationCache
) -> list[CircuitGroup]:
    """Group PUBs of the same circuit object, and compile the circuits.

    PUBs with the same bindings share one simulation, and so do all PUBs with a single binding.
    Several bindings of one PUB usually share the weights, so they are faster on their own.

    Args:
        pubs: Validated PUBs.
        cache: Cache of compiled circuits.

    Returns:
        The groups; later changes to a circuit do not affect them.

    Raises:
        PubError: If a circuit cannot be simulated or a parameter value is not finite.
    """
    circuits: dict[int, ActiveCircuit] = {}
    stacks: dict[tuple[int, int, bytes], _Stack] = {}
    for position, pub in enumerate(pubs):
        name, bindings = id(pub.circuit), pub.parameter_values
        if name not in circuits:
            circuits[name] = active_qubits(pub.circuit.copy())
        values = bindings.as_array(circuits[name].circuit.parameters)
        values = values.reshape(bindings.size, bindings.num_parameters)
        content = values.tobytes()
        key = (name, len(values), b"" if len(values) == 1 else content)
        stacks.setdefault(key, _Stack(circuits[name])).add(position, values, content)
    groups = [stack.group() for stack in stacks.values()]
    for group in groups:
        _compile(group, cache)
    return groups


def states_of_rows(
    rows: NDArray[np.int64], chunk: slice, states: torch.Tensor
) -> Iterator[tuple[NDArray[np.int64], torch.Tensor]]:
    """Yield the states of requested rows that a chunk contains.

    Args:
        rows: Requested rows (k,), in any order, possibly repeated.
        chunk: Rows that the chunk contains.
        states: Their states (2^n, rows of the chunk).

    Yields:
        Positions in ``rows``, and the states (2^n, positions), at most as many as the chunk has.
        The order of rows does not depend on the size of the chunks.
    """
    width = states.shape[1]
    inside = np.flatnonzero((rows >= chunk.start) & (rows < chunk.stop))
    inside = inside[np.argsort(rows[inside], kind="stable")]
    for first in range(0, len(inside), max(1, width)):
        positions = inside[first : first + width]
        columns = rows[positions] - chunk.start
        if np.array_equal(columns, np.arange(width)):
            yield positions, states
        else:
            yield positions, states[:, torch.as_tensor(columns, device=states.device)]


class _Stack:
    def __init__(self, active: ActiveCircuit) -> None:
        self._active = active
        self._blocks: list[NDArray[np.float64]] = []
        self._known: dict[bytes, NDArray[np.int64]] = {}
        self._members: dict[int, NDArray[np.int64]] = {}
        self._count = 0

    def add(self, position: int, values: NDArray[np.float64], content: bytes) -> None:
        if content not in self._known:
            self._known[content] = np.arange(self._count, self._count + len(values))
            self._count += len(values)
            self._blocks.append(values)
        self._members[position] = self._known[content]

    def group(self) -> CircuitGroup:
        rows = np.concatenate(self._blocks)
        return CircuitGroup(active=self._active, rows=rows, members=self._members)


def _compile(group: CircuitGroup, cache: SimulationCache) -> None:
    try:
        columns = SharedColumns(group.active.circuit, group.rows)
        cache.simulation(
            group.active.circuit, columns.batched_parameters, columns.shared_parameters
        )
    except InputError as error:
        raise PubError(str(error)) from error
