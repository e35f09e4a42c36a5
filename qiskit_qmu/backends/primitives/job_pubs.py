"""The content of jobs: rows of angles, split to fit the limit of a job and bound by name."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit.primitives.containers.bindings_array import BindingsArray

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit


def rows_of_jobs(
    sizes: Sequence[int], shots: int | None, max_executions: int | None
) -> Iterator[list[tuple[int, slice]]]:
    """Yield the rows of each request that go into each job.

    Args:
        sizes: Rows of each request.
        shots: Measurements of each row; None for exact values.
        max_executions: Largest number of rows times shots per job; no limit if None.

    Raises:
        InputError: If the shots of one row exceed the limit of a job.
    """
    if max_executions is None or shots is None:
        if sizes:
            yield [(i, slice(0, size)) for i, size in enumerate(sizes)]
        return
    most = max_executions // shots
    if most < 1:
        raise InputError(f"{shots} shots exceed the limit of {max_executions} executions per job")
    job: list[tuple[int, slice]] = []
    free = most
    for i, size in enumerate(sizes):
        start = 0
        while start < size:
            stop = min(size, start + free)
            job.append((i, slice(start, stop)))
            free -= stop - start
            start = stop
            if not free:
                yield job
                job, free = [], most
    if job:
        yield job


def bound(
    circuit: QuantumCircuit, rotations: RotationCircuit, angles: NDArray[np.float64]
) -> BindingsArray:
    """Return rows (B, A) of angles as the parameter values of a transpiled circuit.

    Parameters are matched by name: a circuit read from a file has new parameter objects.
    """
    place = {parameter.name: i for i, parameter in enumerate(rotations.angles)}
    names = tuple(circuit.parameters)
    values = angles[:, [place[parameter.name] for parameter in names]]
    # Without parameters, the shape of the bindings cannot be inferred.
    return BindingsArray({names: values} if names else {}, shape=(len(values),))
