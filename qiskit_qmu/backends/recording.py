"""The counts that outputs were computed from, taken while a model is observed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BitArray
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu.backends.broadcast import BroadcastSampler
from qiskit_qmu.backends.grouped_estimator import GroupedEstimator
from qiskit_qmu.backends.outcomes import Outcomes, counts

LARGEST_REGISTER = 16
"""Bits of the largest register whose counts are kept as a table."""


class RecordedCounts:
    """What was measured so far."""

    def __init__(self, outcomes: list[Outcomes]) -> None:
        self._outcomes = outcomes

    def table(self, rows: int) -> NDArray[np.int64] | None:
        """Return how often each outcome was measured, (rows, 2^bits).

        None if there was nothing but one register of counts for each row: with exact values, more
        than one measurement basis, or too many bits.
        """
        registers = [register for outcome in self._outcomes for register in outcome.values()]
        bits = {register.num_bits for register in registers}
        measured = [register for register in registers if isinstance(register, BitArray)]
        if len(bits) != 1 or len(measured) != len(registers) or max(bits) > LARGEST_REGISTER:
            return None
        table = np.concatenate([counts(register) for register in measured])
        return table if len(table) == rows else None


@contextmanager
def recorded_counts(connectors: Sequence[TorchConnector]) -> Iterator[RecordedCounts]:
    """Record what forward passes of a connector measure inside the block.

    Args:
        connectors: One connector, or none.

    Yields:
        The counts; read them when the block is done.
    """
    sampler = sampler_of(connectors[0]) if len(connectors) == 1 else None
    if sampler is None:
        yield RecordedCounts([])
        return
    with sampler.recording() as outcomes:
        yield RecordedCounts(outcomes)


def sampler_of(connector: TorchConnector) -> BroadcastSampler | None:
    """Return what measures a connector's circuits; None where nothing of ours does."""
    network = connector.neural_network
    primitive: object = None
    if isinstance(network, EstimatorQNN):
        primitive = network.estimator
    elif isinstance(network, SamplerQNN):
        primitive = network.sampler
    if isinstance(primitive, GroupedEstimator):
        return primitive.sampler
    return primitive if isinstance(primitive, BroadcastSampler) else None
