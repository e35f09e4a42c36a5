"""Measurement requests: circuits at rows of angles, merged by circuit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.backends.readout.outcomes import Outcomes, rows_of
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit


@final
@dataclass(frozen=True, eq=False)
class MeasurementRequest:
    """One circuit to be measured at rows of angles.

    Attributes:
        circuit: The circuit, with its measurements.
        angles: Rows of its angles (B, A).
    """

    circuit: RotationCircuit
    angles: NDArray[np.float64]


def merged_requests(
    requests: Sequence[MeasurementRequest],
) -> tuple[list[MeasurementRequest], list[list[int]]]:
    """Return one request per circuit, and the positions of the requests merged into it."""
    groups: dict[int, list[int]] = {}
    for position, request in enumerate(requests):
        groups.setdefault(id(request.circuit), []).append(position)
    members = list(groups.values())
    merged = [
        MeasurementRequest(
            requests[own[0]].circuit, np.concatenate([requests[i].angles for i in own])
        )
        for own in members
    ]
    return merged, members


def divided(
    outcomes: Sequence[Outcomes],
    requests: Sequence[MeasurementRequest],
    members: Sequence[Sequence[int]],
) -> list[Outcomes]:
    """Return the outcomes of each request from those of the merged ones.

    Args:
        outcomes: Outcomes of each merged request.
        requests: The original requests.
        members: The positions returned by `merged_requests`.
    """
    results: list[Outcomes] = [{} for _ in requests]
    for own, whole in zip(members, outcomes, strict=True):
        start = 0
        for i in own:
            size = len(requests[i].angles)
            results[i] = rows_of(whole, start, (size,))
            start += size
    return results
