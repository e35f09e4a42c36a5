"""Records the counts that outputs are computed from while a model is observed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BitArray
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu.backends.primitives.broadcast_sampler import BroadcastSampler
from qiskit_qmu.backends.primitives.grouped_estimator import GroupedEstimator
from qiskit_qmu.backends.readout.outcomes import Outcomes, counts
from qiskit_qmu.simulator import TorchSimulatorConnector
from qiskit_qmu.simulator.shots.sampled_counts import LARGEST_REGISTER


class RecordedCounts:
    """Outcomes measured so far: registers of shots, or tables of counts."""

    def __init__(self, parts: Sequence[Outcomes | NDArray[np.int64]]) -> None:
        self._parts = parts

    def table(self, rows: int) -> NDArray[np.int64] | None:
        """Return how often each outcome was measured, (rows, 2^bits).

        None unless there is exactly one register of counts per row: with exact values, several
        measurement bases, or too many bits.
        """
        tables = [table for part in self._parts for table in _tables(part)]
        if len({table.shape[1] for table in tables}) != 1 or sum(map(len, tables)) != rows:
            return None
        return np.concatenate(tables)


def _tables(part: Outcomes | NDArray[np.int64]) -> list[NDArray[np.int64]]:
    if isinstance(part, np.ndarray):
        return [part]
    return [
        counts(register)
        for register in part.values()
        if isinstance(register, BitArray) and register.num_bits <= LARGEST_REGISTER
    ]


@contextmanager
def recorded_counts(connectors: Sequence[TorchConnector]) -> Iterator[RecordedCounts]:
    """Record the counts of a connector's forward passes inside the block.

    Args:
        connectors: One connector, or none.

    Yields:
        The counts; read them after the block.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.backends import recorded_counts
        >>> backend = qmu.open_backend("exact", shots=1000, seed=0)
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1, backend=backend)
        >>> with recorded_counts([model.quantum]) as counts:
        ...     logits = model(torch.tensor([[0.1, 0.2]]))
        >>> counts.table(1).shape
        (1, 4)
    """
    connector = connectors[0] if len(connectors) == 1 else None
    sampler = None if connector is None else sampler_of(connector)
    if sampler is not None:
        with sampler.recording() as outcomes:
            yield RecordedCounts(outcomes)
    elif isinstance(connector, TorchSimulatorConnector):
        with connector.recording() as tables:
            yield RecordedCounts(tables)
    else:
        yield RecordedCounts([])


def sampler_of(connector: TorchConnector) -> BroadcastSampler | None:
    """Return the BroadcastSampler of a connector's network; None if it has another one."""
    network = connector.neural_network
    primitive: object = None
    if isinstance(network, EstimatorQNN):
        primitive = network.estimator
    elif isinstance(network, SamplerQNN):
        primitive = network.sampler
    if isinstance(primitive, GroupedEstimator):
        return primitive.sampler
    return primitive if isinstance(primitive, BroadcastSampler) else None
