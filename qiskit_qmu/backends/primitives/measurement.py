"""Measurement requests: circuits at rows of angles, merged by circuit and split into jobs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BasePrimitiveJob, PrimitiveResult, SamplerPubResult

from qiskit_qmu.backends.primitives.job_pubs import rows_of_jobs
from qiskit_qmu.backends.readout.outcomes import Outcomes, concatenated, no_outcomes, rows_of
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit

SubmittedJob: TypeAlias = BasePrimitiveJob[PrimitiveResult[SamplerPubResult], Any]


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


def measured_in_jobs(
    requests: Sequence[MeasurementRequest],
    shots: int | None,
    max_executions: int | None,
    send: Callable[[list[MeasurementRequest]], SubmittedJob],
) -> list[Outcomes]:
    """Return the outcomes of requests, cut into jobs that are all sent before the first is awaited.

    Args:
        requests: What to measure.
        shots: Measurements of each row; None for exact probabilities.
        max_executions: Largest number of rows times shots of one job; no limit if None.
        send: Sends the pieces of one job.
    """
    sent = []
    asked = [i for i, request in enumerate(requests) if len(request.angles)]
    for cut in rows_of_jobs([len(requests[i].angles) for i in asked], shots, max_executions):
        job = [(asked[own], rows) for own, rows in cut]
        pieces = [
            MeasurementRequest(requests[i].circuit, requests[i].angles[rows]) for i, rows in job
        ]
        sent.append((job, send(pieces)))
    parts: list[list[Outcomes]] = [[] for _ in requests]
    for job, primitive_job in sent:
        for (i, _), pub_result in zip(job, primitive_job.result(), strict=True):
            parts[i].append(dict(pub_result.data.items()))
    return [
        concatenated(own) if own else no_outcomes(request.circuit.circuit, shots)
        for own, request in zip(parts, requests, strict=True)
    ]
